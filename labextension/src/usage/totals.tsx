/** Today, this month, this notebook: every digit, the turns and tokens behind it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ITotal, IUsageReport } from '../api/office';
import { count } from '../receipt/figures';
import { longMoney } from '../receipt/money';
import { sum } from '../receipt/totals';

interface IProps {
  readonly report: IUsageReport;
  readonly path: string;
  readonly trans: TranslationBundle;
}

export function Totals({ report, path, trans }: IProps): React.JSX.Element {
  const cards: ReadonlyArray<readonly [string, ReadonlyArray<ITotal>]> = [
    [trans.__('Today'), report.today],
    [trans.__('This month'), report.month],
    ...(path ? [[trans.__('This notebook'), report.notebook] as const] : []),
    [trans.__('In all'), report.all]
  ];
  return (
    <>
      <dl className="jp-QwenTotals">
        {cards.map(([label, totals]) => (
          <div key={label}>
            <dt>{label}</dt>
            {totals.length === 0 && <dd>{trans.__('nothing')}</dd>}
            {totals.map(total => (
              <dd key={total.currency}>
                <b>{sum(total, trans, longMoney)}</b>
                <span className="jp-QwenNote">
                  {facts(total, trans).join(' · ')}
                </span>
              </dd>
            ))}
          </div>
        ))}
      </dl>
      <p className="jp-QwenNote">{report.foot}</p>
      {report.sidebar_only && (
        <p className="jp-QwenNote">
          {trans.__(
            "Sidebar only: the notebook's kernel is on another machine, and what its cells spend is not in these sums."
          )}
        </p>
      )}
    </>
  );
}

function facts(total: ITotal, trans: TranslationBundle): string[] {
  const { turns, input, output, saved, currency } = total;
  return [
    trans._n('%2 turn', '%2 turns', turns, count(turns)),
    trans.__('%1 in', count(input)),
    trans.__('%1 out', count(output)),
    Number(saved) > 0
      ? trans.__('the cache saved %1', longMoney(saved, currency))
      : ''
  ].filter(fact => fact !== '');
}
