/**
 * An answer in blocks, while it grows: a finished block never changes again, so that it is rendered once.
 *
 * Knows lines and fences only (`qwen_magics/display/parts.py` parts by the same rules). A fence is a block of its own
 * wherever it stands, in a list too: what follows it there moves left by the fence's indent.
 */

/** `text` is Markdown, or a code block's content; `language` is the first word after its fence. */
export interface IBlock {
  readonly kind: 'prose' | 'code';
  readonly text: string;
  readonly language: string;
  readonly done: boolean;
}

interface IFence {
  readonly marker: string;
  readonly indent: number;
}

const FENCE =
  /^([ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
/** A line that begins so may belong to the block before the blank line. */
const GOES_ON = ' \t-*+>|0123456789:';

export class Blocks {
  /** The blocks as far as they have come; the last one may still grow. */
  get all(): ReadonlyArray<IBlock> {
    const open = this._openBlock();
    return open === null ? this._finished : [...this._finished, open];
  }

  add(text: string): void {
    const lines = (this._rest + text).split('\n');
    this._rest = lines.pop() ?? '';
    for (const line of lines) {
      this._line(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
  }

  /** No more text comes. */
  end(): void {
    const rest = this._rest;
    this._rest = '';
    if (rest) {
      this._line(rest);
    }
    this._finish();
    this._fence = null;
  }

  private _line(line: string): void {
    if (this._fence !== null) {
      if (closes(this._fence, line)) {
        this._finish();
        this._shift = this._fence.indent;
        this._fence = null;
      } else {
        this._lines.push(outdented(line, this._fence.indent));
      }
      return;
    }
    const shifted = this._shifted(line);
    const opening = FENCE.exec(shifted);
    if (opening !== null) {
      this._open(opening);
    } else {
      this._prose(shifted);
    }
  }

  private _open([
    ,
    before = '',
    marker = '',
    info = ''
  ]: RegExpExecArray): void {
    if (before.trim()) {
      this._lines.push(before.trimEnd());
    }
    this._finish();
    this._fence = { marker, indent: before.length + this._shift };
    this._language = /^[\w+#.-]*/.exec(info.trim())?.[0] ?? '';
  }

  private _prose(line: string): void {
    const blank = !line.trim();
    if (
      this._blank &&
      !blank &&
      !this._math &&
      !GOES_ON.includes(line[0] ?? '')
    ) {
      this._finish();
    }
    if (line.trim() === '$$') {
      this._math = !this._math;
    }
    this._blank = blank;
    if (!blank || this._lines.length > 0) {
      this._lines.push(line);
    }
  }

  /** The line moved left, where it stands under a list item whose fence has become a block of its own. */
  private _shifted(line: string): string {
    if (this._shift > 0 && line.trim() && indentOf(line) < this._shift) {
      this._shift = 0;
    }
    return outdented(line, this._shift);
  }

  private _finish(): void {
    const block = this._block(this._lines, true);
    if (block !== null) {
      this._finished.push(block);
    }
    this._lines = [];
    this._blank = this._math = false;
  }

  /** What has not ended, with its last line as far as that has come; a line that may become a fence is not shown. */
  private _openBlock(): IBlock | null {
    const fence = this._fence;
    const shown = fence
      ? !/^\s*[`~]+$/.test(this._rest)
      : !/^\s*(`{1,2}$|`{3}|~~)/.test(this._rest);
    const rest =
      shown && this._rest
        ? [outdented(this._rest, fence?.indent ?? this._shift)]
        : [];
    return this._block([...this._lines, ...rest], false);
  }

  private _block(lines: ReadonlyArray<string>, done: boolean): IBlock | null {
    const text = lines.join('\n');
    if (this._fence !== null) {
      return { kind: 'code', text, language: this._language, done };
    }
    return text.trim()
      ? { kind: 'prose', text: text.trimEnd(), language: '', done }
      : null;
  }

  private readonly _finished: IBlock[] = [];
  private _lines: string[] = [];
  private _rest = '';
  private _fence: IFence | null = null;
  private _language = '';
  private _shift = 0;
  private _blank = false;
  private _math = false;
}

function closes(fence: IFence, line: string): boolean {
  const bare = line.trim();
  return (
    indentOf(line) <= fence.indent + 3 &&
    bare.length >= fence.marker.length &&
    bare === (fence.marker[0] ?? '').repeat(bare.length)
  );
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Without the first `most` characters, as far as they are blank. */
function outdented(line: string, most: number): string {
  return line.slice(Math.min(most, indentOf(line)));
}
