/** The list of threads as people use it, and which thread comes with a notebook. */

import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { Server } from '../api/server';
import type { ISummary } from '../api/threads';
import { ThreadOfNotebook } from './follow';
import { ThreadList } from './list';
import { ThreadsModel } from './model';
import { Title } from './title';

const trans = nullTranslator.load('qwen-magics');

function thread(id: string, title: string, notebook: string): ISummary {
  const time = '2026-11-24T03:00:00Z';
  return {
    id,
    title,
    notebook,
    created: time,
    updated: time,
    revision: 1,
    turns: 2,
    running: '',
    cost: [{ currency: 'USD', amount: '0.0043008', bound: 'exact' }]
  };
}

/** A server that keeps threads in memory. */
class Kept {
  threads = [
    thread('a', 'Gentoo', 'Penguins.ipynb'),
    thread('b', 'Prices', 'Costs.ipynb')
  ];
  deleted: ISummary[] = [];
  readonly calls: string[] = [];

  readonly server = new Server(
    ServerConnection.makeSettings({
      fetch: async (request: RequestInfo | URL, init?: RequestInit) => {
        const asked = new Request(request, init);
        const url = new URL(asked.url);
        const path = url.pathname.replace(/^.*\/qwen\/api\/threads\/?/, '');
        this.calls.push(`${asked.method} ${path}`);
        const answer = await this._answer(asked, path, url.searchParams);
        return answer === null
          ? new Response(null, { status: 204 })
          : new Response(JSON.stringify(answer));
      }
    })
  );

  private async _answer(
    asked: Request,
    path: string,
    query: URLSearchParams
  ): Promise<unknown> {
    const [id = '', what] = path.split('/');
    if (asked.method === 'GET') {
      const text = (query.get('query') ?? '').toLowerCase();
      const place = query.get('notebook');
      const threads = this.threads.filter(
        ({ title, notebook }) =>
          title.toLowerCase().includes(text) &&
          (place === null || notebook === place)
      );
      return { threads };
    }
    const found = [...this.threads, ...this.deleted].find(
      one => one.id === id
    ) as ISummary;
    if (asked.method === 'DELETE') {
      this.threads = this.threads.filter(one => one !== found);
      this.deleted.push(found);
      return null;
    }
    if (what === 'restore') {
      this.threads.push(found);
      return found;
    }
    const named = { ...found, ...(await asked.json()) };
    this.threads = this.threads.map(one => (one === found ? named : one));
    return named;
  }
}

class Shown {
  thread = '';
  running: unknown = null;
  readonly changed = new Signal<this, void>(this);

  async show(thread: string): Promise<void> {
    this.thread = thread;
    this.changed.emit();
  }
}

class Open {
  path = 'Penguins.ipynb';
  panel = {};
  readonly changed = new Signal<this, void>(this);

  go(path: string): void {
    this.panel = {};
    this.rename(path);
  }

  rename(path: string): void {
    this.path = path;
    this.changed.emit();
  }
}

function make(): { kept: Kept; shown: Shown; threads: ThreadsModel } {
  const kept = new Kept();
  const shown = new Shown();
  const threads = new ThreadsModel(kept.server, shown, new Open());
  return { kept, shown, threads };
}

describe('the list of threads', () => {
  it('has those of the open notebook first, with what they cost', async () => {
    const { threads } = make();
    render(<ThreadList threads={threads} trans={trans} onDone={jest.fn()} />);
    await screen.findByText('Gentoo');
    const heads = screen.getAllByRole('heading').map(head => head.textContent);
    expect(heads).toEqual(['This notebook', 'Other']);
    expect(screen.getAllByText(/2 turns · \$0\.0043/)).toHaveLength(2);
  });

  it('opens one, and is done then', async () => {
    const { threads, shown } = make();
    const done = jest.fn();
    render(<ThreadList threads={threads} trans={trans} onDone={done} />);
    fireEvent.click(await screen.findByText('Prices'));
    await waitFor(() => expect(done).toHaveBeenCalled());
    expect(shown.thread).toBe('b');
  });

  it('deletes the one on screen, which leaves an empty place, and brings it back', async () => {
    const { threads, shown } = make();
    await shown.show('a');
    render(<ThreadList threads={threads} trans={trans} onDone={jest.fn()} />);
    fireEvent.click(
      await screen.findByRole('button', { name: 'Delete “Gentoo”' })
    );
    await screen.findByText('Deleted “Gentoo”.');
    expect(shown.thread).toBe('');
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    await screen.findByRole('button', { name: 'Gentoo' });
    expect(screen.queryByText('Deleted “Gentoo”.')).toBeNull();
  });

  it('shows the answer to what was searched last, whichever comes last', async () => {
    const { threads } = make();
    await Promise.all([threads.search('gen'), threads.search('pri')]);
    expect(threads.threads.map(({ title }) => title)).toEqual(['Prices']);
  });

  it('says why something did not work', async () => {
    const { threads, kept } = make();
    await threads.refresh();
    jest
      .spyOn(kept.server, 'call')
      .mockRejectedValue(new Error('The server is away.'));
    render(<ThreadList threads={threads} trans={trans} onDone={jest.fn()} />);
    expect((await screen.findByRole('alert')).textContent).toBe(
      'The server is away.'
    );
    expect(screen.getByText('Gentoo')).toBeTruthy();
  });
});

describe('the title', () => {
  async function field(): Promise<{ kept: Kept; input: HTMLElement }> {
    const { kept, shown, threads } = make();
    await shown.show('a');
    await waitFor(() => expect(threads.current?.title).toBe('Gentoo'));
    render(<Title threads={threads} trans={trans} />);
    fireEvent.click(screen.getByRole('button', { name: 'Gentoo' }));
    return { kept, input: screen.getByRole('textbox') };
  }

  it('becomes another on Enter, once', async () => {
    const { kept, input } = await field();
    fireEvent.change(input, { target: { value: ' Heavy ' } });
    fireEvent.keyDown(input, { key: 'Enter' });
    await waitFor(() => expect(kept.threads[0]?.title).toBe('Heavy'));
    expect(kept.calls.filter(call => call === 'PATCH a')).toHaveLength(1);
  });

  it('stays on Escape, and while a word is composed', async () => {
    const { kept, input } = await field();
    fireEvent.change(input, { target: { value: 'Heavy' } });
    fireEvent.keyDown(input, { key: 'Enter', isComposing: true });
    fireEvent.keyDown(input, { key: 'Escape' });
    expect(screen.getByRole('button', { name: 'Gentoo' })).toBeTruthy();
    expect(kept.calls).not.toContain('PATCH a');
  });
});

describe('a notebook', () => {
  it('brings its newest thread, then the one that was shown with it last', async () => {
    const { kept, shown } = make();
    const open = new Open();
    await new ThreadOfNotebook(kept.server, shown, open).start();
    expect(shown.thread).toBe('a');
    open.go('Costs.ipynb');
    await waitFor(() => expect(shown.thread).toBe('b'));
    await shown.show(''); // a new one is begun
    open.go('Penguins.ipynb');
    await waitFor(() => expect(shown.thread).toBe('a'));
    open.go('Costs.ipynb');
    await waitFor(() => expect(shown.thread).toBe(''));
  });

  it('is not taken for the one before it while its thread is looked for', async () => {
    const { kept, shown } = make();
    const open = new Open();
    await new ThreadOfNotebook(kept.server, shown, open).start();
    open.go('Costs.ipynb');
    shown.changed.emit(); // the first one's, still on screen
    await waitFor(() => expect(shown.thread).toBe('b'));
    open.go('Penguins.ipynb');
    await waitFor(() => expect(shown.thread).toBe('a'));
  });

  it('does not take away what was asked meanwhile', async () => {
    const { kept, shown } = make();
    const open = new Open();
    await new ThreadOfNotebook(kept.server, shown, open).start();
    const call = jest.spyOn(kept.server, 'call');
    open.go('Costs.ipynb');
    await shown.show('c');
    await call.mock.results[0]?.value;
    await new Promise(resolve => setTimeout(resolve)); // what waited for it goes on
    open.go('Penguins.ipynb');
    await waitFor(() => expect(shown.thread).toBe('a'));
    open.go('Costs.ipynb');
    await waitFor(() => expect(shown.thread).toBe('c'));
  });

  it('keeps its thread when it is renamed', async () => {
    const { kept, shown } = make();
    const open = new Open();
    await new ThreadOfNotebook(kept.server, shown, open).start();
    open.rename('Birds.ipynb'); // before the server knows it by this name
    open.go('Costs.ipynb');
    await waitFor(() => expect(shown.thread).toBe('b'));
    open.go('Birds.ipynb');
    await waitFor(() => expect(shown.thread).toBe('a'));
  });

  it('leaves its question to it, where another notebook is opened before that has a thread', async () => {
    const { kept, shown } = make();
    const open = new Open();
    open.path = 'New.ipynb';
    await new ThreadOfNotebook(kept.server, shown, open).start();
    shown.running = {};
    shown.changed.emit(); // asked in a thread without a name
    open.go('Costs.ipynb');
    shown.thread = 'c';
    kept.threads.push(thread('c', 'Why?', 'New.ipynb'));
    shown.changed.emit(); // accepted, while the other one's thread is on its way
    await waitFor(() => expect(shown.thread).toBe('b'));
    open.go('New.ipynb');
    await waitFor(() => expect(shown.thread).toBe('c'));
  });

  it('leaves an empty place where its thread is gone', async () => {
    const { kept, shown } = make();
    const show = shown.show.bind(shown);
    jest.spyOn(shown, 'show').mockImplementation(async thread => {
      if (thread) {
        throw new Error('gone');
      }
      await show(thread);
    });
    await new ThreadOfNotebook(kept.server, shown, new Open()).start();
    expect(shown.thread).toBe('');
  });
});
