/** The open notebook: unsaved edits count, each cell is sent once, a server that forgot gets it again. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import { NotebookModel } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Refusal, Server } from '../api/server';
import type { ILiveNotebook } from '../api/values';
import { OpenNotebook } from './open';
import { thin } from './thin';

function cell(source: string, outputs: object[] = []): object {
  return {
    cell_type: 'code',
    source,
    metadata: {},
    outputs,
    execution_count: outputs.length ? 1 : null
  };
}

function notebook(...cells: object[]): NotebookModel {
  const model = new NotebookModel();
  model.fromJSON({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python' } },
    cells: cells as never
  });
  return model;
}

/** A tracker on one notebook, as far as it is asked. */
function tracking(model: NotebookModel): INotebookTracker {
  const context = {
    path: 'RTC:work/Notes.ipynb',
    pathChanged: new Signal({}),
    ready: Promise.resolve()
  };
  return {
    currentChanged: new Signal({}),
    activeCellChanged: new Signal({}),
    activeCell: null,
    currentWidget: {
      isDisposed: false,
      model,
      context,
      content: { activeCellIndex: 0, activeCell: null }
    }
  } as unknown as INotebookTracker;
}

/** A server that remembers cells as the real one does. */
class Cells {
  readonly known = new Set<string>();
  readonly asked: ILiveNotebook[] = [];

  readonly fetch = async (request: RequestInfo): Promise<Response> => {
    const live = (await (request as Request).json()) as ILiveNotebook;
    this.asked.push(live);
    Object.keys(live.fresh).forEach(key => this.known.add(key));
    const missing = live.cells.filter(key => !this.known.has(key));
    const held = missing.length ? '' : live.cells.join();
    return new Response(JSON.stringify({ notebook: held, missing }));
  };
}

function opened(model: NotebookModel): { open: OpenNotebook; cells: Cells } {
  const cells = new Cells();
  const settings = ServerConnection.makeSettings({ fetch: cells.fetch });
  const contents = { localPath: (path: string) => path.replace('RTC:', '') };
  const open = new OpenNotebook(
    new Server(settings),
    tracking(model),
    contents
  );
  return { open, cells };
}

describe('the open notebook', () => {
  it('is sent whole at first, then only what changed', async () => {
    const model = notebook(cell('a = 1'), cell('b = 2'));
    const { open, cells } = opened(model);
    const first = await open.sync();
    model.cells.get(1).sharedModel.setSource('b = 3');
    const second = await open.sync();
    expect(first).not.toBe(second);
    expect(
      cells.asked.map(({ fresh }) =>
        Object.values(fresh).map(({ source }) => source)
      )
    ).toEqual([['a = 1', 'b = 2'], ['b = 3']]);
    expect(cells.asked[0]!.path).toBe('work/Notes.ipynb');
  });

  it('is not sent again while nothing changes', async () => {
    const { open, cells } = opened(notebook(cell('a = 1')));
    expect(await open.sync()).toBe(await open.sync());
    expect(cells.asked).toHaveLength(1);
  });

  it('notices outputs, metadata and the order of cells', async () => {
    const model = notebook(cell('a'), cell('b'));
    const { open, cells } = opened(model);
    await open.sync();
    const first = model.cells.get(0) as unknown as {
      outputs: { add(output: object): void };
    };
    first.outputs.add({ output_type: 'stream', name: 'stdout', text: 'one\n' });
    await open.sync();
    first.outputs.add({ output_type: 'stream', name: 'stdout', text: 'two\n' });
    await open.sync();
    model.cells.get(1).setMetadata('tags', ['qwen-skip']);
    await open.sync();
    model.sharedModel.moveCell(0, 1);
    await open.sync();
    const said = cells.asked.map(({ fresh }) => Object.values(fresh));
    expect(said[1]![0]!.outputs).toMatchObject([{ text: 'one\n' }]);
    expect(said[2]![0]!.outputs).toMatchObject([{ text: 'one\ntwo\n' }]);
    expect(said[3]![0]!.metadata).toMatchObject({ tags: ['qwen-skip'] });
    expect(cells.asked).toHaveLength(5);
  });

  it('is sent again where the server forgot its cells', async () => {
    const model = notebook(cell('a'), cell('b'));
    const { open, cells } = opened(model);
    await open.sync();
    cells.known.clear();
    model.cells.get(0).sharedModel.setSource('c');
    await open.sync();
    expect(cells.known.size).toBe(2);
  });

  it('is sent again, once, where the server no longer holds it', async () => {
    const { open, cells } = opened(notebook(cell('a')));
    let times = 0;
    const gone = new Refusal(
      409,
      { kind: 'BadRequest', message: '', remedy: '', request_id: '' },
      true
    );
    const use = async (name: string): Promise<string> => {
      times += 1;
      if (times === 1) {
        throw gone;
      }
      return name;
    };
    expect(await open.held(use)).not.toBe('');
    expect(cells.asked).toHaveLength(2);
    await expect(open.held(() => Promise.reject(gone))).rejects.toBe(gone);
  });

  it('knows its cells by number, and the one that failed last', () => {
    const error = {
      output_type: 'error',
      ename: 'E',
      evalue: '',
      traceback: []
    };
    const { open } = opened(
      notebook(cell('\n  a = 1\nb'), cell('c', [error]), cell(''))
    );
    expect(open.cells.map(({ number, title }) => [number, title])).toEqual([
      [1, 'a = 1'],
      [2, 'c'],
      [3, '']
    ]);
    expect(open.failed?.number).toBe(2);
    expect(open.active?.number).toBe(1);
    expect(open.name).toBe('Notes.ipynb');
  });
});

describe('an output on its way', () => {
  it('keeps of a picture what tells its size', () => {
    const data = { 'image/png': 'A'.repeat(9000), 'text/plain': '<Figure>' };
    const thinned = thin({ output_type: 'display_data', data, metadata: {} });
    const kept = thinned.data as Record<string, string>;
    expect(kept['image/png']).toHaveLength(128);
    expect(kept['text/plain']).toBe('<Figure>');
  });

  it('keeps the head and the tail of a long text', () => {
    const text = `head${'x'.repeat(900_000)}tail`;
    const thinned = thin({ output_type: 'stream', name: 'stdout', text });
    expect(thinned.text).toHaveLength(300_000);
    expect(thinned.text).toMatch(/^headx+tail$/);
  });

  it('keeps what is ours whole', () => {
    const data = { 'application/vnd.qwen-magics.receipt+json': { id: '1' } };
    const metadata = { qwen_magics: { role: 'receipt' } };
    const output = { output_type: 'display_data', data, metadata };
    expect(thin(output)).toEqual(output);
  });
});
