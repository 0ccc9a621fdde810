/** A turn: what was asked, what was thought, the answer, what it cost, and what can be done next. */

import { copyIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IProblem } from '../api/values';
import type { IWord } from '../api/word';
import { Answer } from './answer';
import { IconAction } from './buttons';
import { useChat, usePaced } from './context';
import { said } from './model';
import { Problem } from './problem';
import { Question } from './question';
import { Receipt } from './receipt';
import { Thinking } from './thinking';
import type { Turn } from './turn';

/** A question asked again that was refused: nothing of it has left. */
interface IRefused {
  readonly text: string;
  readonly problem: IProblem;
  /** What people had agreed to. */
  readonly word: IWord;
}

function TurnViewOf({
  turn,
  number
}: {
  turn: Turn;
  number: number;
}): React.JSX.Element {
  const { trans, asking } = useChat();
  const [refused, setRefused] = React.useState<IRefused | null>(null);
  usePaced(turn.changed);
  const again = (text: string, word: IWord = {}): void => {
    setRefused(null);
    asking
      .ask(text, { parent: turn.parent, ...word })
      .catch(problem => setRefused({ text, problem: said(problem), word }));
  };
  return (
    <article
      className="jp-QwenTurn"
      aria-label={trans.__('Turn %1', number)}
      aria-busy={!turn.ended}
    >
      <Question turn={turn} again={again} />
      <Thinking turn={turn} />
      <Answer turn={turn} />
      {turn.problem && turn.state !== 'stopped' && (
        <Problem
          problem={turn.problem}
          retry={word => again(turn.question, word)}
        />
      )}
      {turn.state === 'lost' && !turn.problem && (
        <p className="jp-QwenTurn-note">
          {trans.__('The server ended while it answered. This is what came.')}
        </p>
      )}
      <div className="jp-QwenTurn-foot">
        <Receipt turn={turn} />
        {turn.ended && <After turn={turn} again={() => again(turn.question)} />}
      </div>
      {refused && (
        <Problem
          problem={refused.problem}
          retry={word => again(refused.text, { ...refused.word, ...word })}
        />
      )}
    </article>
  );
}

export const TurnView = React.memo(TurnViewOf);

function After({
  turn,
  again
}: {
  turn: Turn;
  again: () => void;
}): React.JSX.Element {
  const { trans, actions } = useChat();
  return (
    <span className="jp-QwenTurn-after">
      <IconAction
        icon={copyIcon}
        label={trans.__('Copy the answer')}
        disabled={!turn.answer}
        run={() => actions.copy(turn.answer)}
      />
      <IconAction
        icon={refreshIcon}
        label={trans.__('Answer again')}
        run={again}
      />
    </span>
  );
}
