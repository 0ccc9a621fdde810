/** What the sidebar shows above the input: the turns, the list of threads, or the models. State only. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

export type Room = 'turns' | 'threads' | 'models';

export class SidebarModel {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get room(): Room {
    return this._room;
  }
  set room(room: Room) {
    this._room = room;
    this._changed.emit();
  }

  /** Go to a room, or from there back to the turns. */
  toggle(room: Room): void {
    this.room = this._room === room ? 'turns' : room;
  }

  private _room: Room = 'turns';
  private readonly _changed = new Signal<this, void>(this);
}
