/** The threads to choose from: this notebook's, then the others. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ISummary } from '../api/threads';
import { bring } from './files';
import type { ThreadsModel } from './model';
import { ThreadRow } from './row';

interface IProps {
  readonly threads: ThreadsModel;
  readonly trans: TranslationBundle;
  /** A thread was chosen, or the list is done with. */
  readonly onDone: () => void;
}

export function ThreadList(props: IProps): React.JSX.Element {
  const { threads, trans } = props;
  React.useEffect(() => void threads.refresh(), [threads]);
  return (
    <UseSignal signal={threads.changed}>
      {() => (
        <section className="jp-QwenThreads" aria-label={trans.__('Threads')}>
          <div className="jp-QwenRow">
            <input
              className="jp-QwenField"
              type="search"
              autoFocus
              aria-label={trans.__('Search threads')}
              placeholder={trans.__('Search threads…')}
              defaultValue={threads.query}
              onChange={event => void threads.search(event.target.value)}
            />
            <button
              className="jp-QwenButton"
              onClick={() => void bring(threads)}
            >
              {trans.__('Import…')}
            </button>
          </div>
          <Undo {...props} />
          {threads.problem && (
            <p className="jp-QwenNote" role="alert">
              {threads.problem}
            </p>
          )}
          <Group
            {...props}
            label={
              threads.path ? trans.__('This notebook') : trans.__('No notebook')
            }
            rows={threads.here}
          />
          <Group
            {...props}
            label={trans.__('Other')}
            rows={threads.elsewhere}
          />
          {threads.threads.length === 0 && (
            <p className="jp-QwenNote">
              {threads.query
                ? trans.__('No thread says “%1”.', threads.query)
                : trans.__('No threads yet. The first question begins one.')}
            </p>
          )}
        </section>
      )}
    </UseSignal>
  );
}

function Undo({ threads, trans }: IProps): React.JSX.Element {
  const title = threads.removed?.title;
  return (
    <div role="status">
      {title !== undefined && (
        <p className="jp-QwenRow jp-QwenNote">
          <span>{trans.__('Deleted “%1”.', title)}</span>
          <button className="jp-QwenButton" onClick={() => void threads.undo()}>
            {trans.__('Undo')}
          </button>
        </p>
      )}
    </div>
  );
}

function Group({
  label,
  rows,
  ...props
}: IProps & {
  label: string;
  rows: ReadonlyArray<ISummary>;
}): React.JSX.Element | null {
  return rows.length === 0 ? null : (
    <>
      <h3>{label}</h3>
      <ul>
        {rows.map(thread => (
          <ThreadRow key={thread.id} {...props} thread={thread} />
        ))}
      </ul>
    </>
  );
}
