/** Brings the open notebook's thread on screen: the one shown with it last, else the one used last. State only. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ISignal } from '@lumino/signaling';

import type { Server } from '../api/server';
import type { IThreads } from '../api/threads';
import type { IShown } from './model';

/** `OpenNotebook`, as far as it is concerned. */
interface IOpen {
  readonly path: string;
  readonly changed: ISignal<unknown, unknown>;
}

const KEY = 'qwen-magics:threads';
const MOST = 200; // notebooks

export class ThreadOfNotebook {
  constructor(
    private readonly _server: Server,
    private readonly _shown: IShown,
    private readonly _open: IOpen,
    private readonly _state: IStateDB | null
  ) {}

  /** Resolves when the thread of the notebook that is open now is on screen; it is followed from then on. */
  async start(): Promise<void> {
    const kept = await this._state?.fetch(KEY).catch(() => undefined);
    if (Array.isArray(kept)) {
      this._last = new Map(kept as [string, string][]);
    }
    await this._show(this._open.path);
    this._open.changed.connect(() => {
      if (this._open.path !== this._path) {
        void this._show(this._open.path);
      }
    });
    this._shown.changed.connect(() => this._keep(this._shown.thread));
  }

  private async _show(path: string): Promise<void> {
    this._path = path;
    const known = this._last.get(path);
    const thread = known ?? (await this._newest(path));
    if (path !== this._path || this._last.get(path) !== known) {
      return; // another one has been opened since, or something asked
    }
    if (thread !== this._shown.thread) {
      // One that was deleted elsewhere leaves an empty place.
      await this._shown.show(thread).catch(() => this._shown.show(''));
    }
  }

  private async _newest(path: string): Promise<string> {
    const query = `threads?notebook=${encodeURIComponent(path)}`;
    try {
      const found = await this._server.call<IThreads>('GET', query);
      return found.threads[0]?.id ?? '';
    } catch {
      return ''; // the status card says what is wrong
    }
  }

  private _keep(thread: string): void {
    if (this._last.get(this._path) !== thread) {
      this._last.delete(this._path);
      this._last.set(this._path, thread);
      void this._state?.save(KEY, [...this._last].slice(-MOST));
    }
  }

  private _path = '';
  private _last = new Map<string, string>();
}
