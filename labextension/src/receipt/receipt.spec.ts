import { readFileSync } from 'fs';
import { join } from 'path';

import { nullTranslator } from '@jupyterlab/translation';

import { detailsOf, type IDetails } from './details';
import { lineOf } from './line';
import { readReceipt } from './values';

interface ICase {
  name: string;
  receipt: unknown;
  line: string;
  details: IDetails;
}

// Python's tests read the same file: the two faces say the same words.
const FIXTURE = join(__dirname, '../../../tests/fixtures/receipts.json');
const cases = JSON.parse(readFileSync(FIXTURE, 'utf-8')) as ICase[];
const trans = nullTranslator.load('qwen-magics');

describe('a receipt in words', () => {
  it.each(cases)('$name', ({ receipt, line, details }) => {
    const read = readReceipt(receipt);
    expect(lineOf(read, trans).join(' · ')).toBe(line);
    expect(detailsOf(read, trans)).toEqual(details);
  });

  it('has thousands apart in what was sent', () => {
    const sent = { cells: 2_000, outputs: 1_500, attachments: 1 };
    const said = JSON.stringify(detailsOf(readReceipt({ sent }), trans));
    expect(said).toContain('2,000 cells, 1,500 outputs, 1 attachment');
  });

  it('goes through the translator, whole sentences at a time', () => {
    const asked: string[] = [];
    const listening = {
      ...trans,
      __: (msgid: string, ...args: unknown[]) => {
        asked.push(msgid);
        return trans.__(msgid, ...args);
      }
    };
    lineOf(readReceipt(cases[0]?.receipt), listening);
    expect(asked).toEqual([
      '%1 in (%2 % cached)',
      '%1 out (%2 thinking)',
      '%1 s'
    ]);
  });
});

describe('reading a receipt', () => {
  it('takes the defaults for what is missing or of another kind', () => {
    const { cost, usage, notes, attempts } = readReceipt({
      usage: { input: '12', output: 7 },
      notes: 'none',
      cost: { amount: '0.1' }
    });
    expect(usage).toMatchObject({ input: 0, output: 7, thinking: 0 });
    expect(cost).toMatchObject({ amount: '0.1', currency: 'USD', lines: [] });
    expect([notes, attempts]).toEqual([[], 1]);
  });

  it.each([null, undefined, 'text', 7, [], {}])(
    'shows no amount where %p stands in its place',
    data => {
      expect(lineOf(readReceipt(data), trans)[0]).toBe('unpriced');
    }
  );
});
