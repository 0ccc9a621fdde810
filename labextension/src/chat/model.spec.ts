import { Signal } from '@lumino/signaling';

import { Refusal, type Server } from '../api/server';
import type { IThread, ITurnRecord } from '../api/threads';
import type { INumbered, IQuestion, TurnEvent } from '../api/values';
import { readReceipt } from '../receipt/values';
import { ChatModel } from './model';
import type { Tabs } from './tabs';

type Piece = TurnEvent | 'lost' | (() => Promise<void>);

const receipt = (status: string) => readReceipt({ status });
const accepted = (turn: string): TurnEvent => ({
  type: 'accepted',
  turn,
  thread: 't1',
  version: 1
});
const text = (said: string): TurnEvent => ({ type: 'text', text: said });
const settled = (said: string, status = 'complete'): TurnEvent => ({
  type: 'settled',
  receipt: receipt(status),
  text: said,
  thinking: ''
});

function question(asked: string, parent = '', thread = ''): IQuestion {
  return { text: asked, parent, thread, chips: [] } as unknown as IQuestion;
}

function record(
  id: string,
  parent: string,
  more: Partial<ITurnRecord> = {}
): ITurnRecord {
  return {
    id,
    parent,
    time: '',
    question: `asked ${id}`,
    chips: [],
    answer: `said ${id}`,
    thinking: '',
    status: 'complete',
    receipt: null,
    error: null,
    ...more
  };
}

/** A server that answers by script: each stream's pieces in order, each thread as it is said to be. */
class Scripted {
  streams: Piece[][] = [];
  thread: Partial<IThread> | null = null;
  calls: string[] = [];
  /** What the askings were called. */
  names: string[] = [];

  ask(asked: IQuestion): AsyncGenerator<INumbered> {
    this.names.push(asked.once ?? '');
    this.calls.push(`ask ${asked.text}`);
    return this._stream(0);
  }

  attach(turn: string, after: number): AsyncGenerator<INumbered> {
    this.calls.push(`attach ${turn} ${after}`);
    return this._stream(after);
  }

  async stop(turn: string): Promise<void> {
    this.calls.push(`stop ${turn}`);
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    this.calls.push(
      `${method} ${path} ${body ? JSON.stringify(body) : ''}`.trim()
    );
    if (this.thread === null) {
      throw new Refusal(404, {
        kind: '',
        message: '',
        remedy: '',
        request_id: ''
      });
    }
    return { id: 't1', title: 'T', notebook: '', head: '', ...this.thread };
  }

  private async *_stream(after: number): AsyncGenerator<INumbered> {
    let number = after;
    const pieces = this.streams.shift();
    if (pieces === undefined) {
      throw new Refusal(404, {
        kind: '',
        message: 'over',
        remedy: '',
        request_id: ''
      });
    }
    for (const piece of pieces) {
      if (piece === 'lost') {
        throw new TypeError('network error');
      } else if (typeof piece === 'function') {
        await piece();
      } else {
        yield { number: ++number, event: piece };
      }
    }
  }
}

class FakeTabs {
  readonly told = new Signal<FakeTabs, string>(this);
  readonly sent: string[] = [];
  tell(thread: string): void {
    this.sent.push(thread);
  }
}

function made(): [ChatModel, Scripted, FakeTabs] {
  const server = new Scripted();
  const tabs = new FakeTabs();
  const chat = new ChatModel(
    server as unknown as Server,
    tabs as unknown as Tabs,
    async () => undefined
  );
  return [chat, server, tabs];
}

const shown = (chat: ChatModel): string[] =>
  chat.turns.map(turn => `${turn.question}: ${turn.answer} (${turn.state})`);

const settle = () => new Promise(resolve => setTimeout(resolve));

describe('asking', () => {
  it('shows question and answer, and knows the thread and what comes after', async () => {
    const [chat, server, tabs] = made();
    server.streams = [
      [accepted('a'), text('He'), text('llo'), settled('Hello')]
    ];
    const asked = chat.ask(question('Hi?'));
    expect(shown(chat)).toEqual(['Hi?:  (asking)']);
    expect(chat.running).toBe(chat.turns[0]);
    await asked;
    expect(shown(chat)).toEqual(['Hi?: Hello (complete)']);
    expect([chat.thread, chat.head, chat.running]).toEqual(['t1', 'a', null]);
    expect(tabs.sent).toEqual(['t1', 't1']);
  });

  it('takes the question away where it was refused, and says why', async () => {
    const [chat] = made();
    await expect(chat.ask(question('Hi?'))).rejects.toThrow('over');
    expect(chat.turns).toEqual([]);
  });

  it('keeps what came of a turn that failed', async () => {
    const [chat, server] = made();
    const error = {
      kind: 'ServerFault',
      message: 'Down.',
      remedy: '',
      request_id: ''
    };
    server.streams = [
      [
        accepted('a'),
        text('Hel'),
        settled('Hel', 'failed'),
        { type: 'failed', error }
      ]
    ];
    await chat.ask(question('Hi?'));
    expect(shown(chat)).toEqual(['Hi?: Hel (failed)']);
    expect(chat.turns[0]?.problem).toBe(error);
  });
});

describe('a lost connection', () => {
  it('goes on behind the last event that came', async () => {
    const [chat, server] = made();
    server.streams = [
      [accepted('a'), text('He'), 'lost'],
      ['lost'],
      [text('llo'), settled('Hello')]
    ];
    await chat.ask(question('Hi?'));
    expect(server.calls).toEqual(['ask Hi?', 'attach a 2', 'attach a 2']);
    expect(shown(chat)).toEqual(['Hi?: Hello (complete)']);
  });

  it('keeps what is on screen where the server has stored less', async () => {
    const [chat, server] = made();
    server.streams = [[accepted('a'), text('Hello, wor'), 'lost']];
    server.thread = {
      turns_list: [record('a', '', { answer: 'Hello', status: 'lost' })]
    };
    await chat.ask(question('Hi?'));
    expect(shown(chat)).toEqual(['Hi?: Hello, wor (lost)']);
  });

  it('is the end where the server knows nothing of it', async () => {
    const [chat, server] = made();
    server.streams = [[accepted('a'), text('Hello'), 'lost']];
    await chat.ask(question('Hi?'));
    expect(shown(chat)).toEqual(['Hi?: Hello (lost)']);
  });
});

describe('a connection that is lost before anybody knows that it began', () => {
  it('is tried again, and no second turn is asked', async () => {
    const [chat, server] = made();
    server.streams = [['lost'], [], [accepted('a'), settled('Hello')]];
    await chat.ask(question('Hi?'));
    expect(server.calls).toEqual(['ask Hi?', 'ask Hi?', 'ask Hi?']);
    expect(new Set(server.names).size).toBe(1);
    expect(shown(chat)).toEqual(['Hi?: Hello (complete)']);
  });

  it('is told in the end; the same question, asked once more, is still the same', async () => {
    const [chat, server] = made();
    server.streams = [['lost'], ['lost'], ['lost']];
    await expect(chat.ask(question('Hi?'))).rejects.toThrow('network error');
    expect(chat.turns).toHaveLength(0);
    server.streams = [[accepted('a'), settled('Hello')]];
    await chat.ask(question('Hi?'));
    expect(server.names).toHaveLength(4);
    expect(new Set(server.names).size).toBe(1);
  });

  it('makes another question no part of it, nor the same one that was answered', async () => {
    const [chat, server] = made();
    server.streams = [['lost'], ['lost'], ['lost']];
    await expect(chat.ask(question('Hi?'))).rejects.toThrow('network error');
    server.streams = [
      [accepted('a'), settled('Yes')],
      [accepted('b'), settled('Yes')],
      [accepted('c'), settled('Yes')]
    ];
    await chat.ask(question('Hi?', '', 't2'));
    await chat.ask(question('Hi?'));
    await chat.ask(question('Hi?'));
    expect(new Set(server.names).size).toBe(4);
  });

  it('is no reason to go on where people want it stopped', async () => {
    const [chat, server] = made();
    server.streams = [[() => chat.stop(), 'lost']];
    await expect(chat.ask(question('Hi?'))).rejects.toThrow('network error');
    expect(server.calls).toEqual(['ask Hi?']);
  });
});

describe('a thread that is opened', () => {
  it('goes on with a turn in flight from its beginning, and shows no less meanwhile', async () => {
    const [chat, server] = made();
    server.thread = {
      head: 'a',
      turns_list: [record('a', '', { answer: 'Hello', status: 'running' })]
    };
    const seen: string[] = [];
    const look = async () => {
      seen.push(chat.turns[0]?.answer ?? '');
    };
    server.streams = [
      [
        accepted('a'),
        text('Hel'),
        look,
        text('lo, world'),
        look,
        settled('Hello, world')
      ]
    ];
    await chat.show('t1');
    await settle();
    expect(seen).toEqual(['Hello', 'Hello, world']);
    expect(server.calls).toEqual(['GET threads/t1', 'attach a 0']);
    expect(shown(chat)).toEqual(['asked a: Hello, world (complete)']);
  });

  it('shows the branch that was shown last; another one on demand', async () => {
    const [chat, server] = made();
    server.thread = {
      head: 'c',
      turns_list: [
        record('a', ''),
        record('b', 'a'),
        record('c', 'a'),
        record('d', 'b')
      ]
    };
    await chat.show('t1');
    expect(chat.turns.map(({ id }) => id)).toEqual(['a', 'c']);
    const [first] = chat.siblings(chat.turns[1]!);
    await chat.choose(first!);
    expect(chat.turns.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
    expect(server.calls.pop()).toBe('PATCH threads/t1 {"head":"d"}');
  });

  it('is asked again beside the earlier answer, which is not lost', async () => {
    const [chat, server] = made();
    server.thread = { head: 'a', turns_list: [record('a', '')] };
    await chat.show('t1');
    server.streams = [[accepted('b'), settled('other')]];
    await chat.ask(question('asked a', '', 't1'));
    expect(shown(chat)).toEqual(['asked a: other (complete)']);
    expect(chat.siblings(chat.turns[0]!).map(({ id }) => id)).toEqual([
      'a',
      'b'
    ]);
  });

  it('is left for another one while a turn goes on, and found again with it', async () => {
    const [chat, server] = made();
    let goOn = (): void => undefined;
    const wait = new Promise<void>(resolve => (goOn = resolve));
    server.streams = [
      [accepted('a'), text('Hel'), () => wait, settled('Hello')]
    ];
    const asked = chat.ask(question('Hi?'));
    await settle();
    await chat.show('');
    expect(chat.turns).toEqual([]);
    server.thread = {
      turns_list: [record('a', '', { answer: '', status: 'running' })]
    };
    await chat.show('t1');
    expect(shown(chat)).toEqual(['Hi?: Hel (running)']);
    goOn();
    await asked;
    expect(shown(chat)).toEqual(['Hi?: Hello (complete)']);
    expect(server.calls).not.toContain('attach a 0');
  });
});

describe('a question', () => {
  it('stays on screen where another thread was on its way', async () => {
    const [chat, server] = made();
    server.thread = { turns_list: [record('a', '')] };
    server.streams = [[accepted('b'), text('It is.'), settled('It is.')]];
    const coming = chat.show('t2');
    await chat.ask(question('Is it?'));
    await coming;
    expect(shown(chat)).toEqual(['Is it?: It is. (complete)']);
  });
});

describe('two tabs', () => {
  it('show what the other asked, and follow its answer', async () => {
    const [chat, server, tabs] = made();
    server.thread = { head: 'a', turns_list: [record('a', '')] };
    await chat.show('t1');
    server.thread = {
      head: 'b',
      turns_list: [
        record('a', ''),
        record('b', 'a', { answer: '', status: 'running' })
      ]
    };
    server.streams = [[accepted('b'), text('Yes'), settled('Yes')]];
    tabs.told.emit('t1');
    await settle();
    expect(shown(chat)).toEqual([
      'asked a: said a (complete)',
      'asked b: Yes (complete)'
    ]);
  });

  it('leave a reader on the branch that he looks at', async () => {
    const [chat, server, tabs] = made();
    const all = [record('a', ''), record('b', 'a'), record('c', 'a')];
    server.thread = { head: 'b', turns_list: all };
    await chat.show('t1');
    server.thread = { head: 'c', turns_list: all };
    tabs.told.emit('');
    await settle();
    expect(chat.turns.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('say nothing of a server that is away', async () => {
    const [chat, server, tabs] = made();
    server.thread = { head: 'a', turns_list: [record('a', '')] };
    await chat.show('t1');
    server.thread = null;
    tabs.told.emit('t1');
    await settle();
    expect(shown(chat)).toEqual(['asked a: said a (complete)']);
  });
});

it('stops the turn in flight, and nothing where there is none', async () => {
  const [chat, server] = made();
  await chat.stop();
  server.streams = [[accepted('a'), () => chat.stop(), settled('', 'stopped')]];
  await chat.ask(question('Hi?'));
  expect(server.calls).toEqual(['ask Hi?', 'stop a']);
  expect(shown(chat)).toEqual(['Hi?:  (stopped)']);
});

it('tells a stop that comes before the turn has a name as soon as it has one', async () => {
  const [chat, server] = made();
  server.streams = [
    [
      async () => {
        expect(chat.running?.id).toBe('');
        await chat.stop();
        expect(server.calls).not.toContain('stop r1');
      },
      accepted('r1'),
      settled('', 'stopped')
    ]
  ];
  await chat.ask(question('Why?'));
  expect(server.calls).toContain('stop r1');
});

it('tells a stop again that did not reach the server', async () => {
  const [chat, server] = made();
  let away = true;
  jest.spyOn(server, 'stop').mockImplementation(async turn => {
    if (away) {
      throw new TypeError('Failed to fetch');
    }
    server.calls.push(`stop ${turn}`);
  });
  server.streams = [
    [
      accepted('r1'),
      text('One'),
      async () => {
        await chat.stop();
        away = false;
      },
      'lost'
    ],
    [settled('One', 'stopped')]
  ];
  await chat.ask(question('Why?'));
  expect(server.calls).toContain('stop r1');
  expect(chat.turns[0]?.state).toBe('stopped');
});

it('asks in the thread that a question was made for, whichever is on screen', async () => {
  const [chat, server] = made();
  server.thread = { turns_list: [record('r1', '')], head: 'r1' };
  await chat.show('t1');
  const more = question('More?', 'r1', 't1');
  await chat.show('');
  server.streams = [[accepted('r2'), settled('Yes.')]];
  await chat.ask(more);
  expect(chat.thread).toBe('');
  expect(chat.turns).toHaveLength(0);
});

it('shows a turn once that a look at the server found before it was told of it', async () => {
  const [chat, server] = made();
  server.thread = { turns_list: [record('r1', '')], head: 'r1' };
  await chat.show('t1');
  server.streams = [
    [
      async () => {
        const running = record('r2', 'r1', { status: 'running', answer: '' });
        server.thread = {
          turns_list: [record('r1', ''), running],
          head: 'r2'
        };
        server.streams = [[text('Yes.'), settled('Yes.')]];
        await chat.refresh();
      },
      accepted('r2'),
      settled('Yes.')
    ]
  ];
  await chat.ask(question('More?', 'r1', 't1'));
  expect(chat.turns.map(({ id }) => id)).toEqual(['r1', 'r2']);
  expect(chat.siblings(chat.turns[1]!)).toHaveLength(1);
});
