/** The input: what is typed, and the button that sends or stops. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ChatModel } from '../chat/model';
import type { ComposerModel } from './model';

interface IProps {
  readonly model: ComposerModel;
  readonly chat: ChatModel;
  readonly trans: TranslationBundle;
}

export function ComposerView({
  model,
  chat,
  trans
}: IProps): React.JSX.Element {
  return (
    <div className="jp-QwenComposer">
      <UseSignal signal={model.changed}>
        {() => (
          <textarea
            className="jp-QwenComposer-input"
            aria-label={trans.__('Ask Qwen')}
            placeholder={trans.__('Ask about this notebook, @ to add context…')}
            value={model.text}
            onChange={event => {
              model.text = event.target.value;
            }}
          />
        )}
      </UseSignal>
      <UseSignal signal={chat.changed}>
        {() =>
          chat.running !== null ? (
            <button onClick={() => void chat.stop()}>{trans.__('Stop')}</button>
          ) : (
            <button onClick={() => void model.send()}>
              {trans.__('Send')}
            </button>
          )
        }
      </UseSignal>
    </div>
  );
}
