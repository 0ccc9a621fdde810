/** Who can answer: the models of a provider, and the choice among them. State only. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IModel, IModels, IServerSettings } from '../api/office';
import type { Server } from '../api/server';
import type { Preferences } from './model';

const NONE: IModels = {
  provider: '',
  region: '',
  scope: '',
  currency: '',
  models: [],
  providers: []
};

export class ModelsModel {
  constructor(
    private readonly _server: Server,
    readonly preferences: Preferences
  ) {
    preferences.changed.connect(this._follow, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the chosen provider offers. */
  get offer(): IModels {
    return this._offer;
  }

  /** What the next question is asked of, as far as it is known; null for a model that is not in the list. */
  get current(): IModel | null {
    const chosen = this.preferences.options.model;
    return (
      this._offer.models.find(model =>
        chosen === null
          ? model.current
          : model.name === chosen || model.id === chosen
      ) ?? null
    );
  }

  /** What it is called. */
  get name(): string {
    const { options, server } = this.preferences;
    const set = server?.values.model;
    return this.current?.title ?? options.model ?? String(set ?? '…');
  }

  get problem(): string {
    return this._problem;
  }

  /** Ask the server again what there is. Nothing leaves it for that. */
  async refresh(): Promise<void> {
    const asked = (this._asked += 1);
    await this._try(async () => {
      const settings = await this._server.call<IServerSettings>(
        'GET',
        'settings'
      );
      if (asked === this._asked) {
        this.preferences.server = settings;
      }
      const provider = this.preferences.options.provider ?? '';
      const query = `?provider=${encodeURIComponent(provider)}`;
      const offer = await this._server.call<IModels>('GET', `models${query}`);
      if (asked === this._asked) {
        this._offer = offer;
      }
    });
  }

  /** Ask another provider from now on, for the model that is usual there. */
  async chooseProvider(provider: string): Promise<void> {
    await this.preferences.choose({ provider: provider || null, model: null });
  }

  async chooseModel(model: IModel): Promise<void> {
    await this.preferences.choose({ model: model.current ? null : model.name });
  }

  /** Another provider has other models. */
  private _follow(): void {
    const { provider } = this.preferences.options;
    if (provider !== this._provider) {
      this._provider = provider;
      void this.refresh();
    }
    this._changed.emit();
  }

  private async _try(act: () => Promise<void>): Promise<void> {
    this._problem = '';
    try {
      await act();
    } catch (problem) {
      this._problem = problem instanceof Error ? problem.message : '';
    }
    this._changed.emit();
  }

  private _offer = NONE;
  private _provider: string | null = null;
  private _problem = '';
  private _asked = 0;
  private readonly _changed = new Signal<this, void>(this);
}
