/** A thread's turns as a tree: each follows another, several may follow the same one, and one path of it is shown. */

import type { IThread } from '../api/threads';
import { Turn } from './turn';

export class Thread {
  constructor(public id = '') {}

  title = '';
  /** The notebook's path on the server, "" for a free thread. */
  notebook = '';

  /** The turns that are shown, from the first to the last. */
  get path(): ReadonlyArray<Turn> {
    const path: Turn[] = [];
    for (let turn = this._head; turn !== null; turn = this._parent(turn)) {
      path.unshift(turn);
    }
    return path;
  }

  get head(): Turn | null {
    return this._head;
  }

  /** The turns in flight, on whichever branch. */
  get running(): ReadonlyArray<Turn> {
    return this._turns.filter(turn => !turn.ended);
  }

  /** The turns that follow the same one, this one among them, in the order in which they were asked. */
  siblings(turn: Turn): ReadonlyArray<Turn> {
    return this._turns.filter(other => other.parent === turn.parent);
  }

  /** A new turn; it is shown. */
  add(turn: Turn): void {
    this._turns.push(turn);
    this._head = turn;
  }

  /** One has begun, in this thread; what a look at the server already found of it is the same one. */
  accept(turn: Turn, thread: string): void {
    this.id = thread;
    if (this._head?.id === turn.id) {
      this._head = turn;
    }
    this._turns = this._turns.filter(
      other => other === turn || other.id !== turn.id
    );
  }

  /** One that never began. */
  remove(turn: Turn): void {
    this._turns = this._turns.filter(other => other !== turn);
    if (this._head === turn) {
      this._head = this._parent(turn);
    }
  }

  /** Show the branch that this turn is on, as far as it was followed last. */
  choose(turn: Turn): void {
    let last = turn;
    for (let next: Turn | undefined = turn; next;) {
      last = next;
      const id: string = next.id;
      next = id
        ? this._turns.filter(one => one.parent === id).pop()
        : undefined;
    }
    this._head = last;
  }

  /** Take what the server has; what is shown stays, and goes on where the thread went on. */
  merge(record: IThread): void {
    this.id = record.id;
    this.title = record.title;
    this.notebook = record.notebook;
    for (const said of record.turns_list) {
      const known = this._find(said.id);
      if (known === null) {
        this._turns.push(Turn.of(said));
      } else {
        known.merge(said);
      }
    }
    const head = this._find(record.head) ?? this._turns[this._turns.length - 1];
    if (head && (this._head === null || this._follows(head, this._head))) {
      this._head = head;
    }
  }

  private _follows(turn: Turn, other: Turn): boolean {
    for (let one: Turn | null = turn; one !== null; one = this._parent(one)) {
      if (one === other) {
        return true;
      }
    }
    return false;
  }

  private _parent(turn: Turn): Turn | null {
    return this._find(turn.parent);
  }

  private _find(id: string): Turn | null {
    return (id && this._turns.find(turn => turn.id === id)) || null;
  }

  private _turns: Turn[] = [];
  private _head: Turn | null = null;
}
