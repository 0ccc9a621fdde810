/** What was typed and not sent, kept per notebook over reloads. State only. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

const KEY = 'qwen-magics:drafts';
const MOST = 50; // notebooks
const QUIET = 250; // ms

export class Drafts implements IDisposable {
  constructor(private readonly _state: IStateDB | null) {}

  /** Read what was kept. What was typed meanwhile holds. */
  async load(): Promise<void> {
    const kept = await this._state?.fetch(KEY).catch(() => undefined);
    if (typeof kept === 'object' && kept !== null && !Array.isArray(kept)) {
      const texts = Object.entries(kept).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string'
      );
      this._texts = new Map([...texts, ...this._texts]);
    }
  }

  /** `path` of a notebook; "" for none. */
  get(path: string): string {
    return this._texts.get(path) ?? '';
  }

  set(path: string, text: string): void {
    this._texts.delete(path); // the newest stand last
    this._texts.set(path, text);
    void this._soon.invoke();
  }

  get isDisposed(): boolean {
    return this._soon.isDisposed;
  }

  dispose(): void {
    this._soon.dispose();
  }

  private async _save(): Promise<void> {
    const texts = [...this._texts].filter(([, text]) => text).slice(-MOST);
    await this._state?.save(KEY, Object.fromEntries(texts));
  }

  private readonly _soon = new Debouncer(() => this._save(), QUIET);
  private _texts = new Map<string, string>();
}
