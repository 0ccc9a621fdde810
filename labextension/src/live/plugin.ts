/** The plugin for `%%qwen` cells: the kernel sees what is on screen, questions look like prose, code gets buttons. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { decorated } from './answers';

export const live: JupyterFrontEndPlugin<void> = {
  id: 'qwen-magics:live',
  description:
    'Hands kernels the notebook as it is on screen before a cell asks Qwen, and puts buttons on the code of answers.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('qwen-magics');
    const { contents } = app.serviceManager;
    let first = true;
    const add = (_: unknown, panel: NotebookPanel): void => {
      decorated(panel, trans);
      void import('./questions').then(({ marked }) => marked(panel));
      if (first) {
        first = false;
        void import('./copies').then(({ Copies }) => {
          new Copies(tracker, contents).start();
        });
      }
    };
    tracker.forEach(panel => add(tracker, panel));
    tracker.widgetAdded.connect(add);
  }
};
