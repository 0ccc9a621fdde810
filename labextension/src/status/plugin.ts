/** The plugin that shows the spending in the status bar, and tells other parts' turns to it. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { Server } from '../api/server';
import { PLUGIN } from '../settings/model';
import { Spending } from '../usage/spending';
import { ISpending, USAGE } from '../usage/tokens';

export const statusbar: JupyterFrontEndPlugin<ISpending> = {
  id: 'qwen-magics:statusbar',
  description: 'Shows in the status bar what this notebook and today cost.',
  autoStart: true,
  provides: ISpending,
  optional: [IStatusBar, INotebookTracker, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    statusBar: IStatusBar | null,
    tracker: INotebookTracker | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('qwen-magics');
    const spending = new Spending(
      new Server(app.serviceManager.serverSettings)
    );
    void app.restored.then(async () => {
      await follow(app, tracker, spending);
      if (statusBar !== null) {
        await show(app, statusBar, registry, spending, trans);
      }
    });
    return spending;
  }
};

/** The item, for as long as the settings want it. */
async function show(
  app: JupyterFrontEnd,
  statusBar: IStatusBar,
  registry: ISettingRegistry | null,
  spending: Spending,
  trans: TranslationBundle
): Promise<void> {
  const { SpendItem } = await import('./bar');
  const wanted = new Signal<Spending, void>(spending);
  let isWanted = true;
  statusBar.registerStatusItem('qwen-magics:statusbar', {
    item: new SpendItem(spending, trans, () => {
      void app.commands.execute(USAGE);
    }),
    align: 'right',
    rank: 90,
    isActive: () => isWanted,
    activeStateChanged: wanted
  });
  const take = (settings: ISettingRegistry.ISettings): void => {
    isWanted = settings.composite.statusBar !== false;
    wanted.emit();
  };
  void registry?.load(PLUGIN).then(settings => {
    take(settings);
    settings.changed.connect(take);
  });
}

/** Look at the sums of the notebook in front, and again whenever one of its cells may have asked. */
async function follow(
  app: JupyterFrontEnd,
  tracker: INotebookTracker | null,
  spending: Spending
): Promise<void> {
  const { contents } = app.serviceManager;
  const look = (): void => {
    const path = tracker?.currentWidget?.context.path ?? '';
    spending.path = contents.localPath(path);
  };
  look();
  tracker?.currentChanged.connect(look);
  tracker?.forEach(panel => panel.context.pathChanged.connect(look)); // it may be renamed
  tracker?.widgetAdded.connect((_, panel) => {
    panel.context.pathChanged.connect(look);
  });
  void spending.refresh();
  const { NotebookActions } = await import('@jupyterlab/notebook');
  NotebookActions.executed.connect((_, { cell }) => {
    if (cell.model.sharedModel.getSource().includes('qwen')) {
      void spending.refresh();
    }
  });
}
