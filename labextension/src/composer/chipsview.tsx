/** The row of chips: what goes along, its tokens, a ▲ where leaving it out reaches a lower price step. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IChipPrice } from '../api/values';
import { count } from '../receipt/figures';
import { LOSS } from '../receipt/line';
import { shortMoney } from '../receipt/money';
import { key, type IShownChip } from './chips';
import type { ComposerModel } from './model';
import { hintOf, labelOf } from './words';

interface IProps {
  readonly model: ComposerModel;
  readonly trans: TranslationBundle;
}

export function ChipsView({ model, trans }: IProps): React.JSX.Element {
  const estimate = model.estimator.estimate;
  const prices = new Map((estimate?.chips ?? []).map(one => [key(one), one]));
  return (
    <div
      className="jp-QwenChips"
      role="group"
      aria-label={trans.__('What goes along')}
    >
      {model.chips.list.map(chip => (
        <ChipView
          key={key(chip)}
          chip={chip}
          price={prices.get(key(chip))}
          currency={estimate?.price.currency ?? ''}
          model={model}
          trans={trans}
        />
      ))}
    </div>
  );
}

interface IChipProps extends IProps {
  readonly chip: IShownChip;
  readonly price: IChipPrice | undefined;
  readonly currency: string;
}

function ChipView(props: IChipProps): React.JSX.Element {
  const { chip, price, currency, model, trans } = props;
  const label = labelOf(chip, model.open, trans);
  const hint = hintOf(chip, price, currency, trans);
  const shown = chip.on ? price : undefined;
  const remove = (): void => {
    model.chips.remove(chip);
  };
  return (
    <span
      className="jp-QwenChip"
      data-kind={chip.kind}
      data-on={chip.on}
      data-jump={shown?.jump ?? false}
    >
      <button
        className="jp-QwenChip-toggle"
        aria-pressed={chip.on}
        aria-label={hint ? `${label}, ${hint}` : label}
        data-hint={hint}
        onClick={() => {
          model.chips.toggle(chip);
        }}
        onKeyDown={event => {
          if (chip.added && /^(Delete|Backspace)$/.test(event.key)) {
            remove();
          }
        }}
      >
        {shown?.jump && <span className="jp-QwenChip-loss">{LOSS} </span>}
        <span className="jp-QwenChip-label">{label}</span>
        {shown && (
          <span className="jp-QwenChip-figures">
            {` ${count(shown.tokens)}`}
            {shown.jump && shown.saves !== null
              ? ` · ${shortMoney(shown.saves, currency)}`
              : ''}
          </span>
        )}
      </button>
      {chip.added && (
        <button
          className="jp-QwenChip-remove"
          aria-label={trans.__('Take %1 away', label)}
          onClick={remove}
        >
          <closeIcon.react tag="span" elementSize="small" />
        </button>
      )}
    </span>
  );
}
