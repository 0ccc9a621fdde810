/** Puts the sidebar's models together. The one place that knows all of them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { Server } from '../api/server';
import { ChatModel } from '../chat/model';
import { ComposerModel } from '../composer/model';
import { SidebarPanel } from './panel';

export function makePanel(trans: TranslationBundle): Widget {
  const server = new Server();
  const chat = new ChatModel(server);
  const composer = new ComposerModel(chat);
  return new SidebarPanel({ chat, composer, trans });
}
