/** Threads as the server tells them (`qwen_magics/server/threads` has the same shapes). */

import type { IReceipt } from '../receipt/values';
import type { IChip, IProblem } from './values';

/** What something cost in one currency; `bound` says whether it may be more. */
export interface ISum {
  readonly currency: string;
  readonly amount: string;
  readonly bound: 'exact' | 'at_least';
}

/** A thread in a list. `notebook` is its path on the server, "" for a free one; `running` a turn's id or "". */
export interface ISummary {
  readonly id: string;
  readonly title: string;
  readonly notebook: string;
  readonly created: string;
  readonly updated: string;
  readonly revision: number;
  readonly turns: number;
  readonly running: string;
  readonly cost: ReadonlyArray<ISum>;
}

/** One question and what came of it; `parent` is the turn that it follows, "" for none. */
export interface ITurnRecord {
  readonly id: string;
  readonly parent: string;
  readonly time: string;
  readonly question: string;
  readonly chips: ReadonlyArray<IChip>;
  readonly answer: string;
  readonly thinking: string;
  readonly status: 'running' | 'complete' | 'stopped' | 'failed' | 'lost';
  readonly receipt: IReceipt | null;
  readonly error: IProblem | null;
}

/** A thread with all its turns, branches too; `head` is the turn that is shown last. */
export interface IThread extends ISummary {
  readonly head: string;
  readonly turns_list: ReadonlyArray<ITurnRecord>;
}

export interface IThreads {
  readonly threads: ReadonlyArray<ISummary>;
}

export type ExportFormat = 'md' | 'ipynb' | 'json';
