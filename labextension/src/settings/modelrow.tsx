/** One model to choose: what it takes, what it can do, what a million tokens cost at each step of its price. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IModel, ITier } from '../api/office';
import { bound, count } from '../receipt/figures';
import { longMoney } from '../receipt/money';

const NUMBER = 'jp-mod-number';

interface IProps {
  readonly model: IModel;
  readonly currency: string;
  readonly checked: boolean;
  readonly trans: TranslationBundle;
  readonly onChoose: () => void;
}

export function ModelRow(props: IProps): React.JSX.Element {
  const { model, checked, trans, onChoose } = props;
  return (
    <label className="jp-QwenModel">
      <input
        type="radio"
        name="jp-qwen-model"
        checked={checked}
        onChange={onChoose}
      />
      <span>
        <b>{model.title}</b>
        <span className="jp-QwenModel-facts">
          {facts(model, trans).join(' · ')}
        </span>
        {checked ? (
          <Prices {...props} />
        ) : (
          <span className="jp-QwenModel-facts">{brief(props)}</span>
        )}
      </span>
    </label>
  );
}

function facts(model: IModel, trans: TranslationBundle): string[] {
  return [
    model.window > 0 ? trans.__('%1 tokens', count(model.window)) : '',
    model.thinking === 'always' ? trans.__('always thinks') : '',
    model.thinking === 'hybrid' ? trans.__('can think') : '',
    model.search ? trans.__('can search') : '',
    model.vision ? trans.__('sees pictures') : '',
    model.cache ? trans.__('cache') : ''
  ].filter(fact => fact !== '');
}

/** Why there are no prices; "" where there are. */
function unlisted(model: IModel, trans: TranslationBundle): string {
  switch (model.price) {
    case 'free':
      return trans.__('free');
    case 'plan':
      return trans.__('paid by a plan, not by tokens');
    case 'unpriced':
      return trans.__('no price is known');
    default:
      return '';
  }
}

/** The first step's prices in a line. */
function brief({ model, currency, trans }: IProps): string {
  const [first] = model.tiers;
  if (first === undefined) {
    return unlisted(model, trans);
  }
  const [input, output] = rates(first, currency);
  return model.tiers.length > 1
    ? trans.__('from %1 in, %2 out per million', input, output)
    : trans.__('%1 in, %2 out per million', input, output);
}

function rates(
  tier: ITier,
  currency: string
): readonly [string, string, string, string] {
  const money = (amount: string): string =>
    (tier.derived ? '≈ ' : '') + longMoney(amount, currency);
  return [
    money(tier.input),
    money(tier.output),
    money(tier.thinking ?? tier.output),
    money(tier.cached ?? tier.input)
  ];
}

function Prices({ model, currency, trans }: IProps): React.JSX.Element {
  if (model.tiers.length === 0) {
    return <span className="jp-QwenModel-facts">{unlisted(model, trans)}</span>;
  }
  const thinks = model.tiers.some(({ thinking }) => thinking !== null);
  return (
    <table className="jp-QwenTable">
      <caption>
        {trans.__('Per million tokens, list price of %1', model.as_of)}
      </caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('prompt')}</th>
          <th scope="col" className={NUMBER}>
            {trans.__('in')}
          </th>
          <th scope="col" className={NUMBER}>
            {trans.__('cached')}
          </th>
          <th scope="col" className={NUMBER}>
            {trans.__('out')}
          </th>
          {thinks && (
            <th scope="col" className={NUMBER}>
              {trans.__('thinking')}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {model.tiers.map((tier, step) => {
          const [input, output, thinking, cached] = rates(tier, currency);
          return (
            <tr key={tier.up_to ?? 0}>
              <th scope="row">{stepOf(tier, model.tiers[step - 1], trans)}</th>
              <td className={NUMBER}>{input}</td>
              <td className={NUMBER}>{cached}</td>
              <td className={NUMBER}>{output}</td>
              {thinks && <td className={NUMBER}>{thinking}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The prompts that a step is for: `≤ 32K`, the last one `> 128K`. */
function stepOf(
  { up_to }: ITier,
  before: ITier | undefined,
  trans: TranslationBundle
): string {
  if (up_to !== null) {
    return `≤ ${bound(up_to)}`;
  }
  return before?.up_to ? `> ${bound(before.up_to)}` : trans.__('any');
}
