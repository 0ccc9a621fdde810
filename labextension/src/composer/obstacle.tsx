/** Why a question can't go now, or was refused: what happened, what to do, and to send it anyway where people may. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { wordFor } from '../api/word';
import type { ComposerModel } from './model';

interface IProps {
  /** What is said elsewhere already, of what is missing. */
  readonly known: ReadonlyArray<string>;
  readonly model: ComposerModel;
  readonly trans: TranslationBundle;
}

export function Obstacle({ known, model, trans }: IProps): React.JSX.Element {
  const { problem, estimator } = model;
  const looming = estimator.problem ?? estimator.estimate?.blocked;
  const found = problem ?? (known.length ? null : looming);
  const shown = found && !known.includes(found.message) ? found : null;
  return (
    <div
      className="jp-QwenObstacle"
      role={problem ? 'alert' : 'status'}
      data-kind={shown?.kind ?? ''}
    >
      {shown && <p>{shown.message}</p>}
      {shown && wordFor(shown.kind) ? (
        <button
          className="jp-QwenActions-button"
          onClick={() => void model.sendAnyway(shown)}
        >
          {trans.__('Send anyway')}
        </button>
      ) : (
        shown?.remedy && <pre>{shown.remedy}</pre>
      )}
    </div>
  );
}
