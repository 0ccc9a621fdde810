/** Puts the sidebar's models together. The one place that knows all of them. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Contents } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { Server } from '../api/server';
import { CodeActions } from '../chat/actions';
import { ChatModel } from '../chat/model';
import { harmless } from '../chat/pane';
import { remember } from '../chat/remember';
import { Tabs } from '../chat/tabs';
import { Drafts } from '../composer/drafts';
import { Mentions } from '../composer/mentions';
import { ComposerModel } from '../composer/model';
import { OpenNotebook } from '../notebook/open';
import { PLUGIN, Preferences } from '../settings/model';
import { SidebarPanel } from './panel';

/** What JupyterLab lends the sidebar; null where it has none. */
export interface IHost {
  readonly trans: TranslationBundle;
  readonly rendermime: IRenderMimeRegistry;
  readonly registry: ISettingRegistry | null;
  readonly tracker: INotebookTracker | null;
  readonly contents: Contents.IManager | null;
  readonly state: IStateDB | null;
}

export async function makePanel(host: IHost): Promise<Widget> {
  const { trans, registry, tracker, contents, state } = host;
  const server = new Server();
  const preferences = new Preferences((await registry?.load(PLUGIN)) ?? null);
  const chat = new ChatModel(server, new Tabs());
  const open = new OpenNotebook(server, tracker, contents);
  const variables = null;
  const composer = new ComposerModel({
    server,
    chat,
    preferences,
    open,
    drafts: new Drafts(state),
    mentions: new Mentions(open, contents, variables),
    variables
  });
  void remember(chat, state);
  return new SidebarPanel({
    chat,
    composer,
    preferences,
    actions: new CodeActions(open),
    rendermime: harmless(host.rendermime),
    trans
  });
}
