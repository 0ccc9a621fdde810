/** Puts the sidebar's models together. The one place that knows all of them. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Server } from '../api/server';
import { CodeActions } from '../chat/actions';
import { ChatModel } from '../chat/model';
import { harmless } from '../chat/pane';
import { Tabs } from '../chat/tabs';
import { Drafts } from '../composer/drafts';
import { Mentions } from '../composer/mentions';
import { ComposerModel } from '../composer/model';
import { OpenNotebook } from '../notebook/open';
import { Variables } from '../notebook/variables';
import { PLUGIN, Preferences } from '../settings/model';
import { ModelsModel } from '../settings/models';
import { StatusModel } from '../status/model';
import { ThreadOfNotebook } from '../threads/follow';
import { ThreadsModel } from '../threads/model';
import type { ISpending } from '../usage/tokens';
import { actionsOf } from './actions';
import { SidebarModel } from './model';
import { SidebarPanel } from './panel';

/** What JupyterLab lends the sidebar; null where it has none. */
export interface IHost {
  readonly app: JupyterFrontEnd;
  readonly trans: TranslationBundle;
  readonly rendermime: IRenderMimeRegistry;
  readonly registry: ISettingRegistry | null;
  readonly tracker: INotebookTracker | null;
  readonly state: IStateDB | null;
  readonly spending: ISpending | null;
}

export async function makePanel(host: IHost): Promise<SidebarPanel> {
  const { app, trans, registry, tracker, state, spending } = host;
  const { contents } = app.serviceManager;
  const server = new Server();
  const preferences = new Preferences((await registry?.load(PLUGIN)) ?? null);
  const chat = new ChatModel(server, new Tabs());
  const open = new OpenNotebook(server, tracker, contents);
  const variables = new Variables(tracker);
  const models = new ModelsModel(server, preferences);
  const composer = new ComposerModel({
    server,
    chat,
    preferences,
    open,
    drafts: new Drafts(state),
    mentions: new Mentions(open, contents, variables),
    variables,
    models
  });
  const sidebar = new SidebarModel();
  const threads = new ThreadsModel(server, chat, open);
  const status = new StatusModel(server, preferences);
  let running = false;
  chat.changed.connect(() => {
    if (running && chat.running === null) {
      void spending?.refresh();
    }
    running = chat.running !== null;
  });
  void new ThreadOfNotebook(server, chat, open).start();
  spending?.changed.connect(() => composer.estimator.refresh());
  void models.refresh();
  void status.refresh();
  return new SidebarPanel({
    chat,
    composer,
    preferences,
    code: new CodeActions(open),
    rendermime: harmless(host.rendermime),
    sidebar,
    threads,
    models,
    status,
    actions: actionsOf(app.commands, sidebar),
    trans
  });
}
