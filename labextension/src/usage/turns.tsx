/** The last turns of this machine, cells' and sidebar's, the newest first. */

import { PathExt, Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ISpentTurn } from '../api/office';
import { about, price } from '../receipt/figures';
import { longMoney } from '../receipt/money';
import { readReceipt } from '../receipt/values';

interface IProps {
  readonly turns: ReadonlyArray<ISpentTurn>;
  readonly trans: TranslationBundle;
}

export function Turns({ turns, trans }: IProps): React.JSX.Element {
  const number = 'jp-mod-number';
  return (
    <section className="jp-QwenUsage-part">
      <h3>{trans.__('The last turns')}</h3>
      {turns.length === 0 ? (
        <p className="jp-QwenNote">{trans.__('None yet.')}</p>
      ) : (
        <div
          className="jp-QwenScroll"
          tabIndex={0}
          role="region"
          aria-label={trans.__('The last turns')}
        >
          <table className="jp-QwenTable">
            <thead>
              <tr>
                <th scope="col">{trans.__('when')}</th>
                <th scope="col" className={number}>
                  {trans.__('spent')}
                </th>
                <th scope="col">{trans.__('where')}</th>
                <th scope="col">{trans.__('model')}</th>
                <th scope="col" className={number}>
                  {trans.__('in')}
                </th>
                <th scope="col" className={number}>
                  {trans.__('out')}
                </th>
                <th scope="col">{trans.__('state')}</th>
              </tr>
            </thead>
            <tbody>
              {turns.map(turn => (
                <Row key={turn.id} turn={turn} trans={trans} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({
  turn,
  trans
}: {
  turn: ISpentTurn;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { cost, usage, model, status } = readReceipt(turn.receipt);
  const source =
    turn.source === 'sidebar' ? trans.__('sidebar') : trans.__('cell');
  return (
    <tr>
      <td title={turn.time}>{Time.formatHuman(turn.time)}</td>
      <td className="jp-mod-number">
        {price(cost, trans, amount => longMoney(amount, cost.currency))}
      </td>
      <td title={turn.notebook}>
        {[PathExt.basename(turn.notebook), source].filter(Boolean).join(', ')}
      </td>
      <td>{model}</td>
      <td className="jp-mod-number">{about(usage, 'input')}</td>
      <td className="jp-mod-number">{about(usage, 'output')}</td>
      <td>{status === 'complete' ? '' : stateOf(status, trans)}</td>
    </tr>
  );
}

function stateOf(status: string, trans: TranslationBundle): string {
  const words: Readonly<Record<string, string>> = {
    stopped: trans.__('stopped'),
    failed: trans.__('failed'),
    replayed: trans.__('replayed'),
    lost: trans.__('lost')
  };
  return words[status] ?? status;
}
