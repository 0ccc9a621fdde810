/** The price of what is being typed, asked soon after each key; an answer that came too late is never shown. State only. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refusal } from '../api/server';
import type { IEstimate, IProblem } from '../api/values';

/** Quiet before asking, in ms: keys of one burst ask once. */
const QUIET = 40;

export class Estimator implements IDisposable {
  constructor(
    private readonly _ask: (signal: AbortSignal) => Promise<IEstimate>
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The last one that came; still shown while the next is on its way. */
  get estimate(): IEstimate | null {
    return this._estimate;
  }

  /** Why there is none for what is typed now. */
  get problem(): IProblem | null {
    return this._problem;
  }

  /** Whether what is shown is of something typed before. */
  get stale(): boolean {
    return this._stale;
  }

  /** Nobody looks: ask nothing until somebody does. */
  get active(): boolean {
    return this._active;
  }
  set active(active: boolean) {
    this._active = active;
    if (active && this._wanted) {
      this.refresh();
    } else if (!active) {
      this._flight?.abort();
    }
  }

  /** Something changed. */
  refresh(): void {
    this._wanted = true;
    this._stale = true;
    if (this._active) {
      void this._soon.invoke();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._flight?.abort();
    this._soon.dispose();
    Signal.clearData(this);
  }

  private async _go(): Promise<void> {
    this._flight?.abort();
    const flight = (this._flight = new AbortController());
    this._wanted = false;
    try {
      const estimate = await this._ask(flight.signal);
      if (!flight.signal.aborted) {
        this._came(estimate, null);
      }
    } catch (problem) {
      if (!flight.signal.aborted) {
        this._came(this._estimate, said(problem));
      } else if (flight === this._flight) {
        this._wanted = true; // nobody looked any more; ask when somebody does
      }
    }
  }

  private _came(estimate: IEstimate | null, problem: IProblem | null): void {
    this._estimate = estimate;
    this._problem = problem;
    this._stale = problem !== null;
    this._changed.emit();
  }

  private readonly _soon = new Debouncer(() => this._go(), QUIET);
  private _estimate: IEstimate | null = null;
  private _problem: IProblem | null = null;
  private _flight: AbortController | null = null;
  private _active = true;
  private _wanted = false;
  private _stale = true;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** What went wrong, as the server says it; or the message, where it said nothing. */
export function said(problem: unknown): IProblem {
  if (problem instanceof Refusal) {
    return problem.problem;
  }
  const message = problem instanceof Error ? problem.message : String(problem);
  return { kind: 'NetworkError', message, remedy: '', request_id: '' };
}
