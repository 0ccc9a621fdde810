/** What a screen reader is told of an answer while it streams: whole blocks, now and then, and its end. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { lineOf } from '../receipt/line';
import type { Turn } from './turn';
import { waits } from './words';

const EVERY = 4_000; // milliseconds between two announcements
const LONGEST = 400; // characters of one

export class Announcer {
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _say: (words: string) => void
  ) {}

  /** Listen to this turn, and no more to the one before; one that has ended already has nothing to tell. */
  follow(turn: Turn | null): void {
    if (turn === this._turn) {
      return;
    }
    this._turn?.changed.disconnect(this._changed, this);
    this._turn = turn;
    this._told = 0;
    if (turn !== null && !turn.ended) {
      this._at = Date.now();
      this._say(this._trans.__('Qwen answers'));
      turn.changed.connect(this._changed, this);
    }
  }

  private _changed(turn: Turn): void {
    if (turn.ended) {
      turn.changed.disconnect(this._changed, this);
      this._say([...this._news(turn), this._end(turn)].join(' '));
    } else if (Date.now() - this._at >= EVERY) {
      const news = this._news(turn);
      const waiting = turn.waiting ? [waits(turn.waiting, this._trans)] : [];
      if (news.length + waiting.length > 0) {
        this._at = Date.now();
        this._say([...news, ...waiting].join(' '));
      }
    }
  }

  /** The blocks that have finished since, shortened; code by how long it is. */
  private _news(turn: Turn): string[] {
    const done = turn.blocks.filter(block => block.done);
    const news = done.slice(this._told).map(block => {
      if (block.kind === 'prose') {
        return block.text;
      }
      const lines = block.text.split('\n').length;
      return this._trans._n('Code, %1 line.', 'Code, %1 lines.', lines, lines);
    });
    this._told = done.length;
    const text = news.join(' ');
    return text.length > LONGEST
      ? [`${text.slice(0, LONGEST)} …`]
      : text
        ? [text]
        : [];
  }

  private _end(turn: Turn): string {
    if (turn.problem && turn.state === 'failed') {
      return this._trans.__('Failed.');
    }
    const price = turn.receipt ? lineOf(turn.receipt, this._trans)[0] : '';
    return turn.state === 'stopped'
      ? this._trans.__('Stopped. %1', price)
      : this._trans.__('End of the answer. %1', price);
  }

  private _turn: Turn | null = null;
  private _told = 0;
  private _at = 0;
}
