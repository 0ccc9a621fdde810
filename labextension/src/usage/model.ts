/** All that was spent on this machine, and budgets to set. State only. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ISetBudget, IUsageReport, Scope } from '../api/office';
import type { Server } from '../api/server';
import type { ISpending } from './tokens';

export class UsageModel implements IDisposable {
  constructor(
    private readonly _server: Server,
    private readonly _spending: ISpending
  ) {
    _spending.changed.connect(this._follow, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null while the server has not said. */
  get report(): IUsageReport | null {
    return this._report;
  }

  /** The notebook whose sum and budget are shown; "" for none. */
  get path(): string {
    return this._path;
  }

  /** Why the last thing that was tried did not work; "" where it did. */
  get problem(): string {
    return this._problem;
  }

  async refresh(): Promise<void> {
    const path = this._spending.path;
    const query = `usage?notebook=${encodeURIComponent(path)}`;
    await this._take(path, () => this._server.call('GET', query));
  }

  /** From now on at most `amount` (null: no limit) per scope, on this machine. */
  async setBudget(
    scope: Scope,
    currency: ISetBudget['currency'],
    amount: string | null
  ): Promise<void> {
    const path = this._path;
    const body: ISetBudget = { scope, currency, amount, notebook: path };
    await this._take(path, () => this._server.call('PUT', 'budgets', body));
    void this._spending.refresh();
  }

  /** The turns as a file, with every digit. */
  async export(
    format: 'csv' | 'json'
  ): Promise<{ name: string; content: Blob } | null> {
    try {
      return await this._server.file(`usage/export?format=${format}`);
    } catch (problem) {
      this._problem = problem instanceof Error ? problem.message : '';
      this._changed.emit();
      return null;
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _follow(): void {
    void this.refresh();
  }

  private async _take(
    path: string,
    ask: () => Promise<IUsageReport>
  ): Promise<void> {
    const asked = (this._asked += 1);
    try {
      const report = await ask();
      if (asked === this._asked) {
        this._report = report;
        this._path = path;
        this._problem = '';
      }
    } catch (problem) {
      this._problem = problem instanceof Error ? problem.message : '';
    }
    this._changed.emit();
  }

  private _report: IUsageReport | null = null;
  private _path = '';
  private _problem = '';
  private _asked = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
