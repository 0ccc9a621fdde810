/** What goes to a kernel before a cell runs, and the code of answers. */

import type { Cell } from '@jupyterlab/cells';
import { NotebookModel, type NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { bounded } from './bounds';
import { addButtons, codeOf } from './buttons';
import { Copies } from './copies';

interface ISaid {
  readonly path: string;
  readonly cells: string[];
  readonly fresh: Record<string, { source: string; outputs: unknown }>;
}

/** A kernel's connection, as far as comms go. */
class Kernel {
  readonly said: ISaid[] = [];
  readonly statusChanged = new Signal<this, string>(this);
  handleComms = true;
  /** What the kernel closes each comm with; null: not yet. */
  answer: object | null = { taken: true, missing: [] };

  createComm(target: string): object {
    expect(target).toBe('qwen-magics');
    const comm = {
      isDisposed: false,
      dispose: () => undefined,
      onClose: (_: object) => undefined,
      open: (data: ISaid) => {
        this.said.push(data);
        if (this.answer !== null) {
          comm.onClose({ content: { data: this.answer } });
        }
      }
    };
    return comm;
  }

  /** The sources that came with the last copy. */
  get fresh(): string[] {
    return Object.values(this.said.at(-1)!.fresh).map(({ source }) => source);
  }
}

/** A notebook of these cells; `run` schedules one. */
function opened(...sources: string[]): {
  kernel: Kernel;
  model: NotebookModel;
  run: (index: number) => void;
} {
  const model = new NotebookModel();
  model.fromJSON({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: sources.map(source => ({
      cell_type: 'code',
      source,
      metadata: {},
      outputs: [],
      execution_count: null
    }))
  });
  const kernel = new Kernel();
  const panel = {
    content: {},
    model,
    context: { path: 'RTC:work/Notes.ipynb' },
    sessionContext: { session: { kernel } }
  } as unknown as NotebookPanel;
  const copies = new Copies(
    {
      find: (test: (panel: NotebookPanel) => boolean) =>
        test(panel) ? panel : undefined
    },
    { localPath: path => path.replace('RTC:', '') }
  );
  const run = (index: number): void =>
    copies.scheduled(panel.content, {
      model: model.cells.get(index)
    } as unknown as Cell);
  return { kernel, model, run };
}

describe('the copy for the kernel', () => {
  it('goes before a cell that asks, and before no other', () => {
    const { kernel, run } = opened('%load_ext qwen_magics', 'a', '%%qwen\nb?');
    run(0);
    run(1);
    expect(kernel.said).toEqual([]);
    run(2);
    expect(kernel.said[0]!.path).toBe('work/Notes.ipynb');
    expect(kernel.said[0]!.cells).toHaveLength(3);
    expect(kernel.fresh).toEqual(['%load_ext qwen_magics', 'a', '%%qwen\nb?']);
  });

  it('has each cell once, and again when it changed', () => {
    const { kernel, model, run } = opened('a', '%%qwen\nb?');
    run(1);
    model.cells.get(0).sharedModel.setSource('edited');
    run(1);
    expect(kernel.fresh).toEqual(['edited']);
    run(1);
    expect(kernel.fresh).toEqual([]);
  });

  it.each([
    ['the kernel restarts', (k: Kernel) => k.statusChanged.emit('restarting')],
    ['the kernel lost them', () => undefined, 'missing'],
    ['the kernel did not know us', () => undefined, 'nothing'],
    ['the extension is loaded again', () => undefined, 'load']
  ])('has all cells again where %s', (_, happens, how = '') => {
    const { kernel, run } = opened('%reload_ext qwen_magics', '%%qwen\nb?');
    run(1);
    const missing = kernel.said[0]!.cells;
    kernel.answer =
      how === 'missing'
        ? { taken: true, missing }
        : how === 'nothing'
          ? {}
          : kernel.answer;
    happens(kernel);
    if (how === 'load') {
      run(0);
    } else if (how) {
      run(1);
    }
    run(1);
    expect(kernel.fresh).toHaveLength(2);
  });

  it('is not sent where another tab has the comms, or the kernel cannot read it', () => {
    const { kernel, run } = opened('%%qwen\nb?');
    kernel.handleComms = false;
    run(0);
    expect(kernel.said).toHaveLength(0);
    kernel.handleComms = true;
    kernel.answer = { taken: false };
    run(0);
    run(0);
    expect(kernel.said).toHaveLength(1);
  });
});

describe('what is too much for one message', () => {
  const cell = (source: string, text: string): never =>
    ({
      source,
      metadata: {},
      outputs: [{ output_type: 'stream', name: 'stdout', text }]
    }) as never;

  it('goes without the largest outputs', () => {
    const cells = {
      a: cell('a', 'x'.repeat(9000)),
      b: cell('b', 'x'.repeat(500))
    };
    const sent = bounded(cells, 5000)!;
    expect(sent.a!.outputs).toBeNull();
    expect(sent.b!.outputs).toHaveLength(1);
    expect(bounded(cells)).toEqual(cells);
  });

  it('does not go where the text alone is too much', () => {
    expect(bounded({ a: cell('x'.repeat(9000), '') }, 5000)).toBeNull();
  });
});

describe('the code of an answer', () => {
  const trans = nullTranslator.load('qwen-magics');

  /** Outputs of one cell, each rendered from this HTML. */
  function shown(...parts: { html: string; continues?: boolean }[]): {
    area: HTMLElement;
    fences: HTMLElement[];
    inserted: object[];
  } {
    const area = document.createElement('div');
    area.className = 'jp-OutputArea';
    const inserted: object[] = [];
    const content = {
      widgets: [{ node: document.createElement('i') }, { node: area }],
      activeCellIndex: 0,
      deselectAll: () => undefined,
      scrollToItem: async () => undefined
    };
    const sharedModel = {
      insertCell: (index: number, cell: object) =>
        inserted.push({ index, ...cell })
    };
    const panel = {
      content,
      model: { sharedModel }
    } as unknown as NotebookPanel;
    for (const { html, continues = false } of parts) {
      const node = document.createElement('div');
      node.innerHTML = html;
      area.append(node);
      addButtons(node, { turn: 'turn-1', continues }, panel, trans);
      addButtons(node, { turn: 'turn-1', continues }, panel, trans);
    }
    const fences = [...area.querySelectorAll<HTMLElement>('.jp-QwenFence')];
    return { area, fences, inserted };
  }

  const pre = (code: string): string => `<pre><code>${code}\n</code></pre>`;

  it('has its buttons once, however often it is rendered', () => {
    const { area } = shown({ html: `<p>So:</p>${pre('x = 1')}` });
    expect(
      [...area.querySelectorAll('button')].map(button => button.textContent)
    ).toEqual(['Copy', 'Insert']);
  });

  it('is whole where it was cut into several outputs', () => {
    const { fences } = shown(
      { html: `${pre('a')}${pre('b1')}` },
      { html: pre('b2'), continues: true },
      { html: `${pre('b3')}${pre('c')}`, continues: true }
    );
    const b = 'b1\nb2\nb3';
    expect(fences.map(codeOf)).toEqual(['a', b, b, b, 'c']);
  });

  it('goes below the cell that shows it, and the new cell knows the turn', () => {
    const { area, inserted } = shown({ html: pre('x = 1\ny = 2') });
    area.querySelectorAll('button')[1]!.click();
    expect(inserted).toMatchObject([
      {
        index: 2,
        source: 'x = 1\ny = 2',
        metadata: { qwen_magics: { from: 'turn-1' } }
      }
    ]);
    expect(area.querySelector('[role=status]')?.textContent).toBe('inserted');
  });
});
