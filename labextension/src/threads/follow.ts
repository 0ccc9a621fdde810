/**
 * Brings the open notebook's thread on screen: the one shown with it last, else (after a reload) the one used last.
 *
 * The server knows which was used last; JupyterLab's state is saved too late to be asked after a reload. State only.
 */

import type { ISignal } from '@lumino/signaling';

import type { Server } from '../api/server';
import type { IThreads } from '../api/threads';
import type { IShown } from './model';

/** `OpenNotebook`, as far as it is concerned. */
interface IOpen {
  readonly path: string;
  readonly changed: ISignal<unknown, unknown>;
}

export class ThreadOfNotebook {
  constructor(
    private readonly _server: Server,
    private readonly _shown: IShown,
    private readonly _open: IOpen
  ) {}

  /** Resolves when the thread of the notebook that is open now is on screen; it is followed from then on. */
  async start(): Promise<void> {
    await this._show(this._open.path);
    this._open.changed.connect(() => {
      if (this._open.path !== this._path) {
        void this._show(this._open.path);
      }
    });
    this._shown.changed.connect(() => {
      if (this._settled) {
        this._last.set(this._path, this._shown.thread);
      }
    });
  }

  private async _show(path: string): Promise<void> {
    this._path = path;
    this._settled = false; // what is on screen is another notebook's
    const before = this._shown.thread;
    const thread = this._last.get(path) ?? (await this._newest(path));
    if (path !== this._path) {
      return; // another one has been opened since
    }
    // Where something was asked or opened since, that stays.
    if (this._shown.thread === before && thread !== before) {
      // One that was deleted elsewhere leaves an empty place.
      await this._shown.show(thread).catch(() => this._shown.show(''));
    }
    if (path === this._path) {
      this._settled = true;
      this._last.set(path, this._shown.thread);
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

  private _path = '';
  private _settled = false;
  private readonly _last = new Map<string, string>();
}
