/** The list that opens at an `@`: what is in it, which line is chosen. State only. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { at, type IAt, type IMention, type Mentions } from './mentions';

export class Completion {
  constructor(private readonly _mentions: Pick<Mentions, 'find'>) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The word that is completed; null where the list is closed. */
  get at(): IAt | null {
    return this._items.length ? this._at : null;
  }

  get items(): ReadonlyArray<IMention> {
    return this._items;
  }

  /** The line that Enter takes. */
  get index(): number {
    return this._index;
  }

  get chosen(): IMention | null {
    return this._items[this._index] ?? null;
  }

  /** The line that is typed out to its last letter. */
  get exact(): IMention | null {
    const typed = this._at?.query;
    return this._items.find(({ token }) => token === typed) ?? null;
  }

  /** The text or the cursor is another now. */
  async update(text: string, cursor: number): Promise<void> {
    const now = at(text, cursor);
    if (now?.start === this._at?.start && now?.query === this._at?.query) {
      return;
    }
    this._at = now;
    const items = now === null ? [] : await this._mentions.find(now.query);
    if (now === this._at) {
      this._show(items);
    }
  }

  /** To the next line or the one before, around the ends. */
  move(by: 1 | -1): void {
    const { length } = this._items;
    this._index = (this._index + by + length) % length;
    this._changed.emit();
  }

  close(): void {
    this._show([]);
  }

  private _show(items: ReadonlyArray<IMention>): void {
    if (items.length || this._items.length) {
      this._items = items;
      this._index = 0;
      this._changed.emit();
    }
  }

  private _at: IAt | null = null;
  private _items: ReadonlyArray<IMention> = [];
  private _index = 0;
  private readonly _changed = new Signal<this, void>(this);
}
