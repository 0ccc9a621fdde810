/** What people see of a notebook's cells: numbers, first lines, failures, the selected text. Pure. */

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { CodeEditor } from '@jupyterlab/codeeditor';

/** A cell as people name it; `number` counts all cells from 1. */
export interface IOpenCell {
  readonly id: string;
  readonly number: number;
  readonly kind: 'code' | 'markdown' | 'raw';
  /** Its first line with something in it. */
  readonly title: string;
  readonly failed: boolean;
  /** The kernel's number of its last run, null where it has none. */
  readonly count: number | null;
}

export interface ISelected {
  readonly cell: string;
  readonly text: string;
}

/** The cell at `index`, as people name it. */
export function named(model: ICellModel, index: number): IOpenCell {
  const source = model.sharedModel.getSource();
  return {
    id: model.id,
    number: index + 1,
    kind:
      model.type === 'code' || model.type === 'markdown' ? model.type : 'raw',
    title: (/\S[^\n]*/.exec(source)?.[0] ?? '').slice(0, 80),
    failed: hasFailed(model),
    count:
      model.type === 'code' ? (model as ICodeCellModel).executionCount : null
  };
}

function hasFailed(model: ICellModel): boolean {
  const outputs = model.type === 'code' && (model as ICodeCellModel).outputs;
  for (let index = 0; outputs && index < outputs.length; index++) {
    if (outputs.get(index).type === 'error') {
      return true;
    }
  }
  return false;
}

/** The text that is selected in an editor. */
export function marked(editor: CodeEditor.IEditor): string {
  const { start, end } = editor.getSelection();
  const offsets = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
  return editor.model.sharedModel
    .getSource()
    .slice(Math.min(...offsets), Math.max(...offsets));
}
