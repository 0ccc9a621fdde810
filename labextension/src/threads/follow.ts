/**
 * Brings the open notebook's thread on screen: the one shown with it last, else (after a reload) the one used last.
 *
 * The server knows which was used last; JupyterLab's state is saved too late to be asked after a reload. State only.
 */

import type { ISignal } from '@lumino/signaling';

import { Refusal, type Server } from '../api/server';
import type { IThreads } from '../api/threads';
import type { IShown } from './model';

/** `OpenNotebook`, as far as it is concerned. */
interface IOpen {
  /** The same as before: it has another path because it was renamed. */
  readonly panel: unknown;
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
    this._open.changed.connect(() => this._follow());
    this._shown.changed.connect(() => this._keep());
  }

  private _follow(): void {
    const { path, panel } = this._open;
    if (path === this._path) {
      this._panel = panel;
    } else if (panel !== null && panel === this._panel) {
      this._last.delete(this._path);
      this._path = path; // renamed: what is on screen stays
      this._keep();
    } else {
      void this._show(path);
    }
  }

  private async _show(path: string): Promise<void> {
    this._path = path;
    this._panel = this._open.panel;
    this._settled = false; // what is on screen is another notebook's
    const { thread: before, running } = this._shown;
    const thread = this._last.get(path) ?? (await this._newest(path));
    if (path !== this._path) {
      return; // another one has been opened since
    }
    const same = running === this._shown.running;
    const stays = same
      ? running === null && before !== this._shown.thread
      : this._shown.running !== null;
    // Where something was asked or opened since, that stays; a turn left behind may have given its thread a name.
    if (!stays && thread !== this._shown.thread) {
      await this._shown.show(thread).catch(async problem => {
        if (problem instanceof Refusal && problem.status === 404) {
          this._last.delete(path); // deleted elsewhere
        }
        await this._shown.show('');
      });
    }
    if (path === this._path) {
      this._settled = true;
      if (this._shown.thread !== '') {
        this._keep();
      }
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

  /** What is on screen is this notebook's. */
  private _keep(): void {
    const { thread, running } = this._shown;
    if (!this._settled) {
      return;
    }
    if (thread === '' && running !== null) {
      this._last.delete(this._path); // it has no name yet: it is the newest one as soon as it has
    } else {
      this._last.set(this._path, thread);
    }
  }

  private _path = '';
  private _panel: unknown = null;
  private _settled = false;
  private readonly _last = new Map<string, string>();
}
