/**
 * Hands a kernel the notebook as it is on screen, before a cell runs that asks. Each cell goes once, then its key.
 *
 * It goes in the `comm_open` of a comm of its own: only that is handled before the execute request behind it.
 * `qwen_magics/magics/comms.py` takes it, and says in closing which cells it lacks.
 */

import type { Cell } from '@jupyterlab/cells';
import type {
  INotebookTracker,
  Notebook,
  NotebookPanel
} from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Contents, Kernel } from '@jupyterlab/services';
import { CommsOverSubshells } from '@jupyterlab/services';
import type { JSONObject, JSONValue } from '@lumino/coreutils';
import { DisposableSet } from '@lumino/disposable';

import { VERSION } from '../api/values';
import { fresh, snapshot } from '../notebook/snapshot';
import { bounded } from './bounds';

const TARGET = 'qwen-magics';
/** What asks says so in its source: `%%qwen`, `%qwen_context`, … */
const ASKS = /%qwen/;
/** `%load_ext qwen_magics` and its like begin a session that knows nothing. */
const LOADS = /qwen_magics/;

/** What a kernel has. */
interface IKnown {
  keys: ReadonlySet<string>;
  /** Whether it can read what we say. */
  reads: boolean;
}

export class Copies {
  constructor(
    private readonly _tracker: Pick<INotebookTracker, 'find'>,
    private readonly _contents: Pick<Contents.IManager, 'localPath'>
  ) {}

  start(): void {
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) =>
      this.scheduled(notebook, cell)
    );
  }

  /** A cell is about to be sent to the kernel. Cheap for one that doesn't ask. */
  scheduled(notebook: Notebook, cell: Cell): void {
    const source = cell.model.sharedModel.getSource();
    if (!ASKS.test(source) && !LOADS.test(source)) {
      return;
    }
    const panel = this._tracker.find(({ content }) => content === notebook);
    const kernel = panel?.sessionContext.session?.kernel;
    if (panel && kernel) {
      if (ASKS.test(source)) {
        this._hand(panel, kernel);
      }
      if (LOADS.test(source)) {
        this._of(kernel).keys = new Set();
      }
    }
  }

  private _hand(panel: NotebookPanel, kernel: Kernel.IKernelConnection): void {
    const known = this._of(kernel);
    if (panel.model === null || !kernel.handleComms || !known.reads) {
      return; // the kernel reads the file
    }
    const path = this._contents.localPath(panel.context.path);
    const now = snapshot(panel.model, path);
    const cells = bounded(fresh(now, key => known.keys.has(key)));
    if (cells === null) {
      return;
    }
    const keys = now.cells.map(({ key }) => key);
    const comm = kernel.createComm(TARGET);
    comm.commsOverSubshells = CommsOverSubshells.Disabled; // no thread of its own in the kernel
    this._open.add(comm);
    comm.onClose = ({ content }) => {
      this._open.remove(comm);
      this._closed(known, content.data);
    };
    known.keys = new Set(keys);
    comm.open({
      version: VERSION,
      path,
      metadata: now.metadata as JSONObject,
      cells: keys,
      fresh: cells as unknown as JSONObject
    });
  }

  /** What the kernel says of a copy: a kernel that doesn't know us says nothing. */
  private _closed(known: IKnown, data: JSONValue): void {
    const said = data as { taken?: boolean; missing?: string[] };
    known.reads = said.taken !== false;
    if (!said.taken) {
      known.keys = new Set();
    } else if (said.missing?.length) {
      const missing = new Set(said.missing);
      known.keys = new Set([...known.keys].filter(key => !missing.has(key)));
    }
  }

  private _of(kernel: Kernel.IKernelConnection): IKnown {
    const found = this._known.get(kernel);
    if (found !== undefined) {
      return found;
    }
    const known: IKnown = { keys: new Set(), reads: true };
    this._known.set(kernel, known);
    kernel.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') {
        known.keys = new Set();
        known.reads = true;
      }
    });
    return known;
  }

  private readonly _open = new DisposableSet(); // until the kernel closes them
  private readonly _known = new WeakMap<Kernel.IKernelConnection, IKnown>();
}
