/** Puts code from an answer into the notebook, where it can be undone; the cell knows the turn that it is from. */

import type { NotebookPanel } from '@jupyterlab/notebook';

/** Into a new code cell below the one at `index`, by default the active one. The new one becomes the active one. */
export function insertBelow(
  panel: NotebookPanel,
  code: string,
  from: string,
  index = panel.content.activeCellIndex
): void {
  const { content, model } = panel;
  model?.sharedModel.insertCell(index + 1, {
    cell_type: 'code',
    source: code,
    metadata: { trusted: true, qwen_magics: { from } } // it has no output yet
  });
  content.activeCellIndex = index + 1;
  content.deselectAll();
  void content.scrollToItem(index + 1, 'smart').catch(() => undefined);
}

/** In place of a cell's source; false where there is no such cell, or it can't be edited. */
export function replaceCell(
  panel: NotebookPanel,
  id: string,
  code: string,
  from: string
): boolean {
  const cell = panel.model?.sharedModel.cells.find(one => one.getId() === id);
  if (cell === undefined || cell.getMetadata('editable') === false) {
    return false;
  }
  const ours = cell.getMetadata('qwen_magics');
  cell.transact(() => {
    cell.setSource(code);
    cell.setMetadata('qwen_magics', {
      ...(typeof ours === 'object' ? ours : {}),
      from
    });
  });
  return true;
}
