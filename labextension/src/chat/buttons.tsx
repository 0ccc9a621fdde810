/** The chat's buttons: a word in a frame, or an icon with a name. */

import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

interface IActionProps {
  readonly label: string;
  readonly title?: string;
  readonly accept?: boolean;
  readonly disabled?: boolean;
  readonly run: () => void;
}

export function Action(props: IActionProps): React.JSX.Element {
  return (
    <button
      type="button"
      className={props.accept ? 'jp-QwenAction jp-mod-accept' : 'jp-QwenAction'}
      title={props.title}
      disabled={props.disabled}
      onClick={props.run}
    >
      {props.label}
    </button>
  );
}

interface IIconAction {
  readonly icon: LabIcon;
  readonly label: string;
  readonly disabled?: boolean;
  readonly run: () => void;
}

export function IconAction(props: IIconAction): React.JSX.Element {
  const { icon: Icon, label, disabled, run } = props;
  return (
    <button
      type="button"
      className="jp-QwenIconAction"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={run}
    >
      <Icon.react tag="span" />
    </button>
  );
}
