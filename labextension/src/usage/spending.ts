/** What this notebook and today cost: kept fresh for the status bar. State only. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IUsageReport } from '../api/office';
import type { Server } from '../api/server';
import type { ISpending } from './tokens';

/** Spending elsewhere on the machine is seen within this time; what is spent in this window at once. */
const INTERVAL = 60_000;

export class Spending implements ISpending, IDisposable {
  constructor(private readonly _server: Server) {
    this._poll = new Poll({
      name: 'qwen-magics:spending',
      auto: false,
      standby: 'when-hidden',
      frequency: { interval: INTERVAL, backoff: true, max: 10 * INTERVAL },
      factory: () => this._read()
    });
  }

  /** Emitted when there is something else to show. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Without days and turns; null while the server has not said. */
  get report(): IUsageReport | null {
    return this._report;
  }

  /** The notebook whose sum is shown; "" for none. */
  get path(): string {
    return this._path;
  }
  set path(path: string) {
    if (path !== this._path) {
      this._path = path;
      void this.refresh();
    }
  }

  async refresh(): Promise<void> {
    if (!this.isDisposed) {
      await this._poll.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    const path = this._path;
    const query = `usage?brief=1&notebook=${encodeURIComponent(path)}`;
    const report = await this._server.call<IUsageReport>('GET', query);
    const same = JSON.stringify(report) === JSON.stringify(this._report);
    if (path === this._path && !same) {
      this._report = report;
      this._changed.emit();
    }
  }

  private _path = '';
  private _report: IUsageReport | null = null;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
}
