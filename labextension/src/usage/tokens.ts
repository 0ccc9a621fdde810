/** What other parts may know of the spending: where it stands, and how to look at it. */

import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/** The command that opens the spending. */
export const USAGE = 'qwen-magics:usage';

export interface ISpending {
  /** Emitted when something was spent, or another notebook is in front. */
  readonly changed: ISignal<ISpending, void>;
  /** The notebook in front, as the server calls it; "" for none. */
  readonly path: string;
  /** Ask the server again. */
  refresh(): Promise<void>;
}

export const ISpending = new Token<ISpending>(
  'qwen-magics:ISpending',
  'What this notebook and today cost, kept fresh.'
);
