/** The open thread: its turns in order, the one in flight, asking and stopping. State only; nothing of React. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refusal, type Server } from '../api/server';
import type { IThread } from '../api/threads';
import type { IQuestion } from '../api/values';
import { Turn } from './turn';

export class ChatModel {
  constructor(private readonly _server: Server) {}

  thread = '';

  /** Emitted when turns come, go, or the one in flight ends; a turn's own text has its own signal. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get turns(): ReadonlyArray<Turn> {
    return this._turns;
  }

  /** The turn that is being answered. */
  get running(): Turn | null {
    return this._running;
  }

  /** The id of the turn that the next question follows; "" at the beginning. */
  get head(): string {
    return this._turns[this._turns.length - 1]?.id ?? '';
  }

  /** Open a thread; "" begins a new one. (The header and the list of threads call it.) */
  async show(thread: string): Promise<void> {
    const found = thread
      ? await this._server.call<IThread>('GET', `threads/${thread}`)
      : null;
    this.thread = thread;
    this._turns = (found?.turns_list ?? []).map(record => {
      const turn = new Turn(record.question, record.parent);
      return Object.assign(turn, { id: record.id, answer: record.answer });
    });
    this._changed.emit();
  }

  /** Ask. Resolves when the turn has ended; throws the Refusal where it never began, and nothing has left then. */
  async ask(question: IQuestion): Promise<void> {
    const turn = (this._running = new Turn(question.text, question.parent));
    this._turns = [...this._turns, turn];
    this._changed.emit();
    try {
      for await (const { number, event } of this._server.ask(question)) {
        turn.last = number;
        if (event.type === 'accepted') {
          this.thread = event.thread;
        }
        turn.take(event);
      }
    } catch (problem) {
      if (problem instanceof Refusal && !turn.id) {
        this._turns = this._turns.filter(one => one !== turn);
      }
      throw problem;
    } finally {
      this._running = null;
      this._changed.emit();
    }
  }

  async stop(): Promise<void> {
    if (this._running?.id) {
      await this._server.stop(this._running.id);
    }
  }

  private _turns: ReadonlyArray<Turn> = [];
  private _running: Turn | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
