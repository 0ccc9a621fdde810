/** The title of the thread on screen, which turns into a field when it is to be another. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ThreadsModel } from './model';

export function Title({
  threads,
  trans
}: {
  threads: ThreadsModel;
  trans: TranslationBundle;
}): React.JSX.Element {
  const [editing, setEditing] = React.useState(false);
  const { current } = threads;
  if (current === null) {
    return <h2 className="jp-QwenHeader-title">{trans.__('New thread')}</h2>;
  }
  if (editing) {
    return (
      <TitleField
        title={current.title}
        label={trans.__('Title of this thread')}
        onDone={title => {
          setEditing(false);
          if (title !== null) {
            void threads.rename(current.id, title);
          }
        }}
      />
    );
  }
  return (
    <h2 className="jp-QwenHeader-title">
      <button
        title={trans.__('%1 (rename)', current.title)}
        onClick={() => setEditing(true)}
      >
        {current.title}
      </button>
    </h2>
  );
}

/** `onDone` gets the new title, or null where it stays: Enter and leaving take it, Escape doesn't. */
export function TitleField({
  title,
  label,
  onDone
}: {
  title: string;
  label: string;
  onDone: (title: string | null) => void;
}): React.JSX.Element {
  const left = React.useRef(false);
  const done = (text: string | null): void => {
    if (!left.current) {
      left.current = true; // the field goes, which is leaving it too
      const said = text?.trim() ?? '';
      onDone(said && said !== title ? said : null);
    }
  };
  return (
    <input
      className="jp-QwenField jp-QwenHeader-title"
      aria-label={label}
      autoFocus
      defaultValue={title}
      maxLength={200}
      onFocus={event => event.target.select()}
      onBlur={event => done(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
          done(event.currentTarget.value);
        } else if (event.key === 'Escape') {
          event.stopPropagation();
          done(null);
        }
      }}
    />
  );
}
