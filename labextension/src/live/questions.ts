/** Tells `%%qwen` cells apart, so that the style sheet doesn't colour their words as if they were Python. */

import type { ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';

const QUESTION = 'jp-mod-qwenQuestion';
const ASKS = /^\s*%%qwen\b/;

/** Keep the class of the notebook's cells true. */
export function marked(panel: NotebookPanel): void {
  const known = new WeakMap<ICellModel, boolean>();
  const look = (model: ICellModel): void => {
    const asks = ASKS.test(model.sharedModel.getSource());
    if (asks !== (known.get(model) ?? false)) {
      known.set(model, asks);
      const cell = panel.content.widgets.find(one => one.model === model);
      cell?.toggleClass(QUESTION, asks);
    }
  };
  const follow = (model: ICellModel): void => {
    model.contentChanged.connect(look);
    look(model);
  };
  void panel.context.ready.then(() => {
    const cells = panel.model?.cells;
    for (const model of cells ?? []) {
      follow(model);
    }
    cells?.changed.connect((_, { newValues }) => newValues.forEach(follow));
  });
}
