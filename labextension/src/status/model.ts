/** Whether a question could be asked now, and what to do where it could not. State only. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ILack, IStatus, ITested } from '../api/office';
import type { Server } from '../api/server';
import type { Preferences } from '../settings/model';

/** The server itself gave no answer. */
export const UNREACHABLE = 'unreachable';

export class StatusModel implements IDisposable {
  constructor(
    private readonly _server: Server,
    private readonly _preferences: Preferences
  ) {
    this._seen = this._asks();
    _preferences.changed.connect(this._follow, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null while the server has not said. */
  get status(): IStatus | null {
    return this._status;
  }

  /** What is missing, the most pressing first. */
  get lacks(): ReadonlyArray<ILack> {
    return this._lacks;
  }

  /** What came of the last test of the endpoint; null while there was none. */
  get tested(): ITested | null {
    return this._tested;
  }

  get testing(): boolean {
    return this._testing;
  }

  /** Look again. The server looks only at its own machine for that. */
  async refresh(): Promise<void> {
    const asked = (this._asked += 1);
    let lacks: ReadonlyArray<ILack>;
    let status = this._status;
    try {
      const { provider, model } = this._preferences.options;
      const query =
        `provider=${encodeURIComponent(provider ?? '')}` +
        `&model=${encodeURIComponent(model ?? '')}`;
      status = await this._server.call<IStatus>('GET', `status?${query}`);
      lacks = status.problems;
    } catch (problem) {
      const what = problem instanceof Error ? problem.message : '';
      lacks = [{ code: UNREACHABLE, what, remedy: '', action: '' }];
    }
    if (asked === this._asked && !this.isDisposed) {
      this._status = status;
      this._lacks = lacks;
      this._changed.emit();
    }
  }

  /** Look every few seconds until nothing is missing: somebody is about to change that elsewhere. */
  watch(): void {
    this._poll ??= new Poll({
      name: 'qwen-magics:status',
      auto: false,
      standby: 'when-hidden',
      frequency: { interval: 3000, backoff: true, max: 30_000 },
      factory: async () => {
        await this.refresh();
        if (this._lacks.length === 0) {
          this._stop();
        }
      }
    });
    void this._poll.start();
  }

  /** Ask the endpoint for its list of models: the key goes there, nothing else. */
  async test(): Promise<void> {
    this._testing = true;
    this._tested = null;
    this._changed.emit();
    try {
      const { provider } = this._preferences.options;
      this._tested = await this._server.call('POST', 'test', { provider });
    } catch (problem) {
      const said = problem instanceof Error ? problem.message : '';
      this._tested = {
        ok: false,
        sent: '',
        said,
        cost: '0',
        ms: null,
        problem: null
      };
    }
    this._testing = false;
    this._changed.emit();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._stop();
    Signal.clearData(this);
  }

  private _follow(): void {
    const asks = this._asks();
    if (asks !== this._seen) {
      this._seen = asks;
      this._tested = null;
      void this.refresh();
    }
  }

  /** Who is asked. */
  private _asks(): string {
    const { provider, model } = this._preferences.options;
    return JSON.stringify([provider, model]);
  }

  private _stop(): void {
    this._poll?.dispose();
    this._poll = null;
  }

  private _status: IStatus | null = null;
  private _lacks: ReadonlyArray<ILack> = [];
  private _tested: ITested | null = null;
  private _testing = false;
  private _seen: string;
  private _poll: Poll | null = null;
  private _asked = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
