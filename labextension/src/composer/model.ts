/** What is being typed and what will go along with it. State only. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IQuestion } from '../api/values';
import type { ChatModel } from '../chat/model';
import type { Preferences } from '../settings/model';

export class ComposerModel {
  constructor(
    private readonly _chat: ChatModel,
    private readonly _preferences: Preferences
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get text(): string {
    return this._text;
  }
  set text(text: string) {
    this._text = text;
    this._changed.emit();
  }

  /** Ask what was typed. The draft comes back where the question was refused. */
  async send(): Promise<void> {
    const question = this.question();
    this.text = '';
    try {
      await this._chat.ask(question);
    } catch (problem) {
      this.text = this._text || question.text;
      throw problem;
    }
  }

  /** What would be asked now. */
  question(): IQuestion {
    return {
      text: this._text,
      thread: this._chat.thread,
      parent: this._chat.head,
      notebook: '',
      chips: [{ kind: 'thread', name: '', text: '', on: true }],
      ...this._preferences.options,
      yes: false,
      unpriced: false
    };
  }

  private _text = '';
  private readonly _changed = new Signal<this, void>(this);
}
