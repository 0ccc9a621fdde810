/** The open thread: its turns in order, those in flight, asking, stopping, going on. State only; nothing of React. */

import { UUID } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refusal, type Server } from '../api/server';
import type { IThread } from '../api/threads';
import type { INumbered, IProblem, IQuestion } from '../api/values';
import { follow } from './follow';
import type { Tabs } from './tabs';
import { Thread } from './thread';
import { Turn } from './turn';

/** The kind of problem that is between this browser and its server. */
export const UNREACHABLE = 'Unreachable';

export class ChatModel {
  /** `tabs`: the browser's others; `wait`: for tests. */
  constructor(
    private readonly _server: Server,
    private readonly _tabs: Tabs | null = null,
    private readonly _wait?: (milliseconds: number) => Promise<void>
  ) {
    _tabs?.told.connect((_, thread) => {
      if (this.thread && (thread === '' || thread === this.thread)) {
        void this.refresh().catch(() => undefined); // the server is away: what is shown stays
      }
    });
  }

  /** Emitted when turns come, go, or one in flight ends; a turn's own text has its own signal. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The open thread's id; "" for one that has not begun. */
  get thread(): string {
    return this._thread.id;
  }

  get title(): string {
    return this._thread.title;
  }

  get turns(): ReadonlyArray<Turn> {
    return this._thread.path;
  }

  /** The turn of the open thread that is being answered. */
  get running(): Turn | null {
    return this.turns.find(turn => !turn.ended) ?? null;
  }

  /** The id of the turn that the next question follows; "" at the beginning. */
  get head(): string {
    return this._thread.head?.id ?? '';
  }

  /** The turns that follow the same one as this does, in order. */
  siblings(turn: Turn): ReadonlyArray<Turn> {
    return this._thread.siblings(turn);
  }

  /** Open a thread; "" begins a new one. */
  async show(thread: string): Promise<void> {
    const wanted = (this._wanted =
      this._following.get(thread) ?? new Thread(thread));
    if (thread) {
      await this._read(wanted);
    }
    if (this._wanted === wanted) {
      this._thread = wanted;
      this._changed.emit();
    }
  }

  /** See what the server has of the open thread; what is on screen stays. */
  async refresh(): Promise<void> {
    await this._read(this._thread);
    this._changed.emit();
  }

  /** Show the branch with this turn. */
  async choose(turn: Turn): Promise<void> {
    this._thread.choose(turn);
    this._changed.emit();
    await this._server.call('PATCH', `threads/${this.thread}`, {
      head: this.head
    });
  }

  /** Ask. Resolves when the turn has ended; throws the Refusal where it never began, and nothing has left then. */
  async ask(question: IQuestion): Promise<void> {
    const thread = this._at(question.thread);
    const turn = new Turn(question.text, question.parent, question.chips);
    const once = this._once(question);
    if (thread === this._thread) {
      this._wanted = thread; // what is asked stays on screen, also where another thread was on its way
    }
    thread.add(turn);
    this._changed.emit();
    try {
      await this._follow(thread, turn, { ...question, once });
    } catch (problem) {
      thread.remove(turn);
      if (!(problem instanceof Refusal)) {
        this._unheard = [JSON.stringify(question), once];
      }
      throw problem;
    } finally {
      this._changed.emit();
    }
  }

  /** Stop the turn in flight: now, or as soon as it has begun or the server is there again. */
  async stop(): Promise<void> {
    const turn = this.running;
    if (turn !== null) {
      turn.stopping = true;
      await this._stop(turn).catch(() => undefined); // `follow` tells it again
    }
  }

  private async _stop(turn: Turn): Promise<void> {
    if (turn.stopping && turn.id) {
      await this._server.stop(turn.id);
    }
  }

  /** Names an asking: the same as before for a question of which nobody knows whether it came through. */
  private _once(question: IQuestion): string {
    const [asked, once] = this._unheard;
    this._unheard = ['', ''];
    return asked === JSON.stringify(question) ? once : UUID.uuid4();
  }

  /** The thread that a question was made for: another one may be on screen since. */
  private _at(thread: string): Thread {
    return thread === this._thread.id
      ? this._thread
      : (this._following.get(thread) ?? new Thread(thread));
  }

  /** The stream; its first event says which thread this is. */
  private async *_begun(
    thread: Thread,
    turn: Turn,
    stream: AsyncGenerator<INumbered>
  ): AsyncGenerator<INumbered> {
    for await (const numbered of stream) {
      yield numbered;
      if (numbered.event.type === 'accepted') {
        thread.accept(turn, numbered.event.thread);
        this._following.set(thread.id, thread);
        void this._stop(turn).catch(() => undefined);
        this._changed.emit();
        this._tabs?.tell(thread.id);
      }
    }
  }

  private async _read(thread: Thread): Promise<void> {
    const found = await this._server.call<IThread>(
      'GET',
      `threads/${thread.id}`
    );
    thread.merge(found);
    for (const turn of thread.running) {
      if (turn.id && !this._followed.has(turn)) {
        turn.restart();
        void this._follow(thread, turn)
          .catch(() => undefined)
          .finally(() => this._changed.emit());
      }
    }
  }

  private async _follow(
    thread: Thread,
    turn: Turn,
    question?: IQuestion
  ): Promise<void> {
    const open = (): AsyncGenerator<INumbered> =>
      question && !turn.id
        ? this._begun(thread, turn, this._server.ask(question))
        : this._server.attach(turn.id, turn.last);
    const stop = (): Promise<void> => this._stop(turn);
    this._followed.add(turn);
    try {
      if (!(await follow(turn, open, stop, this._wait))) {
        await this._read(thread).catch(() => undefined); // over: its thread has what came
        turn.lose();
      }
    } finally {
      this._followed.delete(turn);
      if (thread.running.length === 0) {
        this._following.delete(thread.id);
      }
      if (thread.id) {
        this._tabs?.tell(thread.id);
      }
    }
  }

  private _thread = new Thread();
  private _wanted = this._thread;
  /** Threads with a turn in flight, whether shown or not. */
  private readonly _following = new Map<string, Thread>();
  private readonly _followed = new Set<Turn>();
  /** The last question that was asked in vain as far as this page knows, and that asking's name. */
  private _unheard: readonly [question: string, once: string] = ['', ''];
  private readonly _changed = new Signal<this, void>(this);
}

/** What kept a question from being asked, as `ask` throws it. */
export function said(problem: unknown): IProblem {
  return problem instanceof Refusal
    ? problem.problem
    : {
        kind: UNREACHABLE,
        message: problem instanceof Error ? problem.message : String(problem),
        remedy: '',
        request_id: ''
      };
}
