/** Spending in words. The sums are the server's. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IBudget, IUsageReport, Scope } from '../api/office';
import { LOSS } from '../receipt/line';
import { isZero, longMoney, shortMoney } from '../receipt/money';
import { sums } from '../receipt/totals';

export interface ILine {
  readonly text: string;
  /** Every digit, and what the budgets have left. */
  readonly details: ReadonlyArray<string>;
}

/** `Qwen: this notebook $0.034 · today $0.21 of $2.00`. */
export function spendLine(
  report: IUsageReport,
  path: string,
  trans: TranslationBundle
): ILine {
  const { today, notebook, budgets, sidebar_only: away } = report;
  const here = sums(notebook, trans);
  const now = sums(today, trans);
  const pieces = [
    path && here
      ? trans.__('this notebook %1', here + of('notebook', report, trans))
      : '',
    now
      ? trans.__('today %1', now + of('day', report, trans))
      : trans.__('nothing spent today'),
    away ? trans.__('sidebar only') : ''
  ].filter(piece => piece !== '');
  const used = budgets.some(({ left, holds }) => holds && isZero(left));
  return {
    text: `${used ? `${LOSS} ` : ''}${trans.__('Qwen: %1', pieces.join(' · '))}`,
    details: [
      now ? trans.__('Today %1', sums(today, trans, longMoney)) : '',
      here
        ? trans.__('This notebook %1', sums(notebook, trans, longMoney))
        : '',
      ...budgets
        .filter(({ holds, scope }) => holds && scope !== 'turn')
        .map(budget => leftOf(budget, trans)),
      away
        ? trans.__(
            "The notebook's kernel is on another machine: what its cells spend is not in it."
          )
        : ''
    ].filter(piece => piece !== '')
  };
}

/** ` of $2.00`, where one budget holds for all that was spent. */
function of(
  scope: Scope,
  { today, notebook, budgets }: IUsageReport,
  trans: TranslationBundle
): string {
  const spent = (scope === 'day' ? today : notebook).filter(
    ({ amount, unpriced }) => amount !== null || unpriced
  );
  const [only] = spent;
  const budget = budgets.find(
    one => one.holds && one.scope === scope && one.currency === only?.currency
  );
  return spent.length === 1 && budget
    ? ` ${trans.__('of %1', shortMoney(budget.amount, budget.currency))}`
    : '';
}

function leftOf(budget: IBudget, trans: TranslationBundle): string {
  const left = longMoney(budget.left, budget.currency);
  const amount = longMoney(budget.amount, budget.currency);
  return trans.__('%1: %2 left of %3', scopeOf(budget, trans), left, amount);
}

export function scopeOf(
  { scope, guard }: { scope: Scope; guard: boolean },
  trans: TranslationBundle
): string {
  const words: Readonly<Record<Scope, string>> = {
    turn: trans.__('one turn'),
    notebook: trans.__('this notebook'),
    day: trans.__('a day'),
    month: trans.__('a month')
  };
  return guard ? trans.__('%1 (guard rail)', words[scope]) : words[scope];
}
