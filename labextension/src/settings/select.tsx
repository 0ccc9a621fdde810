/** A choice out of a few words. */

import * as React from 'react';

interface IProps {
  readonly value: string;
  readonly disabled: boolean;
  readonly options: ReadonlyArray<{ value: string; label: string }>;
  readonly onChoose: (value: string) => void;
}

export function Select(props: IProps): React.JSX.Element {
  const { value, disabled, options, onChoose } = props;
  return (
    <select
      className="jp-QwenField"
      disabled={disabled}
      value={value}
      onChange={event => onChoose(event.target.value)}
    >
      {options.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}
