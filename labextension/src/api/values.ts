/**
 * What browser and server say to each other (`qwen_magics/server/bodies.py` has the same shapes, versioned).
 *
 * Money is a decimal string and stays one: it is formatted here, never added. Unknown fields are ignored.
 */

import type { IReceipt } from '../receipt/values';

export const VERSION = 1;

/** What went wrong: the error's class name, what happened, what to do, the provider's request id. */
export interface IProblem {
  readonly kind: string;
  readonly message: string;
  readonly remedy: string;
  readonly request_id: string;
}

// --- the open notebook ---

export interface ILiveCell {
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly outputs: ReadonlyArray<unknown>;
  readonly execution_count: number | null;
}

/** `cells` names each cell by a key that changes with its content; `fresh` has those the server may not know. */
export interface ILiveNotebook {
  readonly path: string;
  readonly cells: ReadonlyArray<string>;
  readonly fresh: Readonly<Record<string, ILiveCell>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface IHeld {
  readonly notebook: string;
  readonly missing: ReadonlyArray<string>;
}

// --- a question ---

export type ChipKind =
  'thread' | 'notebook' | 'cell' | 'selection' | 'error' | 'var' | 'file';

/** One thing that goes along, or doesn't. `name`: a cell's id, a variable's name, a file's path. */
export interface IChip {
  readonly kind: ChipKind;
  readonly name: string;
  readonly text: string;
  readonly on: boolean;
}

/** What is asked, or is being typed. Null: as the server is set. */
export interface IQuestion {
  readonly text: string;
  readonly thread: string;
  readonly parent: string;
  readonly notebook: string;
  readonly chips: ReadonlyArray<IChip>;
  readonly provider: string | null;
  readonly model: string | null;
  readonly think: string | null;
  readonly max_tokens: number | null;
  readonly temperature: number | null;
  readonly search: boolean;
  /** How it is made to fit, instead of as the server is set. */
  readonly trim: 'window' | 'tier' | null;
  readonly yes: boolean;
  readonly unpriced: boolean;
  /** Names this asking, so that asking again because the connection was lost is no second turn. */
  readonly once?: string;
}

export interface IChipPrice {
  readonly kind: ChipKind;
  readonly name: string;
  readonly label: string;
  readonly tokens: number;
  readonly saves: string | null;
  readonly jump: boolean;
  readonly note: string;
}

export interface ISegment {
  readonly over: number;
  readonly up_to: number;
  readonly fill: number;
}

export interface ILeft {
  readonly scope: 'turn' | 'notebook' | 'day' | 'month';
  readonly currency: string;
  readonly amount: string;
  readonly left: string;
}

export interface IPrice {
  readonly currency: string;
  readonly basis: string;
  readonly expected: string | null;
  readonly worst: string | null;
  readonly low: string | null;
  readonly high: string | null;
  readonly derived: boolean;
}

export interface IWarn {
  readonly past: number;
  readonly bound: number;
  readonly times: string | null;
  readonly trimmed: string | null;
}

export interface IEstimate {
  readonly model: string;
  readonly provider: string;
  readonly label: string;
  readonly tokens: number;
  readonly room: number;
  readonly sure: boolean;
  readonly segments: ReadonlyArray<ISegment>;
  readonly price: IPrice;
  readonly warn: IWarn | null;
  readonly chips: ReadonlyArray<IChipPrice>;
  readonly budgets: ReadonlyArray<ILeft>;
  readonly notes: ReadonlyArray<string>;
  /** How else the question could be trimmed; "" where that makes no difference. */
  readonly trim: IQuestion['trim'] | '';
  readonly blocked: IProblem | null;
}

export interface ISentItem {
  readonly kind: string;
  readonly label: string;
  readonly title: string;
  readonly tokens: number;
  readonly cost: string | null;
  readonly saves: string | null;
  readonly cached: string;
  readonly notes: ReadonlyArray<string>;
  readonly text: string;
  readonly answer: string;
}

export interface IWhatIsSent {
  readonly label: string;
  readonly tokens: number;
  readonly items: ReadonlyArray<ISentItem>;
  readonly body: string;
  readonly currency: string;
}

// --- a turn's events: the same as the kernel's, between the server's own first and last ---

export type TurnEvent =
  | { type: 'accepted'; turn: string; thread: string; version: number }
  | { type: 'started'; receipt: IReceipt }
  | { type: 'retrying'; seconds: number; attempt: number; why: string }
  | {
      type: 'progress';
      what: 'reading' | 'waiting' | 'starting';
      fraction: number | null;
    }
  | { type: 'thinking'; text: string }
  | { type: 'text'; text: string }
  | { type: 'running'; receipt: IReceipt }
  | { type: 'settled'; receipt: IReceipt; text: string; thinking: string }
  | { type: 'failed'; error: IProblem };

/** An event with its number in the turn, by which a lost stream goes on. */
export interface INumbered {
  readonly number: number;
  readonly event: TurnEvent;
}
