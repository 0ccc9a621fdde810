/** Budgets and guard rails: what holds, what is left, and a line to set one. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IBudget, ISetBudget, Scope } from '../api/office';
import { LOSS } from '../receipt/line';
import { isZero, longMoney } from '../receipt/money';
import type { UsageModel } from './model';
import { scopeOf } from './words';

interface IProps {
  readonly usage: UsageModel;
  readonly trans: TranslationBundle;
}

const CURRENCIES: ReadonlyArray<ISetBudget['currency']> = ['USD', 'CNY'];

export function Budgets(props: IProps): React.JSX.Element {
  const { usage, trans } = props;
  const columns = [
    trans.__('for'),
    trans.__('at most'),
    trans.__('spent'),
    trans.__('left'),
    '',
    trans.__('set by')
  ];
  return (
    <section className="jp-QwenUsage-part">
      <h3>{trans.__('Budgets')}</h3>
      <div
        className="jp-QwenScroll"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Budgets')}
      >
        <table className="jp-QwenTable">
          <thead>
            <tr>
              {columns.map((column, index) =>
                column ? (
                  <th
                    key={column}
                    scope="col"
                    className={index > 0 && index < 4 ? 'jp-mod-number' : ''}
                  >
                    {column}
                  </th>
                ) : (
                  <td key="no limit" />
                )
              )}
            </tr>
          </thead>
          <tbody>
            {(usage.report?.budgets ?? []).map(budget => (
              <Row key={keyOf(budget)} {...props} budget={budget} />
            ))}
          </tbody>
        </table>
      </div>
      <SetBudget {...props} />
    </section>
  );
}

function keyOf({ scope, currency, by, guard }: IBudget): string {
  return [scope, currency, by, guard].join(' ');
}

function Row({
  usage,
  trans,
  budget
}: IProps & { budget: IBudget }): React.JSX.Element {
  const { scope, currency, amount, spent, left, by, editable } = budget;
  const money = (amount: string): string => longMoney(amount, currency);
  const used = spent !== null && isZero(left);
  return (
    <tr>
      <th scope="row">{scopeOf(budget, trans)}</th>
      <td className="jp-mod-number">{money(amount)}</td>
      <td className="jp-mod-number">{spent === null ? '' : money(spent)}</td>
      <td className="jp-mod-number">
        {spent === null ? '' : (used ? `${LOSS} ` : '') + money(left)}
      </td>
      <td>
        {editable && (
          <button
            className="jp-QwenButton"
            aria-label={trans.__(
              'No limit for %1 in %2',
              scopeOf(budget, trans),
              currency
            )}
            onClick={() =>
              void usage.setBudget(
                scope,
                currency as ISetBudget['currency'],
                null
              )
            }
          >
            {trans.__('No limit')}
          </button>
        )}
      </td>
      <td>{by}</td>
    </tr>
  );
}

function SetBudget({ usage, trans }: IProps): React.JSX.Element {
  const scopes: ReadonlyArray<Scope> = usage.path
    ? ['notebook', 'day', 'month', 'turn']
    : ['day', 'month', 'turn'];
  return (
    <form
      className="jp-QwenRow"
      onSubmit={event => {
        event.preventDefault();
        const form = event.currentTarget;
        const said = new FormData(form);
        void usage
          .setBudget(
            said.get('scope') as Scope,
            said.get('currency') as ISetBudget['currency'],
            String(said.get('amount'))
          )
          .then(() => {
            if (!usage.problem) {
              form.reset();
            }
          });
      }}
    >
      <select
        name="scope"
        className="jp-QwenField"
        aria-label={trans.__('What the budget is for')}
      >
        {scopes.map(scope => (
          <option key={scope} value={scope}>
            {scopeOf({ scope, guard: false }, trans)}
          </option>
        ))}
      </select>
      <input
        name="amount"
        className="jp-QwenField"
        inputMode="decimal"
        pattern="\d{1,12}(\.\d{0,12})?"
        required
        title={trans.__('An amount such as 2.50')}
        placeholder="2.00"
        aria-label={trans.__('At most')}
      />
      <select
        name="currency"
        className="jp-QwenField"
        aria-label={trans.__('Currency')}
      >
        {CURRENCIES.map(currency => (
          <option key={currency} value={currency}>
            {currency}
          </option>
        ))}
      </select>
      <button className="jp-QwenButton">{trans.__('Set budget')}</button>
    </form>
  );
}
