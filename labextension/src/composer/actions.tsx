/** The row under the input: how to ask, what it would cost, and the button that sends or stops. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ChatModel } from '../chat/model';
import type { ComposerModel } from './model';
import { priceOf, rangeOf } from './words';

interface IProps {
  readonly model: ComposerModel;
  readonly chat: ChatModel;
  readonly onShowSent: () => void;
  readonly trans: TranslationBundle;
}

export function Actions(props: IProps): React.JSX.Element {
  const { model, chat, onShowSent, trans } = props;
  const { preferences, abilities: can } = model;
  const price = model.estimator.estimate?.price;
  const running = chat.running !== null;
  return (
    <div className="jp-QwenActions">
      <Toggle
        label={trans.__('Think')}
        hint={trans.__('Think before answering; thinking is billed as output')}
        on={
          can?.thinking === 'always' ||
          (can?.thinking !== 'none' && preferences.thinks)
        }
        fixed={fixedThink(model, trans)}
        onToggle={on => {
          void preferences.choose({ think: on ? 'on' : 'off' });
        }}
      />
      <Toggle
        label={trans.__('Search')}
        hint={trans.__('Search the web; each search has its own price')}
        on={preferences.options.search && can?.search !== false}
        fixed={
          can?.search === false
            ? trans.__('This model can’t search.')
            : locked(model, 'search', trans)
        }
        onToggle={on => {
          void preferences.choose({ search: on });
        }}
      />
      <button className="jp-QwenActions-button" onClick={onShowSent}>
        {trans.__('What is sent')}
      </button>
      <span className="jp-QwenActions-go">
        <span
          className="jp-QwenActions-price"
          title={price ? rangeOf(price, trans) : ''}
        >
          {price ? priceOf(price, trans) : ''}
        </span>
        <button
          className={`jp-QwenActions-send jp-mod-styled ${running ? 'jp-mod-warn' : 'jp-mod-accept'}`}
          aria-disabled={!running && !model.text.trim()}
          onClick={() => void (running ? chat.stop() : model.send())}
        >
          {running ? trans.__('Stop') : trans.__('Send')}
        </button>
      </span>
    </div>
  );
}

/** Why a toggle can't be switched; "" where it can. */
function locked(
  model: ComposerModel,
  name: 'think' | 'search',
  trans: TranslationBundle
): string {
  return model.preferences.locked(name)
    ? trans.__('An administrator decided this.')
    : '';
}

function fixedThink(model: ComposerModel, trans: TranslationBundle): string {
  switch (model.abilities?.thinking) {
    case 'none':
      return trans.__('This model doesn’t think.');
    case 'always':
      return trans.__('This model always thinks.');
  }
  return locked(model, 'think', trans);
}

interface IToggleProps {
  readonly label: string;
  readonly hint: string;
  readonly on: boolean;
  readonly fixed: string;
  readonly onToggle: (on: boolean) => void;
}

function Toggle(props: IToggleProps): React.JSX.Element {
  const { label, hint, on, fixed, onToggle } = props;
  return (
    <button
      className="jp-QwenActions-button"
      aria-pressed={on}
      aria-disabled={fixed !== ''}
      title={fixed || hint}
      onClick={() => {
        if (!fixed) {
          onToggle(!on);
        }
      }}
    >
      {label}
    </button>
  );
}
