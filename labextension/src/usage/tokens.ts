/** What other parts may know of the spending: where it stands, and that it may have changed. */

import { Token } from '@lumino/coreutils';

export interface ISpending {
  /** Ask the server again. */
  refresh(): Promise<void>;
}

export const ISpending = new Token<ISpending>(
  'qwen-magics:ISpending',
  'What this notebook and today cost, kept fresh.'
);
