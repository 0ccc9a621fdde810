/** What went wrong, in words, with what to do and a way to try again. */

import * as React from 'react';

import type { IProblem } from '../api/values';
import { wordFor, type IWord } from '../api/word';
import { Action } from './buttons';
import { useChat } from './context';
import { told } from './words';

interface IProps {
  readonly problem: IProblem;
  /** Ask again; with a word, where that is what it needs. */
  readonly retry: (word: IWord) => void;
}

export function Problem({ problem, retry }: IProps): React.JSX.Element {
  const { trans } = useChat();
  const [what, remedy] = told(problem, trans);
  const word = wordFor(problem.kind);
  return (
    <div className="jp-QwenProblem" role="alert">
      <p className="jp-QwenProblem-what">{what}</p>
      {remedy && <p className="jp-QwenProblem-remedy">{remedy}</p>}
      {problem.request_id && (
        <p className="jp-QwenProblem-request">
          {trans.__('request %1', problem.request_id)}
        </p>
      )}
      {word ? (
        <Action label={trans.__('Send anyway')} run={() => retry(word)} />
      ) : (
        <Action label={trans.__('Try again')} run={() => retry({})} />
      )}
    </div>
  );
}
