/** What `@` offers: finds the word at the cursor and what it may mean. State only. */

import type { Contents } from '@jupyterlab/services';

import type { ChipKind } from '../api/values';
import type { IOpenNotebook } from '../notebook/open';

/** A user's variable, as the kernel names it. */
export interface IVariable {
  readonly name: string;
  readonly type: string;
}

/** Asked from the running kernel, without a trace in its history. */
export interface IVariables {
  names(): Promise<ReadonlyArray<IVariable>>;
  /** What a model would see of it, redacted. */
  summary(name: string): Promise<string>;
}

/** One line of the list. */
export interface IMention {
  readonly kind: ChipKind | 'folder';
  /** As in a chip; a folder's path ends in a slash. */
  readonly name: string;
  /** What is typed to name it exactly, without the `@`. */
  readonly token: string;
  /** What a person needs to tell it from others: a cell's first line, a variable's type. */
  readonly detail: string;
  /** What stands in the question in its place. */
  readonly words: string;
}

/** The `@word` before the cursor. */
export interface IAt {
  readonly start: number;
  readonly end: number;
  readonly query: string;
}

const AT = /(?:^|[\s(["'])@([^\s@]*)$/;
const MOST = 40;

/** The mention being typed, or null. */
export function at(text: string, cursor: number): IAt | null {
  const match = AT.exec(text.slice(0, cursor));
  if (match === null) {
    return null;
  }
  const query = match[1] ?? '';
  return { start: cursor - query.length - 1, end: cursor, query };
}

export class Mentions {
  constructor(
    private readonly _open: IOpenNotebook,
    private readonly _contents: Pick<Contents.IManager, 'get'> | null,
    private readonly _variables: IVariables | null
  ) {}

  /** What the word may mean, best first. */
  async find(query: string): Promise<ReadonlyArray<IMention>> {
    const wanted = query.toLowerCase();
    if (wanted.startsWith('file:')) {
      return this._files(query.slice('file:'.length));
    }
    const all = [
      ...this._fixed(),
      ...(wanted.startsWith('cell') ? [] : await this._vars()),
      ...this._cells(),
      ...(this._contents ? [FILES] : [])
    ];
    const ranked = all
      .map(mention => ({ mention, rank: rank(mention, wanted) }))
      .filter(({ rank }) => rank < NEVER)
      .sort((a, b) => a.rank - b.rank);
    return ranked.slice(0, MOST).map(({ mention }) => mention);
  }

  private _fixed(): IMention[] {
    const { panel, selected, failed, name } = this._open;
    return [
      ...(panel ? [mention('notebook', '', 'notebook', name)] : []),
      ...(selected
        ? [mention('selection', selected.cell, 'selection', selected.text)]
        : []),
      ...(failed
        ? [mention('error', failed.id, 'error', `#${failed.number}`)]
        : [])
    ];
  }

  private _cells(): IMention[] {
    return this._open.cells
      .filter(({ title }) => title)
      .map(({ id, number, title }) =>
        mention('cell', id, `cell:${number}`, title, `#${number}`)
      );
  }

  private async _vars(): Promise<IMention[]> {
    const variables = await this._variables?.names().catch(() => []);
    return (variables ?? []).map(({ name, type }) =>
      mention('var', name, `var:${name}`, type, `\`${name}\``)
    );
  }

  private async _files(query: string): Promise<ReadonlyArray<IMention>> {
    const slash = query.lastIndexOf('/') + 1;
    const here = this._open.path;
    const folder = slash
      ? query.slice(0, slash)
      : here.slice(0, here.lastIndexOf('/') + 1);
    const begin = query.slice(slash).toLowerCase();
    const listed = await this._contents
      ?.get(folder.replace(/\/$/, ''), { content: true })
      .catch(() => null);
    const entries = (listed?.content ?? []) as Contents.IModel[];
    return entries
      .filter(({ name }) => name.toLowerCase().startsWith(begin))
      .sort((a, b) => a.name.localeCompare(b.name))
      .slice(0, MOST)
      .map(({ name, type }) => {
        const path = folder + name;
        return type === 'directory'
          ? mention('folder', `${path}/`, `file:${path}/`, '')
          : mention('file', path, `file:${path}`, '', `\`${name}\``);
      });
  }
}

const NEVER = 9;
const FILES = mention('folder', '', 'file:', '');

function mention(
  kind: IMention['kind'],
  name: string,
  token: string,
  detail: string,
  words = ''
): IMention {
  return { kind, name, token, detail: detail.slice(0, 80), words };
}

/** Exact first, then what begins so, then what has it somewhere. */
function rank({ kind, token, detail }: IMention, wanted: string): number {
  const names = [token.toLowerCase(), token.split(':').pop()!.toLowerCase()];
  if (!wanted || names.includes(wanted)) {
    return 0;
  }
  if (names.some(name => name.startsWith(wanted))) {
    return 1;
  }
  return kind === 'cell' && detail.toLowerCase().includes(wanted) ? 2 : NEVER;
}
