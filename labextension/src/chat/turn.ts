/** One question and its answer, as far as it has come. State only; views listen to `changed`. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IProblem, TurnEvent } from '../api/values';
import type { IReceipt } from '../receipt/values';

export type TurnState =
  'asking' | 'running' | 'complete' | 'stopped' | 'failed' | 'lost';

export class Turn {
  constructor(
    readonly question: string,
    readonly parent: string
  ) {}

  id = '';
  answer = '';
  thinking = '';
  state: TurnState = 'asking';
  receipt: IReceipt | null = null;
  problem: IProblem | null = null;
  /** The number of the last event that came. */
  last = 0;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Take one event of the stream. */
  take(event: TurnEvent): void {
    switch (event.type) {
      case 'accepted':
        this.id = event.turn;
        break;
      case 'thinking':
        this.thinking += event.text;
        break;
      case 'text':
        this.answer += event.text;
        this.state = 'running';
        break;
      case 'started':
      case 'running':
        this.receipt = event.receipt;
        this.state = 'running';
        break;
      case 'settled':
        this.receipt = event.receipt;
        this.answer = event.text || this.answer;
        this.state =
          event.receipt.status === 'replayed'
            ? 'complete'
            : event.receipt.status;
        break;
      case 'failed':
        this.fail(event.error);
        return;
    }
    this._changed.emit();
  }

  fail(problem: IProblem): void {
    this.problem = problem;
    this.state = 'failed';
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
}
