/** Brings the open notebook's thread on screen: the one shown with it last, else the one used last. State only. */

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
  ) {
    _open.changed.connect(() => void this.follow());
    _shown.changed.connect(() => this._last.set(this._path, _shown.thread));
  }

  /** Resolves when the thread of the notebook that is open now is on screen. */
  async follow(): Promise<void> {
    const { path } = this._open;
    if (path === this._path && this._last.has(path)) {
      return;
    }
    this._path = path;
    const thread = this._last.get(path) ?? (await this._newest(path));
    if (path !== this._path) {
      return; // another one has been opened since
    }
    this._last.set(path, thread);
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

  private _path = '';
  private readonly _last = new Map<string, string>();
}
