/** How the model is asked: thinking and its budget, web search, temperature, the longest answer. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IModel } from '../api/office';
import { count } from '../receipt/figures';
import type { IChosen, Preferences } from './model';
import { Lock } from './lock';
import { Select } from './select';

interface IProps {
  readonly preferences: Preferences;
  readonly model: IModel | null;
  readonly trans: TranslationBundle;
}

export function Limits(props: IProps): React.JSX.Element {
  const { preferences, model, trans } = props;
  const { chosen } = preferences;
  const limit = (tokens: number | undefined): string =>
    tokens ? trans.__('at most %1', count(tokens)) : '';
  return (
    <fieldset>
      <legend>{trans.__('How it is asked')}</legend>
      <label className="jp-QwenSetting">
        <span>
          {trans.__('Think')}
          <Lock on={preferences.locked('think')} trans={trans} />
        </span>
        <Select
          disabled={preferences.locked('think') || model?.thinking === 'none'}
          value={chosen.think ?? ''}
          onChoose={think => void preferences.choose({ think: think || null })}
          options={[
            { value: '', label: trans.__('As the server is set') },
            { value: 'off', label: trans.__('Off') },
            { value: 'on', label: trans.__('On') },
            { value: 'low', label: trans.__('Low, 4,096 tokens') },
            { value: 'medium', label: trans.__('Medium, 16,384 tokens') },
            { value: 'high', label: trans.__('High, 65,536 tokens') }
          ]}
        />
      </label>
      <NumberField
        {...props}
        name="thinkTokens"
        label={trans.__('Longest thinking, tokens')}
        hint={limit(model?.max_thinking)}
        step={1}
        min={1}
      />
      <NumberField
        {...props}
        name="maxTokens"
        label={trans.__('Longest answer, tokens')}
        hint={limit(model?.max_output)}
        step={1}
        min={1}
      />
      <NumberField
        {...props}
        name="temperature"
        label={trans.__('Temperature')}
        hint={trans.__('0 to below 2')}
        step={0.1}
        min={0}
        below={2}
      />
      <label className="jp-QwenSetting jp-mod-check">
        <input
          type="checkbox"
          checked={chosen.search}
          onChange={event =>
            void preferences.choose({ search: event.target.checked })
          }
        />
        <span>{trans.__('Search the web, where the model can')}</span>
      </label>
    </fieldset>
  );
}

/** Empty is "as the server is set"; what can't be is not taken. */
function NumberField({
  preferences,
  trans,
  name,
  label,
  hint,
  step,
  min,
  below = Infinity
}: IProps & {
  name: 'thinkTokens' | 'maxTokens' | 'temperature';
  label: string;
  hint: string;
  step: number;
  min: number;
  below?: number;
}): React.JSX.Element {
  const value = preferences.chosen[name];
  const locked = preferences.locked(name);
  const take = (field: HTMLInputElement): void => {
    const number = field.value === '' ? null : Number(field.value);
    const whole = number === null || step < 1 || Number.isInteger(number);
    const fits = number === null || (number >= min && number < below);
    if (field.validity.badInput || !whole || !fits) {
      field.value = value === null ? '' : String(value);
    } else if (number !== value) {
      void preferences.choose({ [name]: number } as Partial<IChosen>);
    }
  };
  return (
    <label className="jp-QwenSetting">
      <span>
        {label}
        <Lock on={locked} trans={trans} />
      </span>
      <input
        key={String(value)}
        className="jp-QwenField"
        type="number"
        step={step < 1 ? 'any' : step}
        min={min}
        disabled={locked}
        defaultValue={value ?? ''}
        placeholder={hint}
        onBlur={event => take(event.target)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            take(event.currentTarget);
          }
        }}
      />
    </label>
  );
}
