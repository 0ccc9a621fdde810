/** The button that asks the endpoint itself. What it sends stands beside it; it runs only when it is pressed. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { StatusModel } from './model';

interface IProps {
  readonly status: StatusModel;
  readonly trans: TranslationBundle;
}

export function Test({ status, trans }: IProps): React.JSX.Element {
  const id = React.useId();
  return (
    <UseSignal signal={status.changed}>
      {() => (
        <div className="jp-QwenTest">
          <button
            className="jp-QwenButton"
            disabled={status.testing}
            aria-describedby={id}
            onClick={() => void status.test()}
          >
            {status.testing
              ? trans.__('Testing…')
              : trans.__('Test the endpoint')}
          </button>
          <p id={id} className="jp-QwenNote">
            {trans.__(
              'Asks for its list of models, which is free: the key goes there, nothing of your notebook.'
            )}
          </p>
          <div role="status" className="jp-QwenNote">
            <Outcome status={status} />
          </div>
        </div>
      )}
    </UseSignal>
  );
}

function Outcome({
  status
}: {
  status: StatusModel;
}): React.JSX.Element | null {
  const { tested } = status;
  return tested === null ? null : (
    <>
      <p>
        <b>{tested.ok ? `✓ ${tested.said}` : `✗ ${tested.said}`}</b>
      </p>
      {tested.problem?.remedy && <p>{tested.problem.remedy}</p>}
      {tested.sent && <p>{tested.sent}</p>}
    </>
  );
}
