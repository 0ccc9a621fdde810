/** What is missing before anything can be asked, and the one thing to do about it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { infoIcon, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Action, ILack } from '../api/office';
import { UNREACHABLE, type StatusModel } from './model';

/** The lack of a model, which another one mends. */
const MODEL = 'model';

/** What JupyterLab can be made to do. */
export interface IActions {
  /** Open a terminal that runs a line; false where this JupyterLab has none. */
  terminal(line: string): Promise<boolean>;
  settings(): void;
  /** Show the models. */
  models(): void;
}

interface IProps {
  readonly status: StatusModel;
  readonly actions: IActions;
  readonly trans: TranslationBundle;
}

export function StatusCard(props: IProps): React.JSX.Element {
  const { status, trans } = props;
  return (
    <UseSignal signal={status.changed}>
      {() => (
        <div role="status">
          {status.lacks.slice(0, 1).map(lack => (
            <section
              key={lack.code}
              className="jp-QwenCard"
              aria-label={trans.__('Something is missing')}
            >
              <infoIcon.react tag="span" className="jp-QwenCard-icon" />
              <p>
                {lack.code === UNREACHABLE
                  ? trans.__("The Jupyter server doesn't answer.")
                  : lack.what}
              </p>
              {lack.remedy && <code>{lack.remedy}</code>}
              <Buttons {...props} lack={lack} />
            </section>
          ))}
        </div>
      )}
    </UseSignal>
  );
}

function Buttons({
  status,
  actions,
  trans,
  lack
}: IProps & { lack: ILack }): React.JSX.Element {
  const [failed, setFailed] = React.useState(false);
  const words: Readonly<Record<Action, string>> = {
    login: trans.__('Log in, in a terminal'),
    local: trans.__('Do it in a terminal'),
    settings:
      lack.code === MODEL
        ? trans.__('Choose a model')
        : trans.__('Open the settings'),
    docs: OURS.test(lack.remedy) ? trans.__('Look closer, in a terminal') : '',
    '': ''
  };
  const act = async (): Promise<void> => {
    if (lack.action === 'settings') {
      (lack.code === MODEL ? actions.models : actions.settings)();
      return;
    }
    setFailed(!(await actions.terminal(lineOf(lack))));
    status.watch();
  };
  return (
    <div className="jp-QwenRow">
      {words[lack.action] && (
        <button
          className="jp-QwenButton jp-mod-main"
          onClick={() => void act()}
        >
          {words[lack.action]}
        </button>
      )}
      <button className="jp-QwenButton" onClick={() => void status.refresh()}>
        {trans.__('Look again')}
      </button>
      {failed && (
        <p className="jp-QwenNote">
          {trans.__(
            'This JupyterLab has no terminals. Run it in a shell of the same machine: %1',
            lineOf(lack)
          )}
        </p>
      )}
    </div>
  );
}

/** Our own commands, and how they are installed: nothing else is run in a terminal. */
const OURS = /^(jupyter qwen( [\w-]+)+|pip install "qwen-magics\[\w+\]")$/;

/** The line for the terminal: the remedy, where it is one. */
function lineOf({ action, remedy }: ILack): string {
  const usual =
    action === 'login' ? 'jupyter qwen login' : 'jupyter qwen doctor';
  return OURS.test(remedy) ? remedy : usual;
}
