/** Puts code from an answer into the notebook, where it can be undone; the cell knows the turn that it is from. */

import type { NotebookPanel } from '@jupyterlab/notebook';

/** Into a new code cell below the active one, which becomes the active one. */
export function insertBelow(
  panel: NotebookPanel,
  code: string,
  from: string
): void {
  const { content, model } = panel;
  const index = content.activeCellIndex + 1;
  model?.sharedModel.insertCell(index, {
    cell_type: 'code',
    source: code,
    metadata: { qwen_magics: { from } }
  });
  content.activeCellIndex = index;
}

/** In place of a cell's source; false where there is no such cell. */
export function replaceCell(
  panel: NotebookPanel,
  id: string,
  code: string,
  from: string
): boolean {
  const cell = panel.model?.sharedModel.cells.find(one => one.getId() === id);
  cell?.transact(() => {
    cell.setSource(code);
    cell.setMetadata('qwen_magics', { from });
  });
  return cell !== undefined;
}
