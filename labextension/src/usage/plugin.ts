/** The plugin that opens the spending in the main area. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { Server } from '../api/server';
import { qwenIcon } from '../sidebar/icon';
import { ISpending, USAGE } from './tokens';

const ID = 'qwen-magics-usage';

export const usage: JupyterFrontEndPlugin<void> = {
  id: 'qwen-magics:usage',
  description: 'Shows what was spent, by day and model, and budgets to set.',
  autoStart: true,
  requires: [ISpending],
  optional: [ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    spending: ISpending,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('qwen-magics');
    const tracker = new WidgetTracker<MainAreaWidget<Widget>>({
      namespace: ID
    });
    let shown: MainAreaWidget<Widget> | null = null;
    const open = async (): Promise<void> => {
      if (shown === null || shown.isDisposed) {
        const { makeUsage } = await import('./content');
        const server = new Server(app.serviceManager.serverSettings);
        shown = new MainAreaWidget({
          content: makeUsage(server, spending, trans)
        });
        shown.id = ID;
        shown.title.label = trans.__('Qwen spending');
        shown.title.icon = qwenIcon;
        shown.title.closable = true;
        app.shell.add(shown, 'main');
        await tracker.add(shown);
      }
      app.shell.activateById(ID);
    };
    app.commands.addCommand(USAGE, {
      label: trans.__('Qwen Spending and Budgets'),
      caption: trans.__('What was spent, by day and model; budgets; export'),
      icon: args => (args.isPalette ? undefined : qwenIcon),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            isPalette: {
              type: 'boolean',
              description: trans.__('Whether it is listed in the palette')
            }
          }
        }
      },
      execute: open
    });
    palette?.addItem({
      command: USAGE,
      category: trans.__('Qwen'),
      args: { isPalette: true }
    });
    void restorer?.restore(tracker, { command: USAGE, name: () => ID });
  }
};
