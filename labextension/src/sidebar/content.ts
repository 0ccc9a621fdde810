/** Puts the sidebar's models together. The one place that knows all of them. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { Server } from '../api/server';
import { ChatModel } from '../chat/model';
import { Drafts } from '../composer/drafts';
import { Mentions } from '../composer/mentions';
import { ComposerModel } from '../composer/model';
import { OpenNotebook } from '../notebook/open';
import { PLUGIN, Preferences } from '../settings/model';
import { SidebarPanel } from './panel';

/** What JupyterLab lends the sidebar; null where it has none. */
export interface IHost {
  readonly trans: TranslationBundle;
  readonly registry: ISettingRegistry | null;
  readonly tracker: INotebookTracker | null;
  readonly contents: Contents.IManager | null;
  readonly state: IStateDB | null;
}

export async function makePanel(host: IHost): Promise<Widget> {
  const { trans, registry, tracker, contents, state } = host;
  const server = new Server();
  const preferences = new Preferences((await registry?.load(PLUGIN)) ?? null);
  const chat = new ChatModel(server);
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
  return new SidebarPanel({ chat, composer, preferences, trans });
}
