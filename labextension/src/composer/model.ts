/** What is being typed, what will go along with it, what it would cost; asking. State only. */

import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refusal } from '../api/server';
import type { IProblem, IQuestion, IWhatIsSent } from '../api/values';
import { wordFor } from '../api/word';
import type { IOpenNotebook, OpenChange } from '../notebook/open';
import type { Preferences } from '../settings/model';
import {
  Asking,
  type IAbilities,
  type IAsk,
  type IAskingParts
} from './asking';
import { Chips } from './chips';
import type { Drafts } from './drafts';
import { Estimator, said } from './estimator';
import type { IAt, IMention, IVariables, Mentions } from './mentions';

export interface IComposerParts extends IAskingParts {
  readonly drafts: Drafts;
  readonly mentions: Mentions;
  readonly variables: IVariables | null;
}

/** How long a question waits for a kernel to say what its variables are now, in ms. */
const PATIENCE = 1000;

export class ComposerModel implements IDisposable {
  constructor(private readonly _parts: IComposerParts) {
    const { chat, open, preferences, drafts } = _parts;
    this.chips = new Chips(open, chat);
    this._asking = new Asking(_parts, this.chips);
    this.estimator = new Estimator(signal =>
      this._asking.estimate(this.question(), this.estimator.estimate, signal)
    );
    this.chips.changed.connect(this._refresh, this);
    preferences.changed.connect(this._refresh, this);
    chat.changed.connect(this._refresh, this);
    _parts.models?.changed.connect(this._refresh, this);
    open.changed.connect(this._onOpen, this);
    this._panel = open.panel;
    this._path = open.path;
    void drafts.load().then(() => {
      this._text ||= drafts.get(this._path);
      this._refresh();
    });
    this._refresh();
  }

  readonly chips: Chips;
  readonly estimator: Estimator;

  /** Emitted when the text, the chips or the problem change; an estimate has its own signal. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get text(): string {
    return this._text;
  }
  set text(text: string) {
    if (text !== this._text) {
      this._text = text;
      this._problem = null;
      this._agreed = {};
      this._parts.drafts.set(this._path, text);
      this._refresh();
    }
  }

  get open(): IOpenNotebook {
    return this._parts.open;
  }

  get mentions(): Mentions {
    return this._parts.mentions;
  }

  get abilities(): IAbilities['current'] {
    return this._parts.models?.current ?? null;
  }

  get preferences(): Preferences {
    return this._parts.preferences;
  }

  /** Why the last question was refused, until something else is typed. Nothing of it has left. */
  get problem(): IProblem | null {
    return this._problem;
  }

  /** Put what was chosen in the `@` word's place, and have it go along. Returns where the cursor is then. */
  mention({ start, end }: IAt, mention: IMention): number {
    const folder = mention.kind === 'folder';
    const words = folder ? `@${mention.token}` : mention.words;
    const space = words && !folder && this._text[end] !== ' ' ? ' ' : '';
    const before = this._text.slice(0, start) + words + space;
    this.text = before + this._text.slice(end);
    if (mention.kind === 'var') {
      this.chips.add('var', mention.name);
      void this._look(mention.name);
    } else if (mention.kind === 'selection') {
      this.chips.add('selection', mention.name, this.open.selected?.text ?? '');
    } else if (mention.kind !== 'folder') {
      this.chips.add(mention.kind, mention.name);
    }
    return before.length;
  }

  /** Ask what was typed; resolves when it is answered. The text comes back where the question was refused. */
  async send(ask: IAsk = {}): Promise<void> {
    const text = this._text;
    if (!text.trim() || this._parts.chat.running !== null) {
      return;
    }
    const along = this.chips.list;
    const trim = this._trim;
    const path = this._path;
    this.text = '';
    try {
      await this._lookAgain();
      const asked = this.ask(text, ask);
      this.chips.asked();
      this._trim = null;
      await asked;
    } catch (problem) {
      if (!(problem instanceof Refusal)) {
        console.warn('The question was not asked.', problem);
      }
      if (path !== this._path) {
        this._parts.drafts.set(path, text); // it waits where it was asked
        return;
      }
      this.text = [text, this._text].filter(Boolean).join('\n');
      along
        .filter(({ added, on }) => added && on)
        .forEach(({ kind, name, text }) => this.chips.add(kind, name, text));
      this._problem = said(problem);
      this._agreed = ask;
      this._trim = trim;
      this._refresh();
    }
  }

  /** Ask although this is in the way, and what people agreed to before for the same text. */
  async sendAnyway({ kind }: IProblem): Promise<void> {
    await this.send({ ...this._agreed, ...wordFor(kind) });
  }

  /** Have the next question trimmed in the other way that there is. */
  retrim(): void {
    this._trim = this.estimator.estimate?.trim || null;
    this._refresh();
  }

  /** Ask `text` with what goes along now: of the chips, settings and notebook at this moment. */
  async ask(text: string, ask: IAsk = {}): Promise<void> {
    await this._asking.ask(this.question(text, ask));
  }

  /** The very request that would go now; null where there is none, `problem` then says why. */
  async whatIsSent(): Promise<IWhatIsSent | null> {
    try {
      return await this._asking.whatIsSent(this.question());
    } catch (problem) {
      this._problem = said(problem);
      this._changed.emit();
      return null;
    }
  }

  /** What would be asked now, but for the notebook's name. */
  question(text = this._text, ask: IAsk = {}): IQuestion {
    return this._asking.question(text, { trim: this._trim, ...ask });
  }

  get isDisposed(): boolean {
    return this.estimator.isDisposed;
  }

  dispose(): void {
    this.estimator.dispose();
    this._busy.dispose();
    this._parts.drafts.dispose();
    Signal.clearData(this);
  }

  /** What the kernel says of a variable comes when it may. */
  private async _look(name: string): Promise<void> {
    const summary = await this._parts.variables?.summary(name).catch(() => '');
    if (summary) {
      this.chips.fill('var', name, summary);
    }
  }

  /** Variables as they are now; a kernel at work is not waited for: what it said before goes then. */
  private async _lookAgain(): Promise<void> {
    const names = this.chips.sent.filter(
      ({ kind, on }) => kind === 'var' && on
    );
    if (names.length) {
      await Promise.race([
        Promise.all(names.map(({ name }) => this._look(name))),
        new Promise(resolve => setTimeout(resolve, PATIENCE))
      ]);
    }
  }

  private _refresh(): void {
    this.estimator.refresh();
    this._changed.emit();
  }

  private _onOpen(_: IOpenNotebook, change: OpenChange): void {
    if (change === 'cells') {
      void this._busy.invoke();
      return;
    }
    const { open, drafts } = this._parts;
    if (open.panel !== this._panel) {
      this._text = drafts.get(open.path);
      this._problem = null;
      this.chips.clear();
    } else if (open.path !== this._path) {
      drafts.set(open.path, this._text); // renamed
    }
    this._panel = open.panel;
    this._path = open.path;
    this._refresh();
  }

  /** While a cell prints, not each of its lines is worth a look. */
  private readonly _busy = new Throttler(() => this._refresh(), {
    limit: 400,
    edge: 'trailing'
  });
  private _text = '';
  private _path: string;
  private _panel: IOpenNotebook['panel'];
  private readonly _asking: Asking;
  private _agreed: IAsk = {};
  private _trim: IQuestion['trim'] = null;
  private _problem: IProblem | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
