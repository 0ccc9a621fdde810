/**
 * What stands behind a receipt's line: the bill to its last digit, and what is known about the request.
 *
 * `qwen_magics/display/receipt.py` says the same; `tests/fixtures/receipts.json` holds both to the same words.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

import { about, count, price, seconds, secrets } from './figures';
import { LOSS } from './line';
import { isZero, longMoney, placesNeeded } from './money';
import type { CostBasis, ICost, IReceipt, IUsage } from './values';

/** Four cells: what, tokens, rate, amount; empty where there is nothing to say. */
export type Row = readonly [string, string, string, string];

export interface IDetails {
  readonly rows: ReadonlyArray<Row>;
  /** How the amount was found, and the amount to its last digit. */
  readonly total: readonly [string, string];
  readonly facts: ReadonlyArray<string>;
}

const PROVIDERS: Readonly<Record<string, string>> = {
  alibaba: 'Alibaba Cloud',
  huggingface: 'Hugging Face',
  modelscope: 'ModelScope',
  openai: 'an OpenAI-compatible server',
  openrouter: 'OpenRouter'
};

const REGIONS: Readonly<Record<string, string>> = {
  beijing: 'Beijing',
  frankfurt: 'Frankfurt',
  hongkong: 'Hong Kong',
  singapore: 'Singapore',
  tokyo: 'Tokyo',
  virginia: 'Virginia'
};

/** What stands behind the line, every digit of it. */
export function detailsOf(
  receipt: IReceipt,
  trans: TranslationBundle
): IDetails {
  const { cost } = receipt;
  const bill = [...cost.lines, ...cost.fees];
  const amounts = bill.map(line => line.amount);
  const places = placesNeeded(
    cost.amount === null ? amounts : [...amounts, cost.amount]
  );
  const exact = (amount: string): string =>
    longMoney(amount, cost.currency, places);
  const rows: Row[] = cost.lines.map(line => [
    line.what,
    count(line.tokens),
    `× ${longMoney(line.rate, cost.currency)} / M`,
    exact(line.amount)
  ]);
  rows.push(
    ...cost.fees.map((fee): Row => [fee.what, '', '', exact(fee.amount)])
  );
  return {
    rows:
      cost.lines.length > 0
        ? rows
        : [...usageRows(receipt.usage, trans), ...rows],
    total: [basis(cost.basis, trans), price(cost, trans, exact)],
    facts: [
      ...moneyFacts(cost, receipt.usage, trans),
      ...requestFacts(receipt, trans)
    ]
  };
}

/** A bill without lines still has tokens. */
function usageRows(usage: IUsage, trans: TranslationBundle): Row[] {
  if (usage.input === 0 && usage.output === 0) {
    return [];
  }
  const input =
    usage.cached > 0
      ? trans.__('input, %1 of it cached', about(usage, 'cached'))
      : trans.__('input');
  const output =
    usage.thinking > 0
      ? trans.__('output, %1 of it thinking', about(usage, 'thinking'))
      : trans.__('output');
  return [
    [input, about(usage, 'input'), '', ''],
    [output, about(usage, 'output'), '', '']
  ];
}

function basis(kind: CostBasis, trans: TranslationBundle): string {
  switch (kind) {
    case 'reported':
      return trans.__('reported by the provider');
    case 'computed':
      return trans.__("computed from the provider's usage, list prices");
    case 'estimated':
      return trans.__('estimated from counted tokens, list prices');
    case 'free':
      return trans.__('no price per token');
    case 'plan':
      return trans.__('paid by a plan, not by tokens');
    case 'unbilled':
      return trans.__("an error in place of an answer, which isn't billed");
    case 'replayed':
      return trans.__('an earlier answer again, nothing was sent');
    default:
      return trans.__('no price is known');
  }
}

function cacheFact(
  saved: string,
  usage: IUsage,
  money: (amount: string) => string,
  trans: TranslationBundle
): string {
  if (!saved.startsWith('-')) {
    return usage.cache_write > 0
      ? trans.__('The cache saved %1, net of writing it', money(saved))
      : trans.__('The cache saved %1', money(saved));
  }
  const cost = money(saved.slice(1));
  const said =
    usage.cached > 0
      ? trans.__('Writing the cache cost %1 more than its hits saved', cost)
      : trans.__('Writing the cache cost %1', cost);
  return `${LOSS} ${said}`;
}

function moneyFacts(
  cost: ICost,
  usage: IUsage,
  trans: TranslationBundle
): string[] {
  const facts: string[] = [];
  const money = (amount: string): string => longMoney(amount, cost.currency);
  const saved = cost.cache_saved;
  if (saved !== null && !isZero(saved)) {
    facts.push(cacheFact(saved, usage, money, trans));
  }
  if (cost.replay_saved !== null && !isZero(cost.replay_saved)) {
    facts.push(trans.__('The replay saved %1', money(cost.replay_saved)));
  }
  if (cost.bound === 'at_least') {
    facts.push(trans.__('more may be billed than is known here'));
  }
  if (cost.tier !== null) {
    facts.push(
      typeof cost.tier.up_to === 'number'
        ? trans.__('tier ≤ %1', count(cost.tier.up_to))
        : trans.__('highest tier')
    );
  }
  if (cost.prices_as_of !== '') {
    facts.push(trans.__('%1, prices of %2', cost.currency, cost.prices_as_of));
  }
  if (cost.derived) {
    facts.push(trans.__("derived from another currency's price"));
  }
  return facts;
}

function requestFacts(receipt: IReceipt, trans: TranslationBundle): string[] {
  const { timing } = receipt;
  const went = sentParts(receipt.sent, trans);
  const facts: string[] = [];
  const say = (condition: boolean, text: string): void => {
    if (condition) {
      facts.push(text);
    }
  };
  say(receipt.error !== '', receipt.error);
  say(receipt.provider !== '' && receipt.provider !== 'local', place(receipt));
  say(
    timing.first_token_s !== null,
    trans.__('first token %1', seconds(timing.first_token_s ?? 0, trans))
  );
  say(went.length > 0, trans.__('sent: %1', went.join(', ')));
  say(
    receipt.left_out.length > 0,
    trans.__('left out: %1', receipt.left_out.join(', '))
  );
  say(receipt.redacted > 0, secrets(receipt.redacted, trans));
  say(receipt.time !== '', utc(receipt.time));
  say(receipt.request_id !== '', trans.__('request %1', receipt.request_id));
  return facts;
}

function sentParts(sent: IReceipt['sent'], trans: TranslationBundle): string[] {
  const parts: string[] = [];
  if (sent.cells > 0) {
    parts.push(trans._n('%2 cell', '%2 cells', sent.cells, count(sent.cells)));
  }
  if (sent.outputs > 0) {
    parts.push(
      trans._n('%2 output', '%2 outputs', sent.outputs, count(sent.outputs))
    );
  }
  if (sent.attachments > 0) {
    parts.push(
      trans._n(
        '%2 attachment',
        '%2 attachments',
        sent.attachments,
        count(sent.attachments)
      )
    );
  }
  return parts;
}

function place({ provider, region }: IReceipt): string {
  const names = [PROVIDERS[provider] ?? provider];
  if (region !== '') {
    names.push(REGIONS[region] ?? region);
  }
  return names.join(', ');
}

/** `2026-11-23T20:58:07.1Z` → `2026-11-23 20:58 UTC`. */
function utc(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}
