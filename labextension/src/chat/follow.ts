/** Follows a turn to its end, through lost connections: the server goes on with it, and each event has its number. */

import { Refusal } from '../api/server';
import type { INumbered } from '../api/values';
import type { Turn } from './turn';

const FIRST = 500; // milliseconds
const LONGEST = 15_000;
/** While nobody knows whether it began: then people are told, who may ask again. */
const PATIENT = 2_000;

/**
 * Takes the events of the stream that `open` opens, and has it opened anew behind the last one where it breaks off. True:
 * the turn has ended; false: the server has let go of it, and its thread has what came. Throws what kept it from
 * beginning.
 */
export async function follow(
  turn: Turn,
  open: () => AsyncGenerator<INumbered>,
  stop: () => Promise<void>,
  wait: (milliseconds: number) => Promise<void> = patience
): Promise<boolean> {
  for (let pause = FIRST; ; pause = Math.min(2 * pause, LONGEST)) {
    try {
      for await (const { number, event } of open()) {
        turn.last = number;
        turn.take(event);
        pause = FIRST;
      }
      if (turn.ended) {
        return true;
      }
    } catch (problem) {
      const refused = problem instanceof Refusal;
      if (!turn.id && (refused || turn.stopping || pause >= PATIENT)) {
        throw problem;
      }
      if (refused && problem.status < 500) {
        return false;
      }
    }
    turn.reconnecting();
    await wait(pause);
    if (turn.stopping) {
      await stop().catch(() => undefined);
    }
  }
}

/** The time, or less where the network or the reader comes back. */
function patience(milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      window.clearTimeout(timer);
      window.removeEventListener('online', done);
      document.removeEventListener('visibilitychange', done);
      resolve();
    };
    const timer = window.setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    document.addEventListener('visibilitychange', done);
  });
}
