/** Server-sent events out of a response's bytes. Knows nothing of what they say. */

import type { INumbered, TurnEvent } from './values';

/** The events in the order in which they come; bytes may be split anywhere. Comments keep a line open and say nothing. */
export async function* events(
  body: ReadableStream<Uint8Array>
): AsyncGenerator<INumbered> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const blocks = (rest + decoder.decode(value, { stream: true })).split(
        '\n\n'
      );
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const found = read(block);
        if (found !== null) {
          yield found;
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function read(block: string): INumbered | null {
  let number = 0;
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) {
      number = Number(line.slice(4));
    } else if (line.startsWith('data: ')) {
      data += line.slice(6);
    }
  }
  return data ? { number, event: JSON.parse(data) as TurnEvent } : null;
}
