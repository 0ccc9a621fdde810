/**
 * The one line under an answer: price · model · in (cached) · out (thinking) · seconds [· notes].
 *
 * `qwen_magics/display/receipt.py` says the same for HTML and plain text; `tests/fixtures/receipts.json` holds
 * both to the same words.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

import {
  about,
  bound,
  count,
  percent,
  price,
  seconds,
  secrets
} from './figures';
import { isZero, oneDecimal, shortMoney } from './money';
import type { IReceipt, ITier, IUsage } from './values';

/** Stands before whatever says that money is being lost. */
export const LOSS = '▲';

/** The pieces of the line, the price first. */
export function lineOf(receipt: IReceipt, trans: TranslationBundle): string[] {
  const { cost, timing } = receipt;
  const pieces = [
    price(cost, trans, amount => shortMoney(amount, cost.currency)),
    model(receipt, trans),
    ...tokens(receipt.usage, trans)
  ];
  if (cost.replay_saved !== null && !isZero(cost.replay_saved)) {
    pieces.push(
      trans.__('saved %1', shortMoney(cost.replay_saved, cost.currency))
    );
  }
  if (timing.total_s > 0) {
    pieces.push(seconds(timing.total_s, trans));
  }
  pieces.push(...marks(receipt, trans), ...receipt.notes);
  return pieces;
}

/** The pieces of the line while the answer streams: `≈ $0.0019 so far`, `88 out`, `0.9 s`. */
export function soFar(receipt: IReceipt, trans: TranslationBundle): string[] {
  const { cost, timing, usage } = receipt;
  const known = price(cost, trans, amount => shortMoney(amount, cost.currency));
  return [
    cost.amount !== null ? trans.__('%1 so far', known) : known,
    trans.__('%1 out', count(usage.output)),
    seconds(timing.total_s, trans)
  ];
}

function model(receipt: IReceipt, trans: TranslationBundle): string {
  return receipt.provider === 'local'
    ? trans.__('%1 on this machine', receipt.model)
    : receipt.model;
}

function tokens(usage: IUsage, trans: TranslationBundle): string[] {
  if (usage.input === 0 && usage.output === 0) {
    return [];
  }
  const input = about(usage, 'input');
  const output = about(usage, 'output');
  return [
    usage.cached > 0
      ? trans.__(
          '%1 in (%2 % cached)',
          input,
          percent(usage.cached, usage.input)
        )
      : trans.__('%1 in', input),
    usage.thinking > 0
      ? trans.__('%1 out (%2 thinking)', output, about(usage, 'thinking'))
      : trans.__('%1 out', output)
  ];
}

/** What the reader must know besides the figures: what hurts, how the turn ended, what did not go along. */
function marks(receipt: IReceipt, trans: TranslationBundle): string[] {
  const said = tierMarks(receipt.cost.tier, trans);
  if (receipt.status === 'stopped') {
    said.push(trans.__('stopped'));
  } else if (receipt.status === 'failed') {
    said.push(trans.__('failed'));
  } else if (receipt.status === 'lost') {
    said.push(trans.__('lost'));
  }
  if (receipt.finish_reason === 'length') {
    said.push(trans.__('cut off at its token limit'));
  }
  if (receipt.attempts > 1) {
    said.push(trans.__('%1 attempts', receipt.attempts));
  }
  if (receipt.left_out.length > 0) {
    said.push(trans.__('%1 left out', count(receipt.left_out.length)));
  }
  if (receipt.redacted > 0) {
    said.push(secrets(receipt.redacted, trans));
  }
  return said;
}

/** The tier, only where it hurts. */
function tierMarks(tier: ITier | null, trans: TranslationBundle): string[] {
  if (!tier?.over || !tier.times || tier.first) {
    return [];
  }
  const factor = oneDecimal(tier.times);
  const rate = { '2': trans.__('double rate'), '3': trans.__('triple rate') }[
    factor
  ];
  return factor === '1'
    ? []
    : [
        `${LOSS} ${trans.__('over %1: %2', bound(tier.over), rate ?? trans.__('%1 × rate', factor))}`
      ];
}
