/** Sums that the server made, in words. Formatted here, never added. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { shortMoney } from './money';

/** `estimated`: so many turns in it are; absent or 0: none. */
export interface ISum {
  readonly currency: string;
  readonly amount: string | null;
  readonly bound: 'exact' | 'at_least';
  readonly estimated?: number;
  readonly unpriced?: number;
  readonly plan?: number;
}

/** One currency's amount with the sign of how sure it is; or the word where there is no money. */
export function sum(
  total: ISum,
  trans: TranslationBundle,
  write: (amount: string, currency: string) => string = shortMoney
): string {
  const { amount, currency, bound, estimated, unpriced, plan } = total;
  if (amount === null) {
    return unpriced
      ? trans.__('unpriced')
      : plan
        ? trans.__('plan')
        : trans.__('free');
  }
  const mark = bound === 'at_least' ? '≥ ' : estimated ? '≈ ' : '';
  return mark + write(amount, currency);
}

/**
 * `$0.21 + ≥ ¥1.20`: one amount a currency, as nothing is converted. Turns without money are named only where there is
 * no money at all, or where nobody knows their price. "" where there were no turns.
 */
export function sums(
  totals: ReadonlyArray<ISum>,
  trans: TranslationBundle,
  write: (amount: string, currency: string) => string = shortMoney
): string {
  const money = totals.some(({ amount }) => amount !== null);
  return totals
    .filter(({ amount, unpriced }) => !money || amount !== null || unpriced)
    .map(total => sum(total, trans, write))
    .join(' + ');
}
