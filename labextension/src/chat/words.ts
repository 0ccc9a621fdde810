/** What the chat says of a turn in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IProblem } from '../api/values';
import { UNREACHABLE } from './model';
import type { Waiting } from './turn';

/** What is waited for. */
export function waits(
  waiting: Waiting | null,
  trans: TranslationBundle
): string {
  if (waiting === null) {
    return trans.__('waiting');
  }
  switch (waiting.type) {
    case 'reconnecting':
      return trans.__('connection lost, connecting again');
    case 'retrying':
      return trans.__(
        '%1: again in %2 s (attempt %3)',
        waiting.why.replace(/\.$/, ''),
        waiting.seconds.toFixed(0),
        waiting.attempt
      );
    case 'progress':
      if (waiting.what === 'starting') {
        return trans.__('starting the local model');
      }
      if (waiting.what === 'waiting') {
        return trans.__('waiting its turn');
      }
      return waiting.fraction === null
        ? trans.__('reading')
        : trans.__('reading %1 %', (100 * waiting.fraction).toFixed(0));
  }
}

/** What went wrong, and what to do. */
export function told(
  problem: IProblem,
  trans: TranslationBundle
): readonly [what: string, remedy: string] {
  return problem.kind === UNREACHABLE
    ? [
        trans.__('The Jupyter server can’t be reached.'),
        trans.__('See that it runs, then try again.')
      ]
    : [problem.message, problem.remedy];
}
