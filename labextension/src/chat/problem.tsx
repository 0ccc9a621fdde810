/** What went wrong, in words, with what to do and a way to try again. */

import * as React from 'react';

import type { IProblem } from '../api/values';
import { Action } from './buttons';
import { useChat } from './context';
import { told } from './words';

/** A ceiling was in the way: the person may say that it may go all the same. */
const CEILINGS = ['GuardError', 'OverCeiling'];

interface IProps {
  readonly problem: IProblem;
  readonly retry: (yes: boolean) => void;
}

export function Problem({ problem, retry }: IProps): React.JSX.Element {
  const { trans } = useChat();
  const [what, remedy] = told(problem, trans);
  const guarded = CEILINGS.includes(problem.kind);
  return (
    <div className="jp-QwenProblem" role="alert">
      <p className="jp-QwenProblem-what">{what}</p>
      {remedy && <p className="jp-QwenProblem-remedy">{remedy}</p>}
      {problem.request_id && (
        <p className="jp-QwenProblem-request">
          {trans.__('request %1', problem.request_id)}
        </p>
      )}
      {guarded ? (
        <Action label={trans.__('Send anyway')} run={() => retry(true)} />
      ) : (
        <Action label={trans.__('Try again')} run={() => retry(false)} />
      )}
    </div>
  );
}
