/** The thread that was open is open again after a reload. */

import type { IStateDB } from '@jupyterlab/statedb';

import type { ChatModel } from './model';

const KEY = 'qwen-magics:thread';

export async function remember(
  chat: ChatModel,
  state: IStateDB | null
): Promise<void> {
  if (state === null) {
    return;
  }
  const before = await state.fetch(KEY);
  if (typeof before === 'string' && before && !chat.turns.length) {
    await chat.show(before).catch(() => undefined); // deleted since, or the server is away
  }
  let kept = chat.thread;
  chat.changed.connect(() => {
    if (chat.thread !== kept) {
      kept = chat.thread;
      void state.save(KEY, kept);
    }
  });
}
