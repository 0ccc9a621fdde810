/** The threads that the server keeps: listed, found, renamed, deleted and brought back. State only. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Server } from '../api/server';
import type { ExportFormat, ISummary, IThread, IThreads } from '../api/threads';

/** The thread on screen: `ChatModel`, as far as its list is concerned. */
export interface IShown {
  readonly thread: string;
  readonly running: unknown;
  readonly changed: ISignal<unknown, void>;
  show(thread: string): Promise<void>;
}

/** Where people are: the open notebook's path, "" for none. */
export interface IWhere {
  readonly path: string;
}

export class ThreadsModel {
  constructor(
    private readonly _server: Server,
    private readonly _shown: IShown,
    private readonly _where: IWhere
  ) {
    _shown.changed.connect(this._follow, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Those that match, the last used first. */
  get threads(): ReadonlyArray<ISummary> {
    return this._threads;
  }

  /** The open notebook's, "" for none. */
  get path(): string {
    return this._where.path;
  }

  /** Those of the open notebook. */
  get here(): ReadonlyArray<ISummary> {
    return this._threads.filter(one => one.notebook === this._where.path);
  }

  get elsewhere(): ReadonlyArray<ISummary> {
    return this._threads.filter(one => one.notebook !== this._where.path);
  }

  /** The one on screen; null for a new one. */
  get current(): ISummary | null {
    return this._current?.id === this._shown.thread ? this._current : null;
  }

  get query(): string {
    return this._query;
  }

  /** The one deleted last, which can be brought back. */
  get removed(): ISummary | null {
    return this._removed;
  }

  /** Why the last thing that was tried did not work; "" where it did. */
  get problem(): string {
    return this._problem;
  }

  /** List again. A list that was asked for later wins. */
  async refresh(): Promise<void> {
    const asked = (this._asked += 1);
    await this._try(async () => {
      const path = `threads?query=${encodeURIComponent(this._query)}`;
      const { threads } = await this._server.call<IThreads>('GET', path);
      if (asked === this._asked) {
        this._threads = threads;
        this._current =
          threads.find(({ id }) => id === this._shown.thread) ?? this._current;
      }
    });
  }

  async search(query: string): Promise<void> {
    this._query = query;
    await this.refresh();
  }

  /** Put a thread on screen; "" begins a new one. */
  async open(thread: string): Promise<void> {
    this._removed = null;
    await this._try(async () => {
      await this._shown.show(thread);
      this._current = this._threads.find(({ id }) => id === thread) ?? null;
    });
  }

  async rename(thread: string, title: string): Promise<void> {
    await this._try(async () => {
      const path = `threads/${thread}`;
      this._take(await this._server.call<ISummary>('PATCH', path, { title }));
    });
  }

  /** Take it off the list; `undo` brings it back. */
  async remove(thread: ISummary): Promise<void> {
    await this._try(async () => {
      await this._server.call('DELETE', `threads/${thread.id}`);
      this._removed = thread;
      this._threads = this._threads.filter(({ id }) => id !== thread.id);
      if (this._shown.thread === thread.id) {
        await this._shown.show('');
      }
    });
  }

  async undo(): Promise<void> {
    const id = this._removed?.id;
    if (id === undefined) {
      return;
    }
    await this._try(async () => {
      await this._server.call('POST', `threads/${id}/restore`);
      this._removed = null;
    });
    await this.refresh();
  }

  /** The thread as a file. */
  async export(
    thread: string,
    format: ExportFormat
  ): Promise<{ name: string; content: Blob } | null> {
    let file: { name: string; content: Blob } | null = null;
    await this._try(async () => {
      file = await this._server.file(
        `threads/${thread}/export?format=${format}`
      );
    });
    return file;
  }

  /** A thread out of a file that was exported here or elsewhere; it is shown then. */
  async import(name: string, content: string): Promise<void> {
    await this._try(async () => {
      const body = { name, content };
      const path = 'threads/import';
      this._take(await this._server.call<IThread>('POST', path, body));
      await this._shown.show(this._threads[0]?.id ?? '');
      this._current = this._threads[0] ?? null;
    });
  }

  /** A turn that began or ended, or another thread, changes titles, sums and order. */
  private _follow(): void {
    const state = `${this._shown.thread} ${this._shown.running !== null}`;
    if (state !== this._seen) {
      this._seen = state;
      void this.refresh();
    }
  }

  private _take(summary: ISummary): void {
    const others = this._threads.filter(({ id }) => id !== summary.id);
    this._threads = [summary, ...others];
    if (summary.id === this._shown.thread) {
      this._current = summary;
    }
  }

  private async _try(act: () => Promise<void>): Promise<void> {
    this._problem = '';
    try {
      await act();
    } catch (problem) {
      this._problem = problem instanceof Error ? problem.message : '';
    }
    this._changed.emit();
  }

  private _threads: ReadonlyArray<ISummary> = [];
  private _current: ISummary | null = null;
  private _removed: ISummary | null = null;
  private _query = '';
  private _problem = '';
  private _seen = ' false';
  private _asked = 0;
  private readonly _changed = new Signal<this, void>(this);
}
