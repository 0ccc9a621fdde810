/** What can be done with an answer's code: copied, inserted below the active cell, put in place of a cell. */

import { Clipboard } from '@jupyterlab/apputils';

import type { IOpenNotebook } from '../notebook/open';
import { insertBelow, replaceCell } from '../notebook/insert';
import type { Turn } from './turn';

const NAME_CELLS = new Set(['error', 'cell', 'selection']);

/** A cell that code may replace. */
export interface ITarget {
  readonly id: string;
  /** Counts all cells from 1. */
  readonly number: number;
  readonly source: string;
}

export interface ICodeActions {
  copy(text: string): void;
  /** Into a new cell below the active one; false where no notebook is open. */
  below(code: string, turn: Turn): boolean;
  /** The cell that this turn's code would replace: the one that was asked about, else the active one. */
  target(turn: Turn): ITarget | null;
  /** False where that cell is gone. */
  replace(target: ITarget, code: string, turn: Turn): boolean;
}

export class CodeActions implements ICodeActions {
  constructor(private readonly _open: IOpenNotebook) {}

  copy(text: string): void {
    Clipboard.copyToSystem(text);
  }

  below(code: string, turn: Turn): boolean {
    const { panel } = this._open;
    if (panel === null) {
      return false;
    }
    insertBelow(panel, code, turn.id);
    return true;
  }

  target(turn: Turn): ITarget | null {
    const { panel, active, cells } = this._open;
    const named = turn.chips
      .filter(({ kind, on }) => on && NAME_CELLS.has(kind))
      .map(({ name }) => cells.find(({ id }) => id === name));
    const cell = named.find(found => found?.kind === 'code') ?? active;
    const model = cell && panel?.model?.cells.get(cell.number - 1);
    return model
      ? {
          id: cell.id,
          number: cell.number,
          source: model.sharedModel.getSource()
        }
      : null;
  }

  replace(target: ITarget, code: string, turn: Turn): boolean {
    const { panel } = this._open;
    return panel !== null && replaceCell(panel, target.id, code, turn.id);
  }
}
