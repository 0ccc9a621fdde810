/** One thread of the list: its title opens it; beside it what can be done with it. */

import { PathExt, Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, downloadIcon, editIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ExportFormat, ISummary } from '../api/threads';
import { count } from '../receipt/figures';
import { sums } from '../receipt/totals';
import { take } from './files';
import type { ThreadsModel } from './model';
import { TitleField } from './title';

interface IProps {
  readonly thread: ISummary;
  readonly threads: ThreadsModel;
  readonly trans: TranslationBundle;
  readonly onDone: () => void;
}

type Doing = 'rename' | 'export' | '';

export function ThreadRow(props: IProps): React.JSX.Element {
  const { thread, threads, trans, onDone } = props;
  const [doing, setDoing] = React.useState<Doing>('');
  const toggle = (what: Doing): void => setDoing(doing === what ? '' : what);
  return (
    <li
      className="jp-QwenThread"
      aria-current={threads.current?.id === thread.id}
    >
      {doing === 'rename' ? (
        <TitleField
          title={thread.title}
          label={trans.__('Title of this thread')}
          onDone={title => {
            setDoing('');
            if (title !== null) {
              void threads.rename(thread.id, title);
            }
          }}
        />
      ) : (
        <button
          className="jp-QwenThread-title"
          title={thread.title}
          onClick={() => void threads.open(thread.id).then(onDone)}
        >
          {thread.title}
        </button>
      )}
      <Act
        icon={editIcon}
        label={trans.__('Rename “%1”', thread.title)}
        onClick={() => toggle('rename')}
      />
      <Act
        icon={downloadIcon}
        label={trans.__('Export “%1”', thread.title)}
        expanded={doing === 'export'}
        onClick={() => toggle('export')}
      />
      <Act
        icon={closeIcon}
        label={trans.__('Delete “%1”', thread.title)}
        onClick={() => void threads.remove(thread)}
      />
      <p className="jp-QwenThread-facts" title={thread.notebook}>
        {facts(thread, trans).join(' · ')}
      </p>
      {doing === 'export' && <Formats {...props} />}
    </li>
  );
}

function Act({
  icon,
  label,
  expanded,
  onClick
}: {
  icon: LabIcon;
  label: string;
  expanded?: boolean;
  onClick: () => void;
}): React.JSX.Element {
  return (
    <button
      className="jp-QwenButton jp-mod-bare"
      title={label}
      aria-label={label}
      aria-expanded={expanded}
      onClick={onClick}
    >
      <icon.react tag="span" className="jp-QwenButton-icon" />
    </button>
  );
}

function Formats({ thread, threads, trans }: IProps): React.JSX.Element {
  const formats: ReadonlyArray<readonly [ExportFormat, string]> = [
    ['md', trans.__('Markdown')],
    ['ipynb', trans.__('Notebook')],
    ['json', trans.__('JSON')]
  ];
  return (
    <p className="jp-QwenRow" role="group" aria-label={trans.__('Export as')}>
      {formats.map(([format, label]) => (
        <button
          key={format}
          className="jp-QwenButton"
          onClick={() => void take(threads, thread.id, format)}
        >
          {label}
        </button>
      ))}
    </p>
  );
}

function facts(thread: ISummary, trans: TranslationBundle): string[] {
  const { turns, running, notebook, cost, updated } = thread;
  return [
    running ? trans.__('answering…') : Time.formatHuman(updated),
    trans._n('%2 turn', '%2 turns', turns, count(turns)),
    sums(cost, trans),
    PathExt.basename(notebook)
  ].filter(fact => fact !== '');
}
