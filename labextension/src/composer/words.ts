/** How chips, tokens and prices of a question that was not asked yet are said. Formats only, never adds. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  IChip,
  IChipPrice,
  IEstimate,
  ILeft,
  IPrice
} from '../api/values';
import type { IOpenNotebook } from '../notebook/open';
import { count } from '../receipt/figures';
import { shortMoney } from '../receipt/money';

/** What a chip is called. */
export function labelOf(
  chip: IChip,
  open: IOpenNotebook,
  trans: TranslationBundle
): string {
  const cell = open.cells.find(({ id }) => id === chip.name);
  const number = cell ? `#${cell.number}` : '';
  switch (chip.kind) {
    case 'thread':
      return trans.__('this thread');
    case 'notebook':
      return open.name;
    case 'cell':
      return trans.__('cell %1', number);
    case 'selection':
      return trans.__('selection %1', number);
    case 'error':
      return trans.__('error %1', number);
    case 'var':
      return `@${chip.name}`;
    case 'file':
      return chip.name.split('/').pop() ?? chip.name;
  }
}

/** What a chip takes and would save, in full. */
export function hintOf(
  chip: IChip,
  price: IChipPrice | undefined,
  currency: string,
  trans: TranslationBundle
): string {
  if (!chip.on) {
    return trans.__('does not go along');
  }
  if (price === undefined) {
    return '';
  }
  const tokens = tokensOf(price.tokens, trans);
  const pieces = [
    price.saves === null
      ? tokens
      : trans.__('%1, costs %2', tokens, shortMoney(price.saves, currency)),
    ...(price.jump ? [trans.__('without it a lower price step')] : []),
    ...(price.note ? [price.note] : [])
  ];
  return pieces.join(' · ');
}

export function tokensOf(tokens: number, trans: TranslationBundle): string {
  return trans._n('%2 token', '%2 tokens', tokens, count(tokens));
}

/** What the turn will probably cost; "" where nothing honest can be said. */
export function priceOf(price: IPrice, trans: TranslationBundle): string {
  if (price.expected === null) {
    const words: Readonly<Record<string, string>> = {
      free: trans.__('free'),
      plan: trans.__('plan'),
      unpriced: trans.__('unpriced')
    };
    return words[price.basis] ?? '';
  }
  return price.basis === 'free'
    ? trans.__('free')
    : `≈ ${shortMoney(price.expected, price.currency)}`;
}

/** How far the price may be off. */
export function rangeOf(price: IPrice, trans: TranslationBundle): string {
  const { low, high, worst, currency } = price;
  const money = (amount: string): string => shortMoney(amount, currency);
  return [
    ...(low !== null && high !== null
      ? [trans.__('8 in 10 between %1 and %2', money(low), money(high))]
      : []),
    ...(worst === null ? [] : [trans.__('worst case %1', money(worst))])
  ].join(' · ');
}

/** Where money is being lost: `926 past 32,000 · trimmed $0.036`. */
export function warningOf(
  { warn, price }: IEstimate,
  trans: TranslationBundle
): string {
  if (warn === null) {
    return '';
  }
  const past = trans.__('%1 past %2', count(warn.past), count(warn.bound));
  return warn.trimmed === null
    ? past
    : `${past} · ${trans.__('trimmed %1', shortMoney(warn.trimmed, price.currency))}`;
}

/** What a budget has left: `$1.79 left today`. */
export function leftOf(
  { scope, left, currency }: ILeft,
  trans: TranslationBundle
): string {
  const money = shortMoney(left, currency);
  switch (scope) {
    case 'turn':
      return trans.__('%1 at most', money);
    case 'notebook':
      return trans.__('%1 left in this notebook', money);
    case 'day':
      return trans.__('%1 left today', money);
    case 'month':
      return trans.__('%1 left this month', money);
  }
}
