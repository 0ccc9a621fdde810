/** The sidebar's panel: a frame around header, rooms and input. Holds no state of its own. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICodeActions } from '../chat/actions';
import type { IChatContext } from '../chat/context';
import type { ChatModel } from '../chat/model';
import { ChatView } from '../chat/view';
import type { ComposerModel } from '../composer/model';
import { ComposerView } from '../composer/view';
import type { Preferences } from '../settings/model';
import type { ModelsModel } from '../settings/models';
import { ModelPicker } from '../settings/picker';
import { StatusCard, type IActions } from '../status/card';
import type { StatusModel } from '../status/model';
import { ThreadList } from '../threads/list';
import type { ThreadsModel } from '../threads/model';
import { Header } from './header';
import type { SidebarModel } from './model';

export interface IParts {
  readonly chat: ChatModel;
  readonly composer: ComposerModel;
  readonly preferences: Preferences;
  readonly code: ICodeActions;
  /** One made `harmless`. */
  readonly rendermime: IRenderMimeRegistry;
  readonly sidebar: SidebarModel;
  readonly threads: ThreadsModel;
  readonly models: ModelsModel;
  readonly status: StatusModel;
  readonly actions: IActions;
  readonly trans: TranslationBundle;
}

export class SidebarPanel extends ReactWidget {
  constructor(readonly parts: IParts) {
    super();
    this.addClass('jp-QwenPanel');
    const { chat, composer, code, rendermime, trans } = parts;
    this._chat = { chat, asking: composer, actions: code, rendermime, trans };
  }

  /** While nobody looks, nothing is asked of the server. */
  protected override onAfterShow(): void {
    this.parts.composer.estimator.active = true;
  }

  protected override onAfterHide(): void {
    this.parts.composer.estimator.active = false;
  }

  protected override render(): React.JSX.Element {
    const { chat, composer, status, actions, trans } = this.parts;
    return (
      <>
        <Header {...this.parts} />
        <UseSignal signal={this.parts.sidebar.changed}>
          {() => (
            <div className="jp-QwenStage" data-room={this.parts.sidebar.room}>
              <ChatView parts={this._chat} notebook={composer.open} />
              <Room {...this.parts} />
            </div>
          )}
        </UseSignal>
        <StatusCard status={status} actions={actions} trans={trans} />
        <UseSignal signal={status.changed}>
          {() => (
            <ComposerView
              model={composer}
              chat={chat}
              known={status.lacks.map(({ what }) => what)}
              trans={trans}
            />
          )}
        </UseSignal>
      </>
    );
  }

  private readonly _chat: IChatContext;
}

/** What lies over the turns, which keep their place below it. Escape goes back to where it was opened. */
function Room(props: IParts): React.JSX.Element | null {
  const { sidebar, threads, models, status, actions, trans } = props;
  const { room } = sidebar;
  if (room === 'turns') {
    return null;
  }
  const leave = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') {
      const panel = event.currentTarget.closest('.jp-QwenPanel');
      sidebar.room = 'turns';
      panel?.querySelector<HTMLElement>(`button[data-room=${room}]`)?.focus();
    }
  };
  return (
    <div className="jp-QwenRoom" onKeyDown={leave}>
      {room === 'threads' ? (
        <ThreadList
          threads={threads}
          trans={trans}
          onDone={() => {
            sidebar.room = 'turns';
          }}
        />
      ) : (
        <ModelPicker
          models={models}
          status={status}
          trans={trans}
          onSettings={actions.settings}
        />
      )}
    </div>
  );
}
