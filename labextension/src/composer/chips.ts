/**
 * What goes along with a question: what the open notebook suggests, what was added, what was switched off. State only.
 *
 * Thread, notebook, selected text or cell, and a cell that just failed suggest themselves; what people touch stays as
 * they left it. Meanings are in `qwen_magics/server/bodies.py`.
 */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ChipKind, IChip } from '../api/values';
import type { IOpenNotebook } from '../notebook/open';

/** A chip, and whether people added it (so that they can take it away altogether). */
export interface IShownChip extends IChip {
  readonly added: boolean;
}

interface IThreadHead {
  readonly head: string;
}

const OF_CELLS: ReadonlySet<ChipKind> = new Set(['cell', 'selection', 'error']);

export class Chips {
  constructor(
    private readonly _open: IOpenNotebook,
    private readonly _thread: IThreadHead
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** In the order in which they are shown. */
  get list(): ReadonlyArray<IShownChip> {
    const { panel, cells } = this._open;
    const ids = new Set(cells.map(({ id }) => id));
    const touched = new Map(this._touched);
    const list: IShownChip[] = [];
    const show = (chip: IChip): void => {
      const known = touched.get(key(chip));
      touched.delete(key(chip));
      list.push({ ...chip, on: known?.on ?? true, added: false });
    };
    if (this._thread.head) {
      show(made('thread'));
    }
    if (panel !== null) {
      show(made('notebook'));
      this._suggested().forEach(show);
    }
    for (const chip of touched.values()) {
      if (chip.kind === 'thread' || chip.kind === 'notebook') {
        continue; // there is none now
      }
      if (!OF_CELLS.has(chip.kind) || ids.has(chip.name)) {
        list.push({ ...chip, added: true });
      }
    }
    return list;
  }

  /** What is sent of them. */
  get sent(): IChip[] {
    return this.list.map(({ kind, name, text, on }) => ({
      kind,
      name,
      text,
      on
    }));
  }

  /** Have it go along. */
  add(kind: ChipKind, name = '', text = ''): void {
    this._touch({ kind, name, text, on: true });
  }

  /** What it is has been found out, if it is still there. */
  fill(kind: ChipKind, name: string, text: string): void {
    const chip = this._touched.get(key({ kind, name }));
    if (chip !== undefined && chip.text !== text) {
      this._touch({ ...chip, text });
    }
  }

  /** Switch it on or off. */
  toggle(chip: IChip): void {
    const { kind, name, text } = chip;
    this._touch({ kind, name, text, on: !chip.on });
  }

  /** Take away what was added. */
  remove(chip: IChip): void {
    this._touched.delete(key(chip));
    this._changed.emit();
  }

  /** A question went off: what was added for it is in the thread now, what was switched off stays off. */
  asked(): void {
    for (const [name, chip] of this._touched) {
      if (chip.on) {
        this._touched.delete(name);
      }
    }
    this._changed.emit();
  }

  /** Another notebook: its cells and variables are others. */
  clear(): void {
    for (const [name, chip] of this._touched) {
      if (chip.kind !== 'thread' && chip.kind !== 'file') {
        this._touched.delete(name);
      }
    }
    this._changed.emit();
  }

  /** What is selected, or the cell with the cursor; and the cell that failed, if it did so last or has the cursor. */
  private _suggested(): IChip[] {
    const { active, selected, failed, cells } = this._open;
    const last = Math.max(0, ...cells.map(({ count }) => count ?? 0));
    const fails =
      failed !== null && (failed.id === active?.id || failed.count === last);
    const chips: IChip[] = [];
    if (selected !== null) {
      chips.push(made('selection', selected.cell, selected.text));
    } else if (active?.title && !(fails && failed.id === active.id)) {
      chips.push(made('cell', active.id));
    }
    return fails ? [...chips, made('error', failed.id)] : chips;
  }

  private _touch(chip: IChip): void {
    this._touched.set(key(chip), chip);
    this._changed.emit();
  }

  private readonly _touched = new Map<string, IChip>();
  private readonly _changed = new Signal<this, void>(this);
}

/** The same thing has the same key; the text of a selection or variable is its content, not its name. */
export function key({ kind, name }: Pick<IChip, 'kind' | 'name'>): string {
  return `${kind}:${name}`;
}

function made(kind: ChipKind, name = '', text = ''): IChip {
  return { kind, name, text, on: true };
}
