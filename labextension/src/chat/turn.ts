/** One question and its answer, as far as it has come. State only; views listen to `changed`. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ITurnRecord } from '../api/threads';
import type { IChip, IProblem, TurnEvent } from '../api/values';
import { readReceipt, type IReceipt } from '../receipt/values';
import { Blocks, type IBlock } from './blocks';

export type TurnState =
  'asking' | 'running' | 'complete' | 'stopped' | 'failed' | 'lost';

/** What is waited for, before the first word or while the connection is away. */
export type Waiting =
  | Extract<TurnEvent, { type: 'progress' | 'retrying' }>
  | { readonly type: 'reconnecting' };

let keys = 0;

export class Turn {
  constructor(
    readonly question: string,
    readonly parent: string,
    readonly chips: ReadonlyArray<IChip> = []
  ) {}

  static of(record: ITurnRecord): Turn {
    const turn = new Turn(record.question, record.parent, record.chips);
    turn.id = record.id;
    turn.merge(record);
    return turn;
  }

  /** Names it in this page, from before it has an id. */
  readonly key = (keys += 1);
  id = '';
  answer = '';
  thinking = '';
  state: TurnState = 'asking';
  receipt: IReceipt | null = null;
  problem: IProblem | null = null;
  waiting: Waiting | null = null;
  /** People want no more of it; told to the server as soon as it can be told. */
  stopping = false;
  /** The number of the last event that came. */
  last = 0;
  /** How long it thought, in seconds; null where nobody was here to see it. */
  thought: number | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get blocks(): ReadonlyArray<IBlock> {
    return this._blocks.all;
  }

  /** Whether nothing more will come. */
  get ended(): boolean {
    return this.state !== 'asking' && this.state !== 'running';
  }

  /** Take one event of the stream. */
  take(event: TurnEvent): void {
    if (event.type !== 'accepted' && event.type !== 'running') {
      this.waiting = null;
    }
    switch (event.type) {
      case 'accepted':
        this.id = event.turn;
        break;
      case 'progress':
      case 'retrying':
        this.waiting = event;
        break;
      case 'thinking':
        this._think(event.text);
        break;
      case 'text':
        this._hear(event.text);
        this.state = 'running';
        break;
      case 'started':
      case 'running':
        this.receipt = readReceipt(event.receipt);
        this.state = 'running';
        break;
      case 'settled':
        this._settle(event);
        break;
      case 'failed':
        this.fail(event.error);
        return;
    }
    this._changed.emit();
  }

  fail(problem: IProblem): void {
    this.problem = problem;
    this._end(problem.kind === 'Stopped' ? 'stopped' : 'failed');
    this._changed.emit();
  }

  /** The server knows no more of it than is here. */
  lose(): void {
    if (!this.ended) {
      this._end('lost');
      this._changed.emit();
    }
  }

  /** The stream begins anew, from its first event: what is shown stays until more than that has come. */
  restart(): void {
    this.last = 0;
    this._heard = this._thought = '';
  }

  /** The connection is away. */
  reconnecting(): void {
    this.waiting = { type: 'reconnecting' };
    this._changed.emit();
  }

  /** Take what the server has stored. What is on screen is never replaced by less. */
  merge(record: ITurnRecord): void {
    if (record.answer.length > this.answer.length) {
      this._say(record.answer);
    }
    if (record.thinking.length > this.thinking.length) {
      this.thinking = record.thinking;
    }
    this.receipt = record.receipt ? readReceipt(record.receipt) : this.receipt;
    this.problem = record.error ?? this.problem;
    if (record.status === 'running') {
      this.state = this.ended ? this.state : 'running';
    } else {
      this._end(record.status);
    }
    this._changed.emit();
  }

  private _settle(event: Extract<TurnEvent, { type: 'settled' }>): void {
    this.receipt = readReceipt(event.receipt);
    if (event.text.length > this.answer.length) {
      this._say(event.text);
    }
    if (event.thinking.length > this.thinking.length) {
      this.thinking = event.thinking;
    }
    const { status } = this.receipt;
    this._end(status === 'replayed' ? 'complete' : status);
  }

  private _end(state: TurnState): void {
    this.state = state;
    this.waiting = null;
    this._blocks.end();
    this._stopThinking();
  }

  private _hear(text: string): void {
    this._stopThinking();
    const inStep = this._heard.length === this.answer.length;
    this._heard += text;
    if (inStep) {
      this.answer = this._heard;
      this._blocks.add(text);
    } else if (this._heard.length > this.answer.length) {
      this._say(this._heard);
    }
  }

  private _say(answer: string): void {
    if (answer.startsWith(this.answer)) {
      this._blocks.add(answer.slice(this.answer.length));
    } else {
      this._blocks = new Blocks();
      this._blocks.add(answer);
    }
    this.answer = answer;
  }

  private _think(text: string): void {
    if (this.thinking === '' && this._began === null) {
      this._began = Date.now();
    }
    this._thought += text;
    if (this._thought.length > this.thinking.length) {
      this.thinking = this._thought;
    }
    if (this._began !== null) {
      this.thought = (Date.now() - this._began) / 1000;
    }
    this.state = 'running';
  }

  private _stopThinking(): void {
    if (this._began !== null) {
      this.thought = (Date.now() - this._began) / 1000;
      this._began = null;
    }
  }

  /** What came of the stream since it (re)began; the answer on screen may be longer. */
  private _heard = '';
  private _thought = '';
  private _began: number | null = null;
  private _blocks = new Blocks();
  private readonly _changed = new Signal<this, void>(this);
}
