/** Spending in words, as bars and as a view: the server's sums, never added to. */

import { ServerConnection } from '@jupyterlab/services';
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

import type { IBudget, IDay, ITotal, IUsageReport } from '../api/office';
import { Server } from '../api/server';
import { Budgets } from './budgets';
import { barsOf, today } from './days';
import { UsageModel } from './model';
import { Spending } from './spending';
import type { ISpending } from './tokens';
import { Totals } from './totals';
import { spendLine } from './words';

const trans = nullTranslator.load('qwen-magics');

const TOTAL: ITotal = {
  currency: 'USD',
  amount: '0.2143288',
  bound: 'exact',
  turns: 12,
  input: 40_000,
  output: 2_000,
  estimated: 0,
  at_least: 0,
  unpriced: 0,
  free: 0,
  plan: 0,
  replayed: 0,
  failed: 0,
  lost: 0,
  cached: 0,
  thinking: 0,
  saved: '0',
  replay_saved: '0'
};

const DAY_BUDGET: IBudget = {
  scope: 'day',
  currency: 'USD',
  amount: '2',
  spent: '0.2143288',
  reserved: '0',
  left: '1.7856712',
  by: '%qwen_budget',
  editable: true,
  guard: false,
  holds: true
};

const REPORT: IUsageReport = {
  today: [TOTAL],
  notebook: [{ ...TOTAL, amount: '0.0342', bound: 'at_least' }],
  month: [TOTAL],
  all: [TOTAL],
  budgets: [DAY_BUDGET],
  days: [],
  turns: [],
  sidebar_only: false,
  foot: 'List prices.'
};

const FREE: ITotal = { ...TOTAL, currency: '', amount: null, free: 3 };

describe('the line in the status bar', () => {
  const line = (changes: Partial<IUsageReport>, path = 'a.ipynb'): string =>
    spendLine({ ...REPORT, ...changes }, path, trans).text;

  it('says what the notebook and today cost, and the budget', () => {
    expect(line({})).toBe(
      'Qwen: this notebook ≥ $0.034 · today $0.21 of $2.00'
    );
  });

  it('has every digit and what is left in its details', () => {
    expect(spendLine(REPORT, 'a.ipynb', trans).details).toEqual([
      'Today $0.2143288',
      'This notebook ≥ $0.0342',
      'a day: $1.7856712 left of $2.00'
    ]);
  });

  it('speaks of no notebook where none is open', () => {
    expect(line({}, '')).toBe('Qwen: today $0.21 of $2.00');
  });

  it('converts and adds no currencies', () => {
    const yuan = { ...TOTAL, currency: 'CNY', amount: '1.2', estimated: 1 };
    expect(line({ today: [TOTAL, yuan] }, '')).toBe(
      'Qwen: today $0.21 + ≈ ¥1.20'
    );
  });

  it('never shows what has no price as nothing', () => {
    const unpriced = { ...FREE, free: 0, unpriced: 2 };
    expect(line({ today: [FREE] }, '')).toBe('Qwen: today free');
    expect(line({ today: [TOTAL, FREE] }, '')).toBe(
      'Qwen: today $0.21 of $2.00'
    );
    expect(line({ today: [TOTAL, unpriced] }, '')).toBe(
      'Qwen: today $0.21 + unpriced'
    );
    expect(line({ today: [] }, '')).toBe('Qwen: nothing spent today');
  });

  it('says when the kernel spends elsewhere, and when a budget is used up', () => {
    const used = { ...DAY_BUDGET, left: '0.00' };
    expect(line({ sidebar_only: true, budgets: [used] }, '')).toBe(
      '▲ Qwen: today $0.21 of $2.00 · sidebar only'
    );
  });
});

describe('the chart', () => {
  const day = (day: string, model: string, amount: string | null): IDay => ({
    ...TOTAL,
    day,
    model,
    amount,
    currency: amount === null ? '' : 'USD'
  });

  it('has a row a model, the dearest first, on one scale', () => {
    const rows = barsOf(
      [
        day('2026-11-23', 'small', '0.5'),
        day('2026-11-24', 'large', '2'),
        day('2026-11-24', 'small', '1')
      ],
      '2026-11-24',
      3
    );
    expect(
      rows.map(({ model, bars }) => [model, bars.map(({ share }) => share)])
    ).toEqual([
      ['large', [0, 0, 1]],
      ['small', [0, 0.25, 0.5]]
    ]);
    expect(rows[0]?.bars.map(({ day }) => day)).toEqual([
      '2026-11-22',
      '2026-11-23',
      '2026-11-24'
    ]);
  });

  it('shows days that cost nothing as days with turns', () => {
    const [row] = barsOf([day('2026-11-24', 'local', null)], '2026-11-24', 2);
    expect(row?.bars.map(({ spent }) => spent?.turns)).toEqual([undefined, 12]);
    expect(row?.bars.map(({ share }) => share)).toEqual([0, 0]);
  });

  it('goes over the end of a month, and leaves out what is older', () => {
    const days = [day('2026-01-01', 'old', '1'), day('2026-03-01', 'new', '1')];
    const rows = barsOf(days, '2026-03-01', 2);
    expect(rows.map(({ model }) => model)).toEqual(['new']);
    expect(rows[0]?.bars[0]?.day).toBe('2026-02-28');
  });

  it("ends with the browser's own day", () => {
    expect(today(new Date(2026, 10, 24, 0, 30))).toBe('2026-11-24');
  });
});

it('totals have every digit, and say what is not in them', () => {
  render(<Totals report={REPORT} path="" trans={trans} />);
  expect(screen.getAllByText('$0.2143288')).toHaveLength(3);
  expect(screen.getByText('List prices.')).toBeTruthy();
});

class Office {
  report = REPORT;
  readonly bodies: unknown[] = [];
  readonly asked: string[] = [];

  readonly server = new Server(
    ServerConnection.makeSettings({
      fetch: async (request: RequestInfo | URL, init?: RequestInit) => {
        const asked = new Request(request, init);
        const url = new URL(asked.url);
        this.asked.push(url.searchParams.get('notebook') ?? '');
        if (asked.method === 'PUT') {
          this.bodies.push(await asked.json());
        }
        return new Response(JSON.stringify(this.report));
      }
    })
  );
}

class Elsewhere implements ISpending {
  readonly changed = new Signal<this, void>(this);
  path = 'a.ipynb';
  refresh = jest.fn(async () => undefined);
}

describe('budgets', () => {
  async function show(): Promise<{ office: Office; spending: Elsewhere }> {
    const office = new Office();
    const spending = new Elsewhere();
    const usage = new UsageModel(office.server, spending);
    await usage.refresh();
    render(<Budgets usage={usage} trans={trans} />);
    return { office, spending };
  }

  it('are set with the digits that were typed, and the status bar hears of it', async () => {
    const { office, spending } = await show();
    fireEvent.change(screen.getByRole('textbox', { name: 'At most' }), {
      target: { value: '0.10' }
    });
    fireEvent.click(screen.getByRole('button', { name: 'Set budget' }));
    await waitFor(() => expect(spending.refresh).toHaveBeenCalled());
    expect(office.bodies).toEqual([
      {
        scope: 'notebook',
        currency: 'USD',
        amount: '0.10',
        notebook: 'a.ipynb'
      }
    ]);
  });

  it('are taken away', async () => {
    const { office } = await show();
    const name = 'No limit for a day in USD';
    fireEvent.click(screen.getByRole('button', { name }));
    await waitFor(() =>
      expect(office.bodies).toMatchObject([{ scope: 'day', amount: null }])
    );
  });
});

describe('the spending', () => {
  it('follows the notebook in front, and says only what is new', async () => {
    const office = new Office();
    const spending = new Spending(office.server);
    const changed = jest.fn();
    spending.changed.connect(changed);
    await act(() => spending.refresh());
    await waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    await spending.refresh();
    spending.path = 'b.ipynb';
    await waitFor(() => expect(office.asked).toContain('b.ipynb'));
    expect(changed).toHaveBeenCalledTimes(1);
    office.report = { ...REPORT, today: [] };
    await spending.refresh();
    await waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    spending.dispose();
  });
});
