/** Spending by day and model: a row a model, its bars on one scale, and the same as a table. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IDay } from '../api/office';
import { count } from '../receipt/figures';
import { longMoney, shortMoney } from '../receipt/money';
import { sum } from '../receipt/totals';
import { barsOf, today, type IBars } from './days';

interface IProps {
  readonly days: ReadonlyArray<IDay>;
  readonly trans: TranslationBundle;
}

const WIDTH = 10;
const HEIGHT = 36;

export function Chart({ days, trans }: IProps): React.JSX.Element {
  const rows = barsOf(days, days.map(({ day }) => day).reduce(later, today()));
  return (
    <section className="jp-QwenUsage-part">
      <h3>{trans.__('The last 31 days, by model')}</h3>
      {rows.length === 0 ? (
        <p className="jp-QwenNote">{trans.__('Nothing was asked in them.')}</p>
      ) : (
        <>
          {rows.map(row => (
            <Row key={`${row.model} ${row.currency}`} row={row} trans={trans} />
          ))}
          <p className="jp-QwenBars-days">
            <span>{rows[0]?.bars[0]?.day}</span>
            <span>{rows[0]?.bars[rows[0].bars.length - 1]?.day}</span>
          </p>
          <details>
            <summary>{trans.__('As a table')}</summary>
            <Days days={days} trans={trans} />
          </details>
        </>
      )}
    </section>
  );
}

function Row({
  row,
  trans
}: {
  row: IBars;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, highest, bars } = row;
  const most = trans.__(
    'most on %2: %1',
    sum(highest, trans, shortMoney),
    highest.day
  );
  return (
    <figure className="jp-QwenBars">
      <figcaption>
        <b>{model}</b> <span className="jp-QwenNote">{most}</span>
      </figcaption>
      <svg
        role="img"
        aria-label={trans.__('%1 by day: %2', model, most)}
        viewBox={`0 0 ${bars.length * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {bars.map(({ day, spent, share }, index) => {
          const height = spent ? Math.max(1, share * HEIGHT) : 0;
          return (
            <g key={day}>
              {/* The whole column says what it is, however small its bar. */}
              <rect
                className="jp-QwenBars-column"
                x={index * WIDTH}
                y={0}
                width={WIDTH}
                height={HEIGHT}
              >
                <title>{spent ? said(spent, trans) : day}</title>
              </rect>
              <rect
                className="jp-QwenBars-bar"
                x={index * WIDTH + 1}
                y={HEIGHT - height}
                width={WIDTH - 2}
                height={height}
              />
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

function said(day: IDay, trans: TranslationBundle): string {
  const turns = trans._n('%2 turn', '%2 turns', day.turns, count(day.turns));
  return `${day.day}: ${sum(day, trans, longMoney)} · ${turns}`;
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

function Days({ days, trans }: IProps): React.JSX.Element {
  return (
    <table className="jp-QwenTable">
      <thead>
        <tr>
          <th scope="col">{trans.__('day')}</th>
          <th scope="col">{trans.__('model')}</th>
          <th scope="col" className="jp-mod-number">
            {trans.__('spent')}
          </th>
          <th scope="col" className="jp-mod-number">
            {trans.__('turns')}
          </th>
          <th scope="col" className="jp-mod-number">
            {trans.__('in')}
          </th>
          <th scope="col" className="jp-mod-number">
            {trans.__('out')}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...days].reverse().map(day => (
          <tr key={`${day.day} ${day.model} ${day.currency}`}>
            <td>{day.day}</td>
            <td>{day.model}</td>
            <td className="jp-mod-number">{sum(day, trans, longMoney)}</td>
            <td className="jp-mod-number">{count(day.turns)}</td>
            <td className="jp-mod-number">{count(day.input)}</td>
            <td className="jp-mod-number">{count(day.output)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
