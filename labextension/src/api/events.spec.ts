import { readFileSync } from 'fs';
import { join } from 'path';
import { ReadableStream } from 'stream/web';

import { Turn } from '../chat/turn';
import { readReceipt } from '../receipt/values';
import { events } from './sse';
import type { INumbered, TurnEvent } from './values';

// Python writes this file's lines: the wire can't drift.
const FIXTURE = join(__dirname, '../../../tests/fixtures/turn_events.jsonl');
const lines = readFileSync(FIXTURE, 'utf-8').trimEnd().split('\n');
const sent = lines.map(line => JSON.parse(line) as TurnEvent);

type Kind = TurnEvent['type'];
type FieldsOf<K extends Kind> = Record<
  Exclude<keyof Extract<TurnEvent, { type: K }>, 'type'>,
  string
>;

/** What each kind's fields are; the compiler holds it to the union in values.ts. */
const KINDS: { [K in Kind]: FieldsOf<K> } = {
  accepted: { turn: 'string', thread: 'string', version: 'number' },
  started: { receipt: 'object' },
  retrying: { seconds: 'number', attempt: 'number', why: 'string' },
  progress: { what: 'string', fraction: 'number|null' },
  thinking: { text: 'string' },
  text: { text: 'string' },
  running: { receipt: 'object' },
  settled: { receipt: 'object', text: 'string', thinking: 'string' },
  failed: { error: 'object' }
};
/** Kinds that a sidebar has no use for, and those that it can't know yet. */
const UNUSED = ['tool_call'];

const WIRE = lines
  .map((line, place) => `: still here\n\nid: ${place + 1}\ndata: ${line}\n\n`)
  .join('');

function stream(
  text: string,
  size: number
): globalThis.ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: controller => {
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    }
  }) as unknown as globalThis.ReadableStream<Uint8Array>;
}

async function read(text: string, size: number): Promise<INumbered[]> {
  const found: INumbered[] = [];
  for await (const event of events(stream(text, size))) {
    found.push(event);
  }
  return found;
}

describe("a turn's events", () => {
  it.each([1, 2, 3, 7, 64, 1000, 1_000_000])(
    'are what Python sent, cut every %i bytes',
    async size => {
      const found = await read(WIRE, size);
      expect(found.map(({ event }) => event)).toEqual(sent);
      expect(found.map(({ number }) => number)).toEqual(
        sent.map((_, place) => place + 1)
      );
    }
  );

  it('without the last blank line are all but the one that broke off', async () => {
    expect(await read(WIRE.slice(0, -1), 64)).toHaveLength(sent.length - 1);
  });

  it.each(sent.map(event => [event.type, event] as const))(
    '%s has the fields that are relied on',
    (type, event) => {
      if (UNUSED.includes(type)) {
        return;
      }
      const fields = event as unknown as Record<string, unknown>;
      for (const [name, kind] of Object.entries(KINDS[type])) {
        const found = fields[name];
        expect({ [name]: kind.split('|') }).toEqual({
          [name]: expect.arrayContaining([
            found === null ? 'null' : typeof found
          ])
        });
      }
      if ('receipt' in event) {
        expect(readReceipt(event.receipt)).toMatchObject({
          model: 'qwen3-max',
          provider: 'alibaba'
        });
      }
    }
  );

  it('are of every kind that is known here', () => {
    const kinds = new Set<string>(sent.map(event => event.type));
    expect([...kinds].filter(kind => !UNUSED.includes(kind)).sort()).toEqual(
      Object.keys(KINDS).sort()
    );
  });

  it('make a turn of what was said, later versions’ events left aside', () => {
    const turn = new Turn('Why?', '');
    for (const event of sent) {
      turn.take({ type: 'mood', good: true } as unknown as TurnEvent);
      turn.take(event);
    }
    const settled = sent.find(event => event.type === 'settled');
    expect(turn.answer).toBe(settled?.type === 'settled' && settled.text);
    expect(turn.thinking).toBe('Hm.\n');
    expect(turn.receipt?.cost?.amount).toBe('0.0052');
    expect(turn.problem?.kind).toBe('BrokenStream');
  });

  it('end a turn that was stopped before anything left as stopped', () => {
    const turn = new Turn('Why?', '');
    const failed = sent.find(event => event.type === 'failed');
    if (failed?.type === 'failed') {
      turn.take({ ...failed, error: { ...failed.error, kind: 'Stopped' } });
    }
    expect(turn.state).toBe('stopped');
  });
});
