/** What goes along: suggested by the notebook, added by people, switched off; and what an `@` offers. */

import { Signal } from '@lumino/signaling';

import type { IOpenCell } from '../notebook/cells';
import type { IOpenNotebook } from '../notebook/open';
import { Chips } from './chips';
import { Completion } from './completion';
import { at, Mentions, type IMention } from './mentions';

function cell(number: number, more: Partial<IOpenCell> = {}): IOpenCell {
  return {
    id: `id-${number}`,
    number,
    kind: 'code',
    title: `x = ${number}`,
    failed: false,
    count: number,
    ...more
  };
}

const CELLS = [cell(1), cell(2), cell(3, { title: 'df.plot()' })];

/** A notebook of three cells, the cursor in the first. */
function open(more: object = {}): IOpenNotebook {
  return {
    changed: new Signal({}),
    panel: {},
    path: 'work/Notes.ipynb',
    name: 'Notes.ipynb',
    cells: CELLS,
    active: CELLS[0],
    selected: null,
    failed: null,
    ...more
  } as unknown as IOpenNotebook;
}

function shown(chips: Chips): string[] {
  return chips.list.map(
    ({ kind, name, on }) => `${on ? '' : '-'}${kind} ${name}`
  );
}

describe('chips', () => {
  it('are the notebook and the cell with the cursor', () => {
    expect(shown(new Chips(open(), { head: '' }))).toEqual([
      'notebook ',
      'cell id-1'
    ]);
  });

  it('have the thread once there is something in it', () => {
    expect(shown(new Chips(open(), { head: 'turn' }))[0]).toBe('thread ');
  });

  it('are none without a notebook', () => {
    const none = open({ panel: null, cells: [], active: null });
    expect(shown(new Chips(none, { head: '' }))).toEqual([]);
  });

  it('have selected text in place of its cell', () => {
    const selected = { cell: 'id-1', text: 'x' };
    const chips = new Chips(open({ selected }), { head: '' });
    expect(chips.sent[1]).toEqual({
      kind: 'selection',
      name: 'id-1',
      text: 'x',
      on: true
    });
    expect(shown(chips)).toHaveLength(2);
  });

  it('have the error where it is the last thing that ran, or under the cursor', () => {
    const failed = cell(3, { failed: true });
    const old = cell(1, { id: 'id-2', failed: true });
    const last = new Chips(open({ failed }), { head: '' });
    expect(shown(last)).toContain('error id-3');
    expect(shown(new Chips(open({ failed: old }), { head: '' }))).toEqual([
      'notebook ',
      'cell id-1'
    ]);
    const here = open({ failed: old, active: { ...old } });
    expect(shown(new Chips(here, { head: '' }))).toEqual([
      'notebook ',
      'error id-2'
    ]);
  });

  it('stay as they were left when the cursor goes elsewhere', () => {
    const state = { active: CELLS[0] };
    const chips = new Chips(
      open(
        Object.defineProperty({}, 'active', {
          enumerable: true,
          get: () => state.active
        })
      ),
      { head: '' }
    );
    chips.toggle(chips.list[1]!);
    expect(shown(chips)).toEqual(['notebook ', '-cell id-1']);
    const moved = new Chips(open({ active: CELLS[1] }), { head: '' });
    moved.toggle({ kind: 'cell', name: 'id-1', text: '', on: true });
    expect(shown(moved)).toEqual(['notebook ', 'cell id-2', '-cell id-1']);
  });

  it('that were added go when the question has gone; what is off stays off', () => {
    const chips = new Chips(open(), { head: '' });
    chips.add('file', 'work/log.txt');
    chips.add('cell', 'id-3');
    chips.toggle(chips.list.find(({ name }) => name === 'id-3')!);
    chips.toggle(chips.list[0]!);
    chips.asked();
    expect(shown(chips)).toEqual(['-notebook ', 'cell id-1', '-cell id-3']);
  });

  it('of cells that are no more are gone', () => {
    const chips = new Chips(open(), { head: '' });
    chips.add('cell', 'deleted');
    chips.add('var', 'df', 'a table');
    expect(shown(chips)).toEqual(['notebook ', 'cell id-1', 'var df']);
  });

  it('can be taken away where they were added', () => {
    const chips = new Chips(open(), { head: '' });
    chips.add('var', 'df', 'a table');
    const added = chips.list.filter(({ added }) => added);
    expect(added).toHaveLength(1);
    chips.remove(added[0]!);
    expect(shown(chips)).toEqual(['notebook ', 'cell id-1']);
  });
});

describe('an @', () => {
  it.each([
    ['@', 1, ''],
    ['why @ce', 7, 'ce'],
    ['(@var:d', 7, 'var:d'],
    ['@cell:1 and', 4, 'cel']
  ])('begins a mention in %j at %d', (text, cursor, query) => {
    expect(at(text, cursor)?.query).toBe(query);
  });

  it.each([
    ['me@host', 7],
    ['@cell 1', 7],
    ['plain', 5],
    ['@ ', 2]
  ])('is no mention in %j at %d', (text, cursor) => {
    expect(at(text, cursor)).toBeNull();
  });
});

const FILES: Record<string, [string, string][]> = {
  work: [
    ['data', 'directory'],
    ['log.txt', 'file']
  ],
  'work/data': [['penguins.csv', 'file']]
};

function mentions(more: object = {}): Mentions {
  const contents = {
    get: async (path: string) => ({
      content: (FILES[path] ?? []).map(([name, type]) => ({ name, type }))
    })
  };
  const variables = {
    names: async () => [{ name: 'df', type: 'DataFrame' }],
    summary: async () => 'a table'
  };
  return new Mentions(open(more), contents as never, variables);
}

async function tokens(query: string, more: object = {}): Promise<string[]> {
  return (await mentions(more).find(query)).map(({ token }) => token);
}

describe('mentions', () => {
  it('offer everything there is', async () => {
    expect(await tokens('')).toEqual([
      'notebook',
      'var:df',
      'cell:1',
      'cell:2',
      'cell:3',
      'file:'
    ]);
  });

  it('offer a selection and an error where there are', async () => {
    const there = {
      selected: { cell: 'id-1', text: 'x' },
      failed: cell(3, { failed: true })
    };
    expect((await tokens('', there)).slice(0, 3)).toEqual([
      'notebook',
      'selection',
      'error'
    ]);
  });

  it('are found by name without their kind, and cells by their text', async () => {
    expect(await tokens('df')).toEqual(['var:df', 'cell:3']);
    expect(await tokens('cell:2')).toEqual(['cell:2']);
    expect(await tokens('nothing of the kind')).toEqual([]);
  });

  it("go through the server's folders, from the notebook's own", async () => {
    expect(await tokens('file:')).toEqual([
      'file:work/data/',
      'file:work/log.txt'
    ]);
    expect(await tokens('file:work/data/pen')).toEqual([
      'file:work/data/penguins.csv'
    ]);
  });

  it('do without a kernel that does not answer', async () => {
    const variables = {
      names: () => Promise.reject(new Error('no kernel')),
      summary: () => Promise.reject(new Error('no kernel'))
    };
    const found = await new Mentions(open(), null, variables).find('');
    expect(found.map(({ kind }) => kind)).not.toContain('var');
    expect(found).toHaveLength(4);
  });
});

describe('the list of mentions', () => {
  it('shows what was asked last, however late an earlier answer comes', async () => {
    const answers: Record<string, (found: IMention[]) => void> = {};
    const completion = new Completion({
      find: query =>
        new Promise(resolve => {
          answers[query] = resolve;
        })
    });
    const line = (token: string): IMention => ({
      kind: 'var',
      name: token,
      token,
      detail: '',
      words: ''
    });
    const first = completion.update('@a', 2);
    const second = completion.update('@ab', 3);
    answers['ab']!([line('ab')]);
    answers['a']!([line('a'), line('b')]);
    await Promise.all([first, second]);
    expect(completion.items.map(({ token }) => token)).toEqual(['ab']);
    expect(completion.exact?.token).toBe('ab');
    await completion.update('plain', 5);
    expect(completion.at).toBeNull();
  });

  it('goes around its ends', async () => {
    const completion = new Completion(mentions());
    await completion.update('@', 1);
    completion.move(-1);
    expect(completion.chosen?.token).toBe('file:');
    completion.move(1);
    expect(completion.index).toBe(0);
    completion.close();
    expect(completion.at).toBeNull();
  });
});
