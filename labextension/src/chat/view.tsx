/** The turns of the open thread. */

import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ChatModel } from './model';
import type { Turn } from './turn';

export function ChatView({ model }: { model: ChatModel }): React.JSX.Element {
  return (
    <UseSignal signal={model.changed}>
      {() => (
        <div className="jp-QwenChat" role="log">
          {model.turns.map((turn, index) => (
            <TurnView key={turn.id || `new-${index}`} turn={turn} />
          ))}
        </div>
      )}
    </UseSignal>
  );
}

function TurnView({ turn }: { turn: Turn }): React.JSX.Element {
  return (
    <UseSignal signal={turn.changed}>
      {() => (
        <article className="jp-QwenTurn">
          <div className="jp-QwenTurn-question">{turn.question}</div>
          <div className="jp-QwenTurn-answer">{turn.answer}</div>
        </article>
      )}
    </UseSignal>
  );
}
