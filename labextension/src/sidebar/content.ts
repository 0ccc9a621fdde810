/** Puts the sidebar's models together. The one place that knows all of them. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { Server } from '../api/server';
import { ChatModel } from '../chat/model';
import { ComposerModel } from '../composer/model';
import { PLUGIN, Preferences } from '../settings/model';
import { SidebarPanel } from './panel';

/** What JupyterLab lends the sidebar; null where it has none. */
export interface IHost {
  readonly trans: TranslationBundle;
  readonly registry: ISettingRegistry | null;
}

export async function makePanel({ trans, registry }: IHost): Promise<Widget> {
  const server = new Server();
  const preferences = new Preferences((await registry?.load(PLUGIN)) ?? null);
  const chat = new ChatModel(server);
  const composer = new ComposerModel(chat, preferences);
  return new SidebarPanel({ chat, composer, preferences, trans });
}
