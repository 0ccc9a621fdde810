/** Makes a question of text, chips, settings and notebook, and takes it to the server: to be priced, shown, or asked. */

import type { ISignal } from '@lumino/signaling';

import type { IModel } from '../api/office';
import type { Server } from '../api/server';
import type { IEstimate, IQuestion, IWhatIsSent } from '../api/values';
import type { IWord } from '../api/word';
import type { ChatModel } from '../chat/model';
import type { IOpenNotebook } from '../notebook/open';
import type { Options, Preferences } from '../settings/model';
import type { Chips } from './chips';

/** What the model can do that answers next (`ModelsModel`); null where it is not known. */
export interface IAbilities {
  readonly changed: ISignal<unknown, void>;
  readonly current: Pick<IModel, 'thinking' | 'search'> | null;
}

/** What is asked beside the text: the turn that it follows, and what people agreed to. */
export interface IAsk extends IWord {
  readonly parent?: string;
  readonly trim?: IQuestion['trim'];
}

export interface IAskingParts {
  readonly server: Server;
  readonly chat: ChatModel;
  readonly preferences: Preferences;
  readonly open: IOpenNotebook;
  readonly models: IAbilities | null;
}

export class Asking {
  constructor(
    private readonly _parts: IAskingParts,
    private readonly _chips: Chips
  ) {}

  /** What would be asked now, but for the notebook's name. */
  question(text: string, ask: IAsk = {}): IQuestion {
    const { chat, preferences } = this._parts;
    return {
      text,
      thread: chat.thread,
      parent: ask.parent ?? chat.head,
      notebook: '',
      chips: this._chips.sent,
      ...this._able(preferences.options),
      trim: ask.trim ?? null,
      yes: ask.yes ?? false,
      unpriced: ask.unpriced ?? false
    };
  }

  /** Ask it; resolves when it is answered. */
  async ask(question: IQuestion): Promise<void> {
    await this._held(question, full => this._parts.chat.ask(full));
  }

  /** What it would cost. The same question is priced once, while the thread that it follows stays as it is. */
  async estimate(
    question: IQuestion,
    known: IEstimate | null,
    signal: AbortSignal
  ): Promise<IEstimate> {
    const { server } = this._parts;
    return this._held(
      question,
      async full => {
        const asked = JSON.stringify([full, this._parts.chat.running?.key]);
        if (known !== null && asked === this._asked) {
          return known;
        }
        const path = 'estimate';
        const found = await server.call<IEstimate>('POST', path, full, signal);
        this._asked = asked;
        return found;
      },
      signal
    );
  }

  /** The very request that would go. */
  async whatIsSent(question: IQuestion): Promise<IWhatIsSent> {
    const { server } = this._parts;
    return this._held(question, full => server.call('POST', 'request', full));
  }

  private _held<T>(
    question: IQuestion,
    use: (full: IQuestion) => Promise<T>,
    signal?: AbortSignal
  ): Promise<T> {
    return this._parts.open.held(
      notebook => use({ ...question, notebook }),
      signal
    );
  }

  /** Without what the model can't do, or does anyway: its buttons say so. */
  private _able(options: Options): Options {
    const { thinking = 'hybrid', search = true } =
      this._parts.models?.current ?? {};
    return {
      ...options,
      think: thinking === 'hybrid' ? options.think : null,
      search: search && options.search
    };
  }

  private _asked = '';
}
