/** The sidebar's head: the thread's title, who answers, the list of threads, a new one. */

import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  caretDownIcon,
  listIcon,
  UseSignal
} from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ModelsModel } from '../settings/models';
import type { ThreadsModel } from '../threads/model';
import { Title } from '../threads/title';
import type { Room, SidebarModel } from './model';

interface IProps {
  readonly sidebar: SidebarModel;
  readonly threads: ThreadsModel;
  readonly models: ModelsModel;
  readonly trans: TranslationBundle;
}

export function Header(props: IProps): React.JSX.Element {
  const { sidebar, threads, models, trans } = props;
  return (
    <div className="jp-QwenHeader">
      <UseSignal signal={threads.changed}>
        {() => <Title threads={threads} trans={trans} />}
      </UseSignal>
      <Door room="models" sidebar={sidebar}>
        <UseSignal signal={models.changed}>
          {() => <span className="jp-QwenHeader-model">{models.name}</span>}
        </UseSignal>
        <caretDownIcon.react tag="span" className="jp-QwenButton-icon" />
      </Door>
      <Door room="threads" sidebar={sidebar} title={trans.__('Threads')}>
        <span className="jp-QwenHeader-word">{trans.__('Threads')}</span>
        <listIcon.react
          tag="span"
          className="jp-QwenButton-icon jp-QwenHeader-sign"
        />
      </Door>
      <button
        className="jp-QwenButton"
        title={trans.__('New thread')}
        aria-label={trans.__('New thread')}
        onClick={() => {
          sidebar.room = 'turns';
          void threads.open('');
        }}
      >
        <addIcon.react tag="span" className="jp-QwenButton-icon" />
      </button>
    </div>
  );
}

/** A button that opens and closes a room. */
function Door({
  room,
  sidebar,
  title,
  children
}: React.PropsWithChildren<{
  room: Room;
  sidebar: SidebarModel;
  title?: string;
}>): React.JSX.Element {
  return (
    <UseSignal signal={sidebar.changed}>
      {() => (
        <button
          className="jp-QwenButton jp-QwenHeader-door"
          aria-expanded={sidebar.room === room}
          data-room={room}
          title={title}
          onClick={() => sidebar.toggle(room)}
        >
          {children}
        </button>
      )}
    </UseSignal>
  );
}
