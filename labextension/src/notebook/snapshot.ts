/** A notebook as it is on screen, unsaved edits and all: each cell by a key that changes with its content. Sends nothing. */

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import { UUID } from '@lumino/coreutils';

import type { ILiveCell } from '../api/values';
import { thin } from './thin';

/** A cell as it was when it had this key. */
export interface IKeyed {
  readonly key: string;
  readonly cell: ILiveCell;
}

/** A notebook at one moment; later edits don't change it. */
export interface ISnapshot {
  /** The server's own path of it, relative to its root. */
  readonly path: string;
  readonly cells: ReadonlyArray<IKeyed>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const page = UUID.uuid4(); // keys of two browsers never meet
let made = 0;
const known = new WeakMap<ICellModel, IKeyed & { readonly printed: number }>();
const followed = new WeakSet<ICellModel>();

/** The notebook as it is now. Only what changed since the last look is copied. */
export function snapshot(model: INotebookModel, path: string): ISnapshot {
  return {
    path,
    cells: Array.from(model.cells, keyed),
    metadata: model.metadata
  };
}

/** What is sent of it to somebody who has the cells of these keys. */
export function fresh(
  { cells }: ISnapshot,
  has: (key: string) => boolean
): Record<string, ILiveCell> {
  return Object.fromEntries(
    cells.filter(({ key }) => !has(key)).map(({ key, cell }) => [key, cell])
  );
}

function keyed(model: ICellModel): IKeyed {
  const length = printed(model);
  let found = known.get(model);
  if (found?.printed !== length) {
    if (!followed.has(model)) {
      followed.add(model);
      model.contentChanged.connect(forget);
    }
    found = {
      key: `${page}.${++made}`,
      cell: live(model),
      printed: length
    };
    known.set(model, found);
  }
  return found;
}

/** How much a cell has printed: what is printed behind earlier text changes a cell without a signal. */
function printed(model: ICellModel): number {
  let length = 0;
  if (model.type === 'code') {
    const { outputs } = model as ICodeCellModel;
    for (let index = 0; index < outputs.length; index++) {
      length += outputs.get(index).streamText?.text.length ?? 0;
    }
  }
  return length;
}

function forget(model: ICellModel): void {
  known.delete(model);
}

function live(model: ICellModel): ILiveCell {
  const { cell_type, source, metadata, ...code } = model.toJSON();
  const { outputs, execution_count } = code as Partial<{
    outputs: Record<string, unknown>[];
    execution_count: number | null;
  }>;
  return {
    kind: cell_type === 'code' || cell_type === 'markdown' ? cell_type : 'raw',
    source: typeof source === 'string' ? source : source.join(''),
    id: model.id,
    metadata,
    outputs: (outputs ?? []).map(thin),
    execution_count: execution_count ?? null
  };
}
