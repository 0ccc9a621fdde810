/**
 * What was typed and not sent, kept per notebook over reloads. State only.
 *
 * JupyterLab writes its state a second after it changed; what is typed in the last second before a reload goes by way of
 * the tab's own storage.
 */

import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

const KEY = 'qwen-magics:drafts';
const MOST = 50; // notebooks
const QUIET = 250; // ms

export class Drafts implements IDisposable {
  constructor(private readonly _state: IStateDB | null) {
    window.addEventListener('pagehide', this._leave);
  }

  /** Read what was kept. What was typed meanwhile holds. */
  async load(): Promise<void> {
    const left = texts(JSON.parse(window.sessionStorage.getItem(KEY) ?? '{}'));
    window.sessionStorage.removeItem(KEY);
    const kept = texts(await this._state?.fetch(KEY).catch(() => undefined));
    this._texts = new Map([...kept, ...left, ...this._texts]);
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
    window.removeEventListener('pagehide', this._leave);
    this._soon.dispose();
  }

  private async _save(): Promise<void> {
    await this._state?.save(KEY, this._kept());
  }

  private _kept(): Record<string, string> {
    const texts = [...this._texts].filter(([, text]) => text).slice(-MOST);
    return Object.fromEntries(texts);
  }

  private readonly _leave = (): void => {
    window.sessionStorage.setItem(KEY, JSON.stringify(this._kept()));
  };

  private readonly _soon = new Debouncer(() => this._save(), QUIET);
  private _texts = new Map<string, string>();
}

function texts(kept: unknown): [string, string][] {
  return typeof kept === 'object' && kept !== null
    ? Object.entries(kept).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string'
      )
    : [];
}
