/** The composer as people use it: keys, chips, the price of what is typed, refusals, drafts. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ServerConnection } from '@jupyterlab/services';
import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import * as React from 'react';

import { Refusal, Server } from '../api/server';
import type { IEstimate, IQuestion } from '../api/values';
import type { ChatModel } from '../chat/model';
import type { IOpenNotebook, OpenChange } from '../notebook/open';
import { Preferences } from '../settings/model';
import type { IAbilities } from './asking';
import { Drafts } from './drafts';
import { Mentions } from './mentions';
import { ComposerModel } from './model';
import { ComposerView } from './view';

const trans = nullTranslator.load('qwen-magics');

const ESTIMATE: IEstimate = {
  model: 'qwen3-max',
  provider: 'alibaba',
  label: 'Alibaba Cloud, Singapore',
  tokens: 32_926,
  room: 258_048,
  sure: true,
  segments: [
    { over: 0, up_to: 32_000, fill: 1 },
    { over: 32_000, up_to: 128_000, fill: 0.01 }
  ],
  price: {
    currency: 'USD',
    basis: 'computed',
    expected: '0.0753',
    worst: '0.18',
    low: null,
    high: null,
    derived: false
  },
  warn: { past: 926, bound: 32_000, times: '2', trimmed: '0.0357' },
  chips: [
    {
      kind: 'notebook',
      name: '',
      label: '',
      tokens: 4120,
      saves: '0.0049',
      jump: false,
      note: ''
    },
    {
      kind: 'cell',
      name: 'c7',
      label: '',
      tokens: 27_380,
      saves: '0.0711',
      jump: true,
      note: ''
    }
  ],
  budgets: [{ scope: 'day', currency: 'USD', amount: '2', left: '1.79' }],
  notes: [],
  trim: '',
  blocked: null
};

class Open {
  readonly changed = new Signal<this, OpenChange>(this);
  panel = {};
  path = 'Notes.ipynb';
  name = 'Notes.ipynb';
  active = {
    id: 'c7',
    number: 7,
    kind: 'code',
    title: 'x',
    failed: false,
    count: 1
  };
  cells = [this.active];
  selected = null;
  failed = null;
  readonly localPath = (path: string): string => path;

  async held<T>(use: (notebook: string) => Promise<T>): Promise<T> {
    return use('held');
  }
}

class Chat {
  readonly changed = new Signal<this, void>(this);
  thread = '';
  head = '';
  running: object | null = null;
  refusal: Error | null = null;
  readonly asked: IQuestion[] = [];
  stopped = 0;

  async ask(question: IQuestion): Promise<void> {
    this.asked.push(question);
    if (this.refusal) {
      throw this.refusal;
    }
  }
  async stop(): Promise<void> {
    this.stopped += 1;
  }
}

class Stage {
  readonly open = new Open();
  readonly chat = new Chat();
  readonly estimated: IQuestion[] = [];
  estimate: IEstimate = ESTIMATE;

  constructor(
    enterSends = true,
    readonly state = new StateDB(),
    can: IAbilities['current'] = null
  ) {
    const settings = {
      composite: { enterSends },
      changed: new Signal({}),
      set: async () => undefined
    };
    const fetch = async (request: RequestInfo): Promise<Response> => {
      this.estimated.push((await (request as Request).json()) as IQuestion);
      return new Response(JSON.stringify(this.estimate));
    };
    const open = this.open as unknown as IOpenNotebook;
    this.model = new ComposerModel({
      server: new Server(ServerConnection.makeSettings({ fetch })),
      chat: this.chat as unknown as ChatModel,
      preferences: new Preferences(
        settings as unknown as ISettingRegistry.ISettings
      ),
      open,
      drafts: new Drafts(state),
      mentions: new Mentions(open, null, {
        names: async () => [{ name: 'df', type: 'DataFrame' }],
        summary: async () => 'a table'
      }),
      variables: { names: async () => [], summary: async () => 'a table' },
      models: { changed: new Signal({}), current: can }
    });
  }

  readonly model: ComposerModel;

  show(): HTMLTextAreaElement {
    render(
      <ComposerView
        model={this.model}
        chat={this.chat as unknown as ChatModel}
        trans={trans}
      />
    );
    return screen.getByLabelText('Ask Qwen') as HTMLTextAreaElement;
  }

  async priced(): Promise<void> {
    await waitFor(() => expect(this.model.estimator.stale).toBe(false));
  }
}

function type(field: HTMLTextAreaElement, text: string): void {
  fireEvent.change(field, {
    target: { value: text, selectionStart: text.length }
  });
}

describe('the composer', () => {
  it.each([
    ['Enter sends', true, {}, 1],
    ['Shift+Enter breaks the line', true, { shiftKey: true }, 0],
    ['Enter of an input method does neither', true, { isComposing: true }, 0],
    ['Enter breaks the line where people want it so', false, {}, 0],
    ['Shift+Enter sends then', false, { shiftKey: true }, 1]
  ])('%s', async (_, enterSends, keys, times) => {
    const stage = new Stage(enterSends);
    const field = stage.show();
    type(field, 'Why?');
    const kept = fireEvent.keyDown(field, { key: 'Enter', ...keys });
    await act(async () => undefined);
    expect(stage.chat.asked).toHaveLength(times);
    expect(kept).toBe(times === 0);
    expect(field.value).toBe(times ? '' : 'Why?');
  });

  it('asks with the chips, the settings and the notebook of that moment', async () => {
    const stage = new Stage();
    stage.model.text = 'Why?';
    await stage.model.send();
    expect(stage.chat.asked[0]).toMatchObject({
      text: 'Why?',
      notebook: 'held',
      chips: [{ kind: 'notebook' }, { kind: 'cell', name: 'c7' }],
      yes: false
    });
  });

  it('sends no empty question and none while one is answered', async () => {
    const stage = new Stage();
    stage.model.text = '  ';
    await stage.model.send();
    stage.model.text = 'Why?';
    stage.chat.running = {};
    await stage.model.send();
    expect(stage.chat.asked).toHaveLength(0);
    expect(stage.model.text).toBe('Why?');
  });

  it('gives a refused question back, says why, and sends it anyway where people may', async () => {
    const stage = new Stage();
    const problem = {
      kind: 'GuardError',
      message: 'It may cost $0.40.',
      remedy: '--yes',
      request_id: ''
    };
    stage.chat.refusal = new Refusal(422, problem);
    const field = stage.show();
    type(field, 'Why?');
    act(() => stage.model.chips.add('var', 'df', 'a table'));
    fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    expect((await screen.findByRole('alert')).textContent).toContain(
      'It may cost $0.40.'
    );
    expect(field.value).toBe('Why?');
    expect(stage.model.chips.list.map(({ name }) => name)).toContain('df');
    stage.chat.refusal = null;
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Send anyway' }));
    });
    expect(stage.chat.asked[1]).toMatchObject({
      text: 'Why?',
      yes: true,
      unpriced: false
    });
  });

  it('sends anyway what no budget bounds, and asks again where it is dear too', async () => {
    const stage = new Stage();
    const refuse = (kind: string): void => {
      const said = { kind, message: 'No.', remedy: '', request_id: '' };
      stage.chat.refusal = new Refusal(422, said);
    };
    const press = async (name: string): Promise<void> => {
      await act(async () => {
        fireEvent.click(screen.getByRole('button', { name }));
      });
    };
    type(stage.show(), 'Why?');
    refuse('Unbounded');
    await press('Send');
    refuse('GuardError');
    await press('Send anyway');
    await press('Send anyway');
    type(screen.getByLabelText('Ask Qwen'), 'And now?');
    await press('Send');
    expect(
      stage.chat.asked.map(({ yes, unpriced }) => [yes, unpriced])
    ).toEqual([
      [false, false],
      [false, true],
      [true, true],
      [false, false]
    ]);
  });

  it('offers no word where a word doesn’t help', async () => {
    const stage = new Stage();
    stage.estimate = {
      ...ESTIMATE,
      blocked: {
        kind: 'OverCeiling',
        message: 'Too much.',
        remedy: 'Ask for less.',
        request_id: ''
      }
    };
    stage.show();
    expect(await screen.findByText('Ask for less.')).not.toBeNull();
    expect(screen.queryByRole('button', { name: 'Send anyway' })).toBeNull();
  });

  it('sends one question untrimmed, where it was trimmed for its price', async () => {
    const stage = new Stage();
    stage.estimate = { ...ESTIMATE, warn: null, trim: 'window' };
    type(stage.show(), 'Why?');
    const whole = await screen.findByRole('button', { name: 'Send untrimmed' });
    stage.estimate = { ...ESTIMATE, trim: 'tier' };
    fireEvent.click(whole);
    expect(await screen.findByRole('button', { name: 'Trim' })).not.toBeNull();
    expect(stage.estimated.at(-1)?.trim).toBe('window');
    await act(() => stage.model.send());
    type(screen.getByLabelText('Ask Qwen'), 'And now?');
    await act(() => stage.model.send());
    expect(stage.chat.asked.map(({ trim }) => trim)).toEqual(['window', null]);
  });

  it('says of what is missing only what is not said elsewhere', async () => {
    const stage = new Stage();
    const no = {
      kind: 'NoKey',
      message: 'No key.',
      remedy: '',
      request_id: ''
    };
    stage.estimate = { ...ESTIMATE, blocked: no };
    const view = (known?: string[]): React.JSX.Element => (
      <ComposerView
        model={stage.model}
        chat={stage.chat as unknown as ChatModel}
        known={known}
        trans={trans}
      />
    );
    const { rerender } = render(view());
    expect(await screen.findByText('No key.')).not.toBeNull();
    rerender(view(['No key.']));
    expect(screen.queryByText('No key.')).toBeNull();
    stage.chat.refusal = new Refusal(422, { ...no, message: 'Too large.' });
    stage.model.text = 'Why?';
    await act(() => stage.model.send());
    expect(screen.getByRole('alert').textContent).toContain('Too large.');
  });

  it('asks a model for nothing that it can’t do', async () => {
    const can = { thinking: 'none', search: false } as const;
    const stage = new Stage(true, new StateDB(), can);
    void stage.model.preferences.choose({ think: 'on', search: true });
    stage.show();
    const think = screen.getByRole('button', { name: 'Think' });
    expect(think.getAttribute('aria-pressed')).toBe('false');
    expect(think.getAttribute('aria-disabled')).toBe('true');
    expect(stage.model.question()).toMatchObject({
      think: null,
      search: false
    });
  });

  it('stops with the button that sends', () => {
    const stage = new Stage();
    stage.chat.running = {};
    stage.show();
    fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
    expect(stage.chat.stopped).toBe(1);
  });
});

describe('what is typed', () => {
  it('is priced once a burst of keys is over', async () => {
    const stage = new Stage();
    await stage.priced();
    stage.estimated.length = 0;
    for (const text of ['W', 'Wh', 'Why']) {
      stage.model.text = text;
    }
    await stage.priced();
    expect(stage.estimated.map(({ text }) => text)).toEqual(['Why']);
  });

  it('is not priced again while nothing of it changes, nor while nobody looks', async () => {
    const stage = new Stage();
    await stage.priced();
    stage.open.changed.emit('selection');
    await stage.priced();
    expect(stage.estimated).toHaveLength(1);
    stage.model.estimator.active = false;
    stage.model.text = 'Why?';
    stage.model.estimator.active = true;
    await stage.priced();
    expect(stage.estimated.map(({ text }) => text)).toEqual(['', 'Why?']);
  });

  it('waits where it was asked, if it is refused when another notebook is open', async () => {
    const stage = new Stage();
    const { model, open } = stage;
    const nothing = { kind: '', message: 'No.', remedy: '', request_id: '' };
    stage.chat.refusal = new Refusal(422, nothing);
    model.text = 'Why?';
    const sent = model.send();
    const before = open.path;
    open.path = 'Other.ipynb';
    open.panel = {};
    open.changed.emit('notebook');
    await sent;
    expect(model.text).toBe('');
    expect(model.problem).toBeNull();
    open.path = before;
    open.panel = {};
    open.changed.emit('notebook');
    expect(model.text).toBe('Why?');
  });

  it('is kept over a reload, for each notebook its own', async () => {
    const first = new Stage();
    await first.priced();
    first.model.text = 'A draft';
    first.open.path = 'Other.ipynb';
    first.open.panel = {};
    first.open.changed.emit('notebook');
    expect(first.model.text).toBe('');
    await waitFor(async () =>
      expect(await first.state.fetch('qwen-magics:drafts')).toEqual({
        'Notes.ipynb': 'A draft'
      })
    );
    const second = new Stage(true, first.state);
    await waitFor(() => expect(second.model.text).toBe('A draft'));
  });
});

describe('chips and meter', () => {
  it('show tokens, and a price where a lower step is near', async () => {
    const stage = new Stage();
    stage.show();
    await act(() => stage.priced());
    const notebook = screen.getByRole('button', { name: /^Notes\.ipynb/ });
    const cell = screen.getByRole('button', { name: /^cell #7/ });
    expect(notebook.textContent).toBe('Notes.ipynb 4,120');
    expect(cell.textContent).toBe('▲ cell #7 27,380 · $0.071');
    expect(notebook.getAttribute('aria-label')).toBe(
      'Notes.ipynb, 4,120 tokens, costs $0.0049'
    );
    fireEvent.click(notebook);
    expect(notebook.getAttribute('aria-pressed')).toBe('false');
    await act(() => stage.priced());
    expect(stage.estimated.at(-1)!.chips[0]).toMatchObject({
      kind: 'notebook',
      on: false
    });
  });

  it('say where the prompt stands, what is lost and what is left', async () => {
    const stage = new Stage();
    stage.show();
    await act(() => stage.priced());
    const meter = screen.getByRole('meter');
    expect(meter.getAttribute('aria-valuetext')).toBe(
      '32,926 of 258,048 tokens, 926 past 32,000 · trimmed $0.036'
    );
    expect(meter.children).toHaveLength(2);
    expect(screen.getByText('32,926 tokens')).toBeTruthy();
    expect(screen.getByText('$1.79 left today')).toBeTruthy();
    expect(screen.getByText('≈ $0.075')).toBeTruthy();
  });

  it('are taken away with Delete where they were added', async () => {
    const stage = new Stage();
    stage.show();
    act(() => stage.model.chips.add('var', 'df', 'a table'));
    fireEvent.keyDown(screen.getByRole('button', { name: '@df' }), {
      key: 'Delete'
    });
    expect(screen.queryByRole('button', { name: '@df' })).toBeNull();
  });

  it('say what keeps a question from going', async () => {
    const stage = new Stage();
    stage.estimate = {
      ...ESTIMATE,
      blocked: {
        kind: 'NoKey',
        message: 'There is no key.',
        remedy: 'jupyter qwen login',
        request_id: ''
      }
    };
    stage.show();
    expect(await screen.findByText('There is no key.')).toBeTruthy();
    expect(screen.getByText('jupyter qwen login')).toBeTruthy();
  });
});

describe('a mention', () => {
  it('is chosen with the keys, and what it names goes along', async () => {
    const stage = new Stage();
    const field = stage.show();
    type(field, 'plot @d');
    expect(
      await screen.findByRole('option', { name: '@var:df DataFrame' })
    ).toBeTruthy();
    const id = field.getAttribute('aria-activedescendant')!;
    expect(document.getElementById(id)!.getAttribute('aria-selected')).toBe(
      'true'
    );
    await act(async () => {
      fireEvent.keyDown(field, { key: 'Enter' });
    });
    expect(field.value).toBe('plot `df` ');
    expect(stage.chat.asked).toHaveLength(0);
    expect(screen.queryByRole('listbox')).toBeNull();
    expect(stage.model.chips.sent.at(-1)).toMatchObject({
      kind: 'var',
      name: 'df',
      text: 'a table'
    });
  });

  it('of a variable goes as the kernel says it is when it is asked about', async () => {
    const stage = new Stage();
    stage.model.chips.add('var', 'df', 'as it was');
    stage.model.text = 'Why?';
    await stage.model.send();
    expect(stage.chat.asked[0]!.chips.at(-1)).toMatchObject({
      name: 'df',
      text: 'a table'
    });
  });

  it('that is typed out is taken by the space behind it', async () => {
    const stage = new Stage();
    const field = stage.show();
    type(field, '@cell:7');
    await screen.findByRole('listbox');
    await act(async () => {
      fireEvent.keyDown(field, { key: ' ' });
    });
    expect(field.value).toBe('#7 ');
  });

  it('is left alone by Escape', async () => {
    const stage = new Stage();
    const field = stage.show();
    type(field, '@n');
    await screen.findByRole('listbox');
    fireEvent.keyDown(field, { key: 'Escape' });
    expect(screen.queryByRole('listbox')).toBeNull();
    expect(field.value).toBe('@n');
  });
});
