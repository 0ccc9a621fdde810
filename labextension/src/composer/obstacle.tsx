/** Why a question can't go now, or was refused: what happened, what to do, and to send it anyway where people may. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ComposerModel } from './model';

interface IProps {
  readonly model: ComposerModel;
  readonly trans: TranslationBundle;
}

export function Obstacle({ model, trans }: IProps): React.JSX.Element {
  const { problem, estimator } = model;
  const shown = problem ?? estimator.problem ?? estimator.estimate?.blocked;
  return (
    <div
      className="jp-QwenObstacle"
      role={problem ? 'alert' : 'status'}
      data-kind={shown?.kind ?? ''}
    >
      {shown && <p>{shown.message}</p>}
      {shown?.kind === 'GuardError' ? (
        <button
          className="jp-QwenActions-button"
          onClick={() => void model.sendAnyway()}
        >
          {trans.__('Send anyway')}
        </button>
      ) : (
        shown?.remedy && <pre>{shown.remedy}</pre>
      )}
    </div>
  );
}
