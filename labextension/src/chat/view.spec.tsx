import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen
} from '@testing-library/react';
import * as React from 'react';

import { Refusal } from '../api/server';
import type { TurnEvent } from '../api/values';
import { readReceipt } from '../receipt/values';
import type { ITarget } from './actions';
import { Announcer } from './announce';
import type { IChatContext } from './context';
import { examples } from './examples';
import type { ChatModel } from './model';
import { harmless } from './pane';
import { Turn } from './turn';
import { ChatView } from './view';

const trans = nullTranslator.load('qwen-magics');
const rendermime = harmless(
  new RenderMimeRegistry({ initialFactories: standardRendererFactories })
);

function turnOf(question: string, ...events: TurnEvent[]): Turn {
  const turn = new Turn(question, '');
  turn.take({ type: 'accepted', turn: 'a', thread: 't', version: 1 });
  events.forEach(event => turn.take(event));
  return turn;
}

const text = (said: string): TurnEvent => ({ type: 'text', text: said });
const settled = (status: string, more = {}): TurnEvent => ({
  type: 'settled',
  receipt: readReceipt({ status, model: 'qwen3-max', ...more }),
  text: '',
  thinking: ''
});

/** A thread that stays as it is; what is done with it is written down. */
class Fake {
  constructor(readonly turns: Turn[]) {}
  readonly changed = new Signal<Fake, void>(this);
  readonly done: string[] = [];
  readonly thread = 't';
  siblings(): Turn[] {
    return this.turns;
  }
  async stop(): Promise<void> {
    this.done.push('stop');
  }
  async choose(): Promise<void> {
    this.done.push('choose');
  }
}

function show(turn: Turn | null, more: Partial<IChatContext> = {}): string[] {
  const chat = new Fake(turn ? [turn] : []);
  const { done } = chat;
  const parts: IChatContext = {
    trans,
    rendermime,
    chat: chat as unknown as ChatModel,
    asking: {
      text: '',
      ask: async (asked, how) =>
        void done.push(`ask ${asked} ${JSON.stringify(how)}`)
    },
    actions: {
      copy: said => done.push(`copy ${said}`),
      below: code => done.push(`below ${code}`) > 0,
      target: () => ({ id: 'c', number: 7, source: 'a = 1' }),
      replace: (target: ITarget, code) =>
        done.push(`replace ${target.id} ${code}`) > 0
    },
    ...more
  };
  render(<ChatView parts={parts} notebook={null} />);
  return done;
}

const press = (name: string | RegExp): void =>
  void fireEvent.click(screen.getByRole('button', { name }));

afterEach(cleanup);

describe('an answer on screen', () => {
  it('has its code copied, put below, and in place of a cell after a look', async () => {
    const done = show(turnOf('q', text('```python\na = 2\n```\n')));
    press('Copy');
    expect(screen.getByText('copied')).not.toBeNull();
    press('Below');
    press('Replace…');
    expect(await screen.findByText('- a = 1')).not.toBeNull();
    expect(screen.getByText('+ a = 2')).not.toBeNull();
    press('Cancel');
    expect(screen.queryByText('+ a = 2')).toBeNull();
    press('Replace…');
    press('Accept');
    expect(screen.getByText('in cell #7')).not.toBeNull();
    expect(done).toEqual(['copy a = 2', 'below a = 2', 'replace c a = 2']);
  });

  it('says that there is no notebook to put code into', () => {
    const actions = {
      copy: () => undefined,
      below: () => false,
      target: () => null,
      replace: () => false
    };
    show(turnOf('q', text('```\nx\n```\n')), { actions });
    press('Replace…');
    expect(screen.getByText('open a notebook first')).not.toBeNull();
  });

  it('lets code be inserted only when it is whole', () => {
    show(turnOf('q', text('```python\na = 2\n')));
    const below = screen.getByRole('button', { name: 'Below' });
    expect((below as HTMLButtonElement).disabled).toBe(true);
  });

  it('folds what was thought under a line that says how much', () => {
    const usage = { output: 3_000, thinking: 2_048 };
    show(
      turnOf(
        'q',
        { type: 'thinking', text: 'Hm.' },
        text('Yes.'),
        settled('complete', { usage })
      )
    );
    expect(screen.getByText('Thought · 2,048 tokens')).not.toBeNull();
    expect(screen.queryByText('Hm.')).toBeNull();
  });

  it('stops, while it runs, where the figures count up', () => {
    const receipt = readReceipt({
      cost: { amount: '0.0019', basis: 'estimated' },
      usage: { output: 88 },
      timing: { total_s: 0.9 }
    });
    const done = show(turnOf('q', text('A'), { type: 'running', receipt }));
    expect(screen.getByText('≈ $0.0019 so far')).not.toBeNull();
    expect(screen.getByText('88 out')).not.toBeNull();
    press('Stop');
    expect(done).toEqual(['stop']);
  });

  it('says what it waits for', () => {
    const turn = turnOf('q', {
      type: 'progress',
      what: 'reading',
      fraction: 0.4
    });
    show(turn);
    expect(screen.getByText('reading 40 %')).not.toBeNull();
    act(() => turn.reconnecting());
    expect(screen.getByText(/^connection lost/)).not.toBeNull();
  });
});

describe('a question on screen', () => {
  it('is edited and asked again with Enter, which ends no composition', () => {
    const done = show(turnOf('q', settled('complete')));
    press(/^Edit/);
    const editor = screen.getByLabelText('The question');
    fireEvent.change(editor, { target: { value: 'better' } });
    fireEvent.keyDown(editor, { key: 'Enter', isComposing: true });
    fireEvent.keyDown(editor, { key: 'Enter', shiftKey: true });
    expect(done).toEqual([]);
    fireEvent.keyDown(editor, { key: 'Enter' });
    expect(done).toEqual(['ask better {"parent":""}']);
  });

  it('stays as it was after Escape', () => {
    const done = show(turnOf('q', settled('complete')));
    press(/^Edit/);
    fireEvent.keyDown(screen.getByLabelText('The question'), {
      key: 'Escape'
    });
    expect(screen.getByText('q')).not.toBeNull();
    expect(done).toEqual([]);
  });
});

describe('what went wrong', () => {
  const problem = { message: 'No.', remedy: 'Do this.', request_id: 'r1' };

  it('is said with the remedy, and tried again', () => {
    const error = { kind: 'ServerFault', ...problem };
    const done = show(
      turnOf('q', settled('failed'), { type: 'failed', error })
    );
    const alert = screen.getByRole('alert');
    ['No.', 'Do this.', 'request r1'].forEach(words =>
      expect(alert.textContent).toContain(words)
    );
    press('Try again');
    expect(done).toEqual(['ask q {"parent":""}']);
  });

  it('may be sent all the same where somebody’s word is all it needs', async () => {
    const kinds = ['Unbounded', 'GuardError', 'OverCeiling'];
    const asked: unknown[] = [];
    const asking = {
      text: '',
      ask: async (_: string, how: unknown) => {
        const kind = kinds[asked.push(how) - 1] ?? '';
        throw new Refusal(422, { kind, ...problem });
      }
    };
    show(turnOf('q', settled('complete')), { asking });
    press('Answer again');
    const anyway = { name: 'Send anyway' };
    fireEvent.click(await screen.findByRole('button', anyway));
    fireEvent.click(await screen.findByRole('button', anyway));
    expect(
      await screen.findByRole('button', { name: 'Try again' })
    ).not.toBeNull();
    expect(asked).toEqual([
      { parent: '' },
      { parent: '', unpriced: true },
      { parent: '', unpriced: true, yes: true }
    ]);
  });
});

describe('before the first question', () => {
  it('three examples go into the input', () => {
    const asking = { text: '', ask: async () => undefined };
    show(null, { asking });
    const all = screen.getAllByRole('listitem');
    expect(all).toHaveLength(3);
    press(/^Write a function/);
    expect(asking.text).toMatch(/^Write a function/);
  });

  it('they are made from the notebook', () => {
    const cell = (number: number, title: string, failed = false) => ({
      id: `c${number}`,
      number,
      kind: 'code' as const,
      count: null,
      title,
      failed
    });
    expect(
      examples(
        [cell(1, 'df = pd.read_csv("a.csv")'), cell(2, 'df.x', true)],
        trans
      )
    ).toEqual([
      'Why does cell #2 fail? Fix it.',
      'What is in df, and what is odd about it?',
      'Plot what matters most in df.'
    ]);
    expect(examples([cell(1, 'x')], trans)[0]).toBe(
      'Explain cell #1 step by step.'
    );
    expect(examples([], trans)).toHaveLength(3);
  });
});

describe('a screen reader', () => {
  it('is told whole blocks now and then, and the end with its price', () => {
    jest.useFakeTimers();
    const said: string[] = [];
    const announcer = new Announcer(trans, words => said.push(words));
    const turn = turnOf('q');
    announcer.follow(turn);
    for (let n = 0; n < 50; n++) {
      turn.take(text(`Block ${n}.\n\n`));
      jest.advanceTimersByTime(100);
    }
    turn.take(text('```\na\nb\n```\n'));
    turn.take(settled('complete', { cost: { basis: 'free' } }));
    jest.useRealTimers();
    expect(said).toHaveLength(3);
    expect(said[0]).toBe('Qwen answers');
    expect(said[1]).toMatch(/^Block 0\. Block 1\./);
    expect(said[2]).toMatch(/Code, 2 lines\. End of the answer\. free$/);
  });

  it('is told nothing of an answer that was there before', () => {
    const said: string[] = [];
    const announcer = new Announcer(trans, words => said.push(words));
    announcer.follow(turnOf('q', text('A'), settled('complete')));
    expect(said).toEqual([]);
  });
});
