/** The sidebar's panel: a frame around thread, turns and input. Holds no state of its own. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICodeActions } from '../chat/actions';
import type { IChatContext } from '../chat/context';
import type { ChatModel } from '../chat/model';
import { ChatView } from '../chat/view';
import type { ComposerModel } from '../composer/model';
import { ComposerView } from '../composer/view';
import type { Preferences } from '../settings/model';

export interface IParts {
  readonly chat: ChatModel;
  readonly composer: ComposerModel;
  readonly preferences: Preferences;
  readonly actions: ICodeActions;
  /** One made `harmless`. */
  readonly rendermime: IRenderMimeRegistry;
  readonly trans: TranslationBundle;
}

export class SidebarPanel extends ReactWidget {
  constructor(private readonly _parts: IParts) {
    super();
    this.addClass('jp-QwenPanel');
    const { chat, composer, actions, rendermime, trans } = _parts;
    this._chat = { chat, asking: composer, actions, rendermime, trans };
  }

  /** While nobody looks, nothing is asked of the server. */
  protected override onAfterShow(): void {
    this._parts.composer.estimator.active = true;
  }

  protected override onAfterHide(): void {
    this._parts.composer.estimator.active = false;
  }

  protected override render(): React.JSX.Element {
    const { chat, composer, trans } = this._parts;
    return (
      <>
        <ChatView parts={this._chat} notebook={composer.open} />
        <ComposerView model={composer} chat={chat} trans={trans} />
      </>
    );
  }

  private readonly _chat: IChatContext;
}
