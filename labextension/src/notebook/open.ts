/**
 * The notebook that is open: its cells, what is selected, where it fails, and the server's copy of it kept in step.
 * State only; what goes along with a question is the composer's to say.
 */

import type { Cell } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refusal, type Server } from '../api/server';
import { VERSION, type IHeld } from '../api/values';
import { marked, named, type IOpenCell, type ISelected } from './cells';
import { fresh, snapshot, type ISnapshot } from './snapshot';

/** Another notebook (or none), other cells or other text in them, another selection. */
export type OpenChange = 'notebook' | 'cells' | 'selection';

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
  /** A path of JupyterLab's without its drive's name: the server's own. */
  localPath(path: string): string;
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
  constructor(
    private readonly _server: Server,
    private readonly _tracker: INotebookTracker | null,
    private readonly _contents: Pick<Contents.IManager, 'localPath'> | null
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
    return this.panel ? this.localPath(this.panel.context.path) : '';
  }

  get name(): string {
    return PathExt.basename(this.path);
  }

  get cells(): ReadonlyArray<IOpenCell> {
    this._cells ??= Array.from(this.panel?.model?.cells ?? [], named);
    return this._cells;
  }

  get active(): IOpenCell | null {
    return this.cells[this.panel?.content.activeCellIndex ?? -1] ?? null;
  }

  get selected(): ISelected | null {
    const cell = this.panel?.content.activeCell;
    const text = cell?.editor ? marked(cell.editor) : '';
    return cell && text.trim() ? { cell: cell.model.id, text } : null;
  }

  get failed(): IOpenCell | null {
    let last: IOpenCell | null = null;
    for (const cell of this.cells) {
      last = cell.failed && count(cell) >= count(last) ? cell : last;
    }
    return last;
  }

  readonly localPath = (path: string): string =>
    this._contents?.localPath(path) ?? path;

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
    this._cells = null;
    this._changed.emit('notebook');
  }

  private _onCells(): void {
    this._cells = null;
    this._changed.emit('cells');
  }

  private _onSelection(): void {
    this._changed.emit('selection');
  }

  private _panel: NotebookPanel | null = null;
  private _cell: Cell | null = null;
  /** As they are until something changes: a long notebook is looked at at every key. */
  private _cells: ReadonlyArray<IOpenCell> | null = null;
  private _held: { stamp: string; name: string } | null = null;
  private readonly _known = new Set<string>();
  private readonly _changed = new Signal<this, OpenChange>(this);
}

function count(cell: IOpenCell | null): number {
  return cell?.count ?? 0;
}
