/** The plugin that puts the chat into JupyterLab's right sidebar. What is in it comes when it is first shown. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ISpending } from '../usage/tokens';
import { addCommands } from './commands';
import { qwenIcon } from './icon';
import { Place } from './place';

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'qwen-magics:sidebar',
  description: 'A chat beside the notebook that shows what it sends and costs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [
    ILayoutRestorer,
    ICommandPalette,
    INotebookTracker,
    ISettingRegistry,
    IStateDB,
    ISpending,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    tracker: INotebookTracker | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    spending: ISpending | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('qwen-magics');
    const place = new Place(async () => {
      const { makePanel } = await import('./content');
      return makePanel({
        app,
        trans,
        rendermime,
        registry,
        tracker,
        state,
        spending
      });
    });
    place.id = 'jp-qwen-sidebar';
    place.title.caption = trans.__('Qwen: ask about this notebook');
    place.title.icon = qwenIcon;
    restorer?.add(place, place.id);
    app.shell.add(place, 'right', { rank: 200 });
    addCommands(app, place, palette, trans);
  }
};
