/** Who answers and how it is asked, what is missing, and the test of the endpoint: as people use them. */

import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import * as React from 'react';

import type { ILack, IModel, IModels, IStatus } from '../api/office';
import { Server } from '../api/server';
import { StatusCard, type IActions } from '../status/card';
import { StatusModel } from '../status/model';
import { Preferences } from './model';
import { ModelsModel } from './models';
import { ModelPicker } from './picker';

const trans = nullTranslator.load('qwen-magics');

const MAX: IModel = {
  id: 'qwen3-max',
  title: 'qwen3-max',
  name: 'qwen3-max',
  window: 262_144,
  max_input: 258_048,
  max_output: 65_536,
  max_thinking: 81_920,
  thinking: 'hybrid',
  vision: false,
  search: true,
  cache: true,
  tiers: [
    {
      up_to: 32_000,
      input: '1.2',
      output: '6',
      thinking: null,
      cached: '0.24',
      derived: false
    },
    {
      up_to: null,
      input: '3',
      output: '15',
      thinking: null,
      cached: null,
      derived: true
    }
  ],
  price: 'listed',
  search_fee: null,
  derived: false,
  as_of: '2026-11-01',
  stale: false,
  current: true
};

const OFFER: IModels = {
  provider: 'alibaba',
  region: 'singapore',
  scope: 'international',
  currency: 'USD',
  models: [
    MAX,
    {
      ...MAX,
      id: 'local',
      title: 'Small one',
      name: 'small',
      current: false,
      thinking: 'none',
      tiers: [],
      price: 'free'
    }
  ],
  providers: [
    { name: 'alibaba', label: 'Alibaba Cloud', ready: true },
    { name: 'openrouter', label: 'OpenRouter', ready: false }
  ]
};

const NO_KEY: ILack = {
  code: 'key',
  what: 'There is no key for Alibaba Cloud.',
  remedy: 'jupyter qwen login --provider alibaba',
  action: 'login'
};

const STATUS: IStatus = {
  package: '0.1.0',
  provider: 'alibaba',
  region: 'singapore',
  label: 'Alibaba Cloud, Singapore',
  model: 'qwen3-max',
  ready: true,
  problems: [],
  key: null,
  sidebar_only: false
};

const SENT = 'The key, and a question for the list of models.';

class Office {
  locked: string[] = [];
  lacks: ILack[] = [];
  readonly calls: string[] = [];
  readonly asked: string[] = [];

  readonly server = new Server(
    ServerConnection.makeSettings({
      fetch: async (request: RequestInfo | URL, init?: RequestInit) => {
        const asked = new Request(request, init);
        const { pathname, search } = new URL(asked.url);
        const path = pathname.replace(/^.*\//, '');
        this.asked.push(search.replace(/&\d+$/, ''));
        this.calls.push(`${asked.method} ${path}`);
        const answers: Record<string, unknown> = {
          models: OFFER,
          settings: {
            values: { model: 'qwen3-max' },
            sources: {},
            locked: this.locked
          },
          status: { ...STATUS, problems: this.lacks },
          test: {
            ok: true,
            sent: SENT,
            said: 'It works: 12 models.',
            cost: '0',
            ms: 80,
            problem: null
          }
        };
        return new Response(JSON.stringify(answers[path]));
      }
    })
  );

  readonly preferences = new Preferences(null);
  readonly models = new ModelsModel(this.server, this.preferences);
  readonly status = new StatusModel(this.server, this.preferences);

  async show(): Promise<void> {
    render(
      <ModelPicker
        models={this.models}
        status={this.status}
        trans={trans}
        onSettings={jest.fn()}
      />
    );
    await screen.findByText('qwen3-max');
  }

  async card(actions: Partial<IActions> = {}): Promise<void> {
    const all = {
      terminal: async () => true,
      settings: jest.fn(),
      models: jest.fn()
    };
    render(
      <StatusCard
        status={this.status}
        actions={{ ...all, ...actions }}
        trans={trans}
      />
    );
    await act(() => this.status.refresh());
  }
}

describe('the models', () => {
  it('say what they take, can and cost at each step of the price', async () => {
    await new Office().show();
    expect(
      screen.getByText('262,144 tokens · can think · can search · cache')
    ).toBeTruthy();
    const rows = screen
      .getAllByRole('row')
      .map(row => row.textContent?.replace(/\s+/g, ' '));
    expect(rows).toEqual([
      'promptincachedout',
      '≤ 32K$1.20$0.24$6.00',
      '> 32K≈ $3.00≈ $3.00≈ $15.00'
    ]);
  });

  it('are chosen by name, and the one that is set is no choice', async () => {
    const office = new Office();
    await office.show();
    fireEvent.click(screen.getByRole('radio', { name: /Small one/ }));
    await waitFor(() => expect(office.preferences.options.model).toBe('small'));
    expect(office.models.name).toBe('Small one');
    fireEvent.click(screen.getByRole('radio', { name: /qwen3-max/ }));
    await waitFor(() => expect(office.preferences.options.model).toBeNull());
  });

  it('go with their provider', async () => {
    const office = new Office();
    await office.preferences.choose({ model: 'small' });
    await office.show();
    fireEvent.change(screen.getByLabelText('Provider'), {
      target: { value: 'openrouter' }
    });
    expect(screen.getByText('OpenRouter (not set up)')).toBeTruthy();
    await waitFor(() =>
      expect(office.preferences.options).toMatchObject({
        provider: 'openrouter',
        model: null
      })
    );
  });

  it('can not be chosen where an administrator decided', async () => {
    const office = new Office();
    office.locked = ['model', 'think', 'temperature'];
    await office.show();
    expect(screen.getAllByText('set by your administrator')).toHaveLength(3);
    expect(
      screen.getByRole('radio', { name: /Small one/ }).matches(':disabled')
    ).toBe(true);
    expect(screen.getByLabelText(/Temperature/).matches(':disabled')).toBe(
      true
    );
  });
});

describe('a number', () => {
  it.each([
    ['1.5', 1.5],
    ['', null],
    ['2', 0.7],
    ['-1', 0.7]
  ])('for the temperature, %p becomes %p', async (said, kept) => {
    const office = new Office();
    await office.preferences.choose({ temperature: 0.7 });
    await office.show();
    const field = screen.getByLabelText('Temperature');
    fireEvent.change(field, { target: { value: said } });
    fireEvent.blur(field);
    expect(office.preferences.options.temperature).toBe(kept);
  });

  it('of tokens is a whole one', async () => {
    const office = new Office();
    await office.show();
    const field = screen.getByLabelText('Longest answer, tokens');
    for (const said of ['10.5', '1000']) {
      fireEvent.change(field, { target: { value: said } });
      fireEvent.keyDown(field, { key: 'Enter' });
    }
    expect(office.preferences.options.max_tokens).toBe(1000);
  });
});

describe('the test of the endpoint', () => {
  it('runs only when its button is pressed, and says what it sent', async () => {
    const office = new Office();
    await office.show();
    expect(office.calls).not.toContain('POST test');
    fireEvent.click(screen.getByRole('button', { name: 'Test the endpoint' }));
    await screen.findByText('✓ It works: 12 models.');
    expect(screen.getByText(SENT)).toBeTruthy();
    expect(office.calls.filter(call => call === 'POST test')).toHaveLength(1);
  });
});

describe('what is missing', () => {
  it('is not spoken of where nothing is', async () => {
    await new Office().card();
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('has one thing to do: for a key a terminal that logs in', async () => {
    const office = new Office();
    office.lacks = [NO_KEY];
    const terminal = jest.fn(async () => true);
    await office.card({ terminal });
    fireEvent.click(
      await screen.findByRole('button', { name: 'Log in, in a terminal' })
    );
    expect(terminal).toHaveBeenCalledWith(NO_KEY.remedy);
    office.lacks = []; // the login is done
    fireEvent.click(screen.getByRole('button', { name: 'Look again' }));
    await waitFor(() => expect(screen.queryByText(NO_KEY.what)).toBeNull());
    office.status.dispose();
  });

  it('is another model to choose where the provider has not this one', async () => {
    const office = new Office();
    office.lacks = [
      { code: 'model', what: 'No such.', remedy: '', action: 'settings' }
    ];
    const models = jest.fn();
    await office.card({ models });
    fireEvent.click(
      await screen.findByRole('button', { name: 'Choose a model' })
    );
    expect(models).toHaveBeenCalled();
  });

  it('is looked for with the model that was chosen', async () => {
    const office = new Office();
    await office.preferences.choose({ provider: 'local', model: 'small' });
    await office.status.refresh();
    expect(office.asked).toContain('?provider=local&model=small');
  });

  it('runs nothing in a terminal but our own commands', async () => {
    const office = new Office();
    office.lacks = [{ ...NO_KEY, remedy: 'jupyter qwen login; rm -r x' }];
    const terminal = jest.fn(async () => false);
    await office.card({ terminal });
    fireEvent.click(
      await screen.findByRole('button', { name: 'Log in, in a terminal' })
    );
    expect(terminal).toHaveBeenCalledWith('jupyter qwen login');
    await screen.findByText(/has no terminals/);
    office.status.dispose();
  });

  it('is the server itself where it does not answer', async () => {
    const office = new Office();
    jest.spyOn(office.server, 'call').mockRejectedValue(new Error('away'));
    await office.card();
    await screen.findByText("The Jupyter server doesn't answer.");
  });
});
