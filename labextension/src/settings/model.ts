/**
 * What people chose in JupyterLab's settings, over what the server is set to. State only.
 *
 * Null is "as the server is set". What an administrator locked can't be chosen: it goes as null, and the server decides.
 */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IServerSettings } from '../api/office';
import type { IQuestion } from '../api/values';

export const PLUGIN = 'qwen-magics:sidebar';

/** As in `schema/sidebar.json`, but null where nothing was chosen. */
export interface IChosen {
  readonly provider: string | null;
  readonly model: string | null;
  readonly think: string | null;
  readonly thinkTokens: number | null;
  readonly search: boolean;
  readonly temperature: number | null;
  readonly maxTokens: number | null;
  readonly enterSends: boolean;
  readonly statusBar: boolean;
}

/** The part of a question that settings decide. */
export type Options = Pick<
  IQuestion,
  'provider' | 'model' | 'think' | 'max_tokens' | 'temperature' | 'search'
>;

const NOTHING: IChosen = {
  provider: null,
  model: null,
  think: null,
  thinkTokens: null,
  search: false,
  temperature: null,
  maxTokens: null,
  enterSends: true,
  statusBar: true
};

/** The server's trait behind a setting, where it is called otherwise. */
const TRAITS: Readonly<Record<string, string>> = {
  thinkTokens: 'think_tokens',
  maxTokens: 'max_tokens'
};

export class Preferences implements IDisposable {
  /** `settings` is null where JupyterLab keeps none: what is chosen then holds until the page is left. */
  constructor(private readonly _settings: ISettingRegistry.ISettings | null) {
    this._read();
    _settings?.changed.connect(this._read, this);
  }

  /** Emitted when a choice, or what the server says of its settings, changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What was chosen, locked or not. */
  get chosen(): IChosen {
    return this._chosen;
  }

  /** Spread this into a question. */
  get options(): Options {
    return {
      provider: this._free('provider'),
      model: this._free('model'),
      think: this._think(),
      max_tokens: this._free('maxTokens'),
      temperature: this._free('temperature'),
      search: this._chosen.search
    };
  }

  get enterSends(): boolean {
    return this._chosen.enterSends;
  }

  /** Whether the next turn thinks, as far as settings decide it. */
  get thinks(): boolean {
    const think = this.options.think ?? this._server?.values.think ?? 'off';
    return String(think) !== 'off';
  }

  /** Whether an administrator decided this, so that nothing can be chosen. */
  locked(name: keyof IChosen): boolean {
    return this._server?.locked.includes(TRAITS[name] ?? name) ?? false;
  }

  /** What the server is set to; null while it has not said. */
  get server(): IServerSettings | null {
    return this._server;
  }
  set server(server: Partial<IServerSettings> | null) {
    this._server = server && { values: {}, sources: {}, locked: [], ...server };
    this._changed.emit();
  }

  /** Choose, all at once; null takes a choice back. Resolves when JupyterLab has saved it. */
  async choose(chosen: Partial<IChosen>): Promise<void> {
    this._chosen = { ...this._chosen, ...chosen };
    this._changed.emit();
    if (this._settings === null) {
      return;
    }
    this._saving += 1;
    try {
      for (const [name, value] of Object.entries(chosen)) {
        await (value === null
          ? this._settings.remove(name)
          : this._settings.set(name, value));
      }
    } finally {
      this._saving -= 1;
      this._read();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _free<K extends keyof IChosen>(name: K): IChosen[K] | null {
    return this.locked(name) ? null : this._chosen[name];
  }

  /** `on` with a number of tokens of one's own is that number. */
  private _think(): string | null {
    const think = this._free('think');
    const tokens = this._free('thinkTokens');
    return think === 'on' && tokens !== null ? String(tokens) : think;
  }

  /** Take what JupyterLab has, once nothing of ours is on its way there. */
  private _read(): void {
    if (this._settings === null || this._saving > 0) {
      return;
    }
    const { composite } = this._settings;
    const names = Object.keys(NOTHING) as (keyof IChosen)[];
    this._chosen = Object.fromEntries(
      names.map(name => [name, known(composite[name]) ?? NOTHING[name]])
    ) as unknown as IChosen;
    this._changed.emit();
  }

  private _chosen: IChosen = NOTHING;
  private _server: IServerSettings | null = null;
  private _saving = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** JupyterLab's settings say with an empty text that nothing was chosen. */
function known(
  value: ReadonlyPartialJSONValue | undefined
): ReadonlyPartialJSONValue | null {
  return value === undefined || value === '' ? null : value;
}
