/** The chart's bars: one row a model and currency, one bar a day. Nothing is added: a bar is one sum of the server's. */

import type { IDay } from '../api/office';

export interface IBar {
  readonly day: string;
  /** Null: no turns. */
  readonly spent: IDay | null;
  /** Of the highest bar of the same currency, 0 to 1. Where to draw, not what to say. */
  readonly share: number;
}

export interface IBars {
  readonly model: string;
  readonly currency: string;
  readonly bars: ReadonlyArray<IBar>;
  readonly highest: IDay;
}

const DAY = 86_400_000;

/** Rows for the `count` days that end with `last` (`2026-11-24`), the dearest first. */
export function barsOf(
  days: ReadonlyArray<IDay>,
  last: string,
  count = 31
): IBars[] {
  const dates = Array.from({ length: count }, (_, index) =>
    new Date(Date.parse(last) - (count - 1 - index) * DAY)
      .toISOString()
      .slice(0, 10)
  );
  const shown = days.filter(({ day }) => dates.includes(day));
  const rows = new Map<string, IDay[]>();
  for (const day of shown) {
    const key = JSON.stringify([day.model, day.currency]);
    rows.set(key, [...(rows.get(key) ?? []), day]);
  }
  const top = (of: ReadonlyArray<IDay>): IDay =>
    of.reduce((highest, day) => (size(day) > size(highest) ? day : highest));
  return [...rows.values()]
    .map(row => {
      const highest = top(row);
      const { model, currency } = highest;
      const scale = size(top(shown.filter(day => day.currency === currency)));
      const bars = dates.map(date => {
        const spent = row.find(({ day }) => day === date) ?? null;
        const share = spent && scale > 0 ? size(spent) / scale : 0;
        return { day: date, spent, share };
      });
      return { model, currency, bars, highest };
    })
    .sort((one, other) => size(other.highest) - size(one.highest));
}

function size({ amount }: IDay): number {
  return Number(amount ?? 0);
}

/** Today, as this browser's clock has it. */
export function today(now = new Date()): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 10);
}
