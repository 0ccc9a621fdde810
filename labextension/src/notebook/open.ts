/**
 * The notebook that is open: its cells, what is selected, where it fails, and the server's copy of it kept in step.
 * State only; what goes along with a question is the composer's to say.
 */

import type { Cell, ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refusal, type Server } from '../api/server';
import { VERSION, type IHeld } from '../api/values';
import { fresh, snapshot, type ISnapshot } from './snapshot';

/** Another notebook (or none), other cells or other text in them, another selection. */
export type OpenChange = 'notebook' | 'cells' | 'selection';

/** A cell as people name it; `number` counts all cells from 1. */
export interface IOpenCell {
  readonly id: string;
  readonly number: number;
  readonly kind: 'code' | 'markdown' | 'raw';
  /** Its first line with something in it. */
  readonly title: string;
  readonly failed: boolean;
}

export interface ISelected {
  readonly cell: string;
  readonly text: string;
}

/** What others may know of it. */
export interface IOpenNotebook {
  readonly changed: ISignal<IOpenNotebook, OpenChange>;
  readonly panel: NotebookPanel | null;
  /** The server's path of it, relative to its root; "" where none is open. */
  readonly path: string;
  readonly name: string;
  readonly cells: ReadonlyArray<IOpenCell>;
  /** The cell that has the cursor. */
  readonly active: IOpenCell | null;
  /** The text selected in it. */
  readonly selected: ISelected | null;
  /** The cell that failed last. */
  readonly failed: IOpenCell | null;
  /** The notebook as it is now, null where none is open. */
  snapshot(): ISnapshot | null;
  /** Bring the server's copy up to date; the name by which it holds it, "" where none is open. */
  sync(signal?: AbortSignal): Promise<string>;
  /** Do something with that name, and once more after sending it anew where the server no longer holds it. */
  held<T>(
    use: (notebook: string) => Promise<T>,
    signal?: AbortSignal
  ): Promise<T>;
}

export class OpenNotebook implements IOpenNotebook {
  /** `localPath` takes a drive's name off a path (`Contents.IManager.localPath`). */
  constructor(
    private readonly _server: Server,
    private readonly _tracker: INotebookTracker | null,
    private readonly _localPath: (path: string) => string = path => path
  ) {
    _tracker?.currentChanged.connect(this._follow, this);
    _tracker?.activeCellChanged.connect(this._followCell, this);
    this._follow();
  }

  get changed(): ISignal<this, OpenChange> {
    return this._changed;
  }

  get panel(): NotebookPanel | null {
    return this._panel?.isDisposed === false ? this._panel : null;
  }

  get path(): string {
    return this.panel ? this._localPath(this.panel.context.path) : '';
  }

  get name(): string {
    return PathExt.basename(this.path);
  }

  get cells(): ReadonlyArray<IOpenCell> {
    return Array.from(this.panel?.model?.cells ?? [], named);
  }

  get active(): IOpenCell | null {
    const index = this.panel?.content.activeCellIndex ?? -1;
    const model = index < 0 ? undefined : this.panel?.model?.cells.get(index);
    return model ? named(model, index) : null;
  }

  get selected(): ISelected | null {
    const cell = this.panel?.content.activeCell;
    const text = cell?.editor ? marked(cell.editor) : '';
    return cell && text.trim() ? { cell: cell.model.id, text } : null;
  }

  get failed(): IOpenCell | null {
    let last: { cell: IOpenCell; count: number } | null = null;
    for (const [index, model] of Array.from(
      this.panel?.model?.cells ?? []
    ).entries()) {
      const count = hasFailed(model) ? (model.executionCount ?? 0) : -1;
      if (count >= 0 && count >= (last?.count ?? 0)) {
        last = { cell: named(model, index), count };
      }
    }
    return last?.cell ?? null;
  }

  snapshot(): ISnapshot | null {
    const model = this.panel?.model;
    return model ? snapshot(model, this.path) : null;
  }

  async sync(signal?: AbortSignal): Promise<string> {
    const now = this.snapshot();
    if (now === null) {
      return '';
    }
    const stamp = [
      now.path,
      JSON.stringify(now.metadata),
      ...now.cells.map(({ key }) => key)
    ].join('\n');
    if (this._held?.stamp === stamp) {
      return this._held.name;
    }
    let held = await this._send(now, signal);
    for (const key of held.missing) {
      this._known.delete(key);
    }
    if (held.missing.length) {
      held = await this._send(now, signal);
    }
    this._held = held.notebook ? { stamp, name: held.notebook } : null;
    return held.notebook;
  }

  async held<T>(
    use: (notebook: string) => Promise<T>,
    signal?: AbortSignal
  ): Promise<T> {
    try {
      return await use(await this.sync(signal));
    } catch (problem) {
      if (!(problem instanceof Refusal) || !problem.stale) {
        throw problem;
      }
      this._held = null;
      return use(await this.sync(signal));
    }
  }

  private async _send(now: ISnapshot, signal?: AbortSignal): Promise<IHeld> {
    const cells = now.cells.map(({ key }) => key);
    const held = await this._server.call<IHeld>(
      'POST',
      'notebook',
      {
        version: VERSION,
        path: now.path,
        metadata: now.metadata,
        cells,
        fresh: fresh(now, key => this._known.has(key))
      },
      signal
    );
    cells.forEach(key => this._known.add(key));
    return held;
  }

  private _follow(): void {
    const panel = this._tracker?.currentWidget ?? null;
    if (panel !== this._panel) {
      this._panel?.model?.contentChanged.disconnect(this._onCells, this);
      this._panel?.context.pathChanged.disconnect(this._onNotebook, this);
      this._panel = panel;
      panel?.model?.contentChanged.connect(this._onCells, this);
      panel?.context.pathChanged.connect(this._onNotebook, this);
      void panel?.context.ready.then(() => this._onNotebook());
    }
    this._followCell();
    this._onNotebook();
  }

  private _followCell(): void {
    const cell = this._tracker?.activeCell ?? null;
    this._cell?.model?.selections.changed.disconnect(this._onSelection, this);
    this._cell = cell;
    cell?.model.selections.changed.connect(this._onSelection, this);
    this._onSelection();
  }

  private _onNotebook(): void {
    this._changed.emit('notebook');
  }

  private _onCells(): void {
    this._changed.emit('cells');
  }

  private _onSelection(): void {
    this._changed.emit('selection');
  }

  private _panel: NotebookPanel | null = null;
  private _cell: Cell | null = null;
  private _held: { stamp: string; name: string } | null = null;
  private readonly _known = new Set<string>();
  private readonly _changed = new Signal<this, OpenChange>(this);
}

function named(model: ICellModel, index: number): IOpenCell {
  const source = model.sharedModel.getSource();
  return {
    id: model.id,
    number: index + 1,
    kind:
      model.type === 'code' || model.type === 'markdown' ? model.type : 'raw',
    title: (/\S[^\n]*/.exec(source)?.[0] ?? '').slice(0, 80),
    failed: hasFailed(model)
  };
}

function hasFailed(model: ICellModel): model is ICodeCellModel {
  const outputs = model.type === 'code' && (model as ICodeCellModel).outputs;
  for (let index = 0; outputs && index < outputs.length; index++) {
    if (outputs.get(index).type === 'error') {
      return true;
    }
  }
  return false;
}

function marked(editor: CodeEditor.IEditor): string {
  const { start, end } = editor.getSelection();
  const offsets = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
  return editor.model.sharedModel
    .getSource()
    .slice(Math.min(...offsets), Math.max(...offsets));
}
