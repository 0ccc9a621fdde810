/**
 * Models, settings, status and spending as the server tells them (`qwen_magics/server/bodies.py` has the same shapes).
 *
 * Sums come from the server; money is a decimal string.
 */

import type { IReceipt } from '../receipt/values';
import type { IProblem } from './values';

// --- models ---

/** Prices per million tokens for prompts up to so many tokens (null: any). Null: no price, or none of its own. */
export interface ITier {
  readonly up_to: number | null;
  readonly input: string | null;
  readonly output: string | null;
  readonly thinking: string | null;
  readonly cached: string | null;
}

export interface IModel {
  readonly id: string;
  readonly title: string;
  readonly name: string;
  readonly window: number;
  readonly max_input: number;
  readonly max_output: number;
  readonly max_thinking: number;
  readonly thinking: 'none' | 'hybrid' | 'always';
  readonly vision: boolean;
  readonly search: boolean;
  readonly cache: boolean;
  readonly tiers: ReadonlyArray<ITier>;
  readonly derived: boolean;
  readonly as_of: string;
  readonly current: boolean;
}

export interface IProvider {
  readonly name: string;
  readonly label: string;
  readonly ready: boolean;
}

export interface IModels {
  readonly provider: string;
  readonly region: string;
  readonly scope: string;
  readonly currency: string;
  readonly models: ReadonlyArray<IModel>;
  readonly providers: ReadonlyArray<IProvider>;
}

// --- settings ---

/** What the server is set to, who decided each, and which ones an administrator locked. Never an address or a key. */
export interface IServerSettings {
  readonly values: Readonly<
    Record<string, string | number | boolean | null | undefined>
  >;
  readonly sources: Readonly<Record<string, string>>;
  readonly locked: ReadonlyArray<string>;
}

// --- status ---

export type Action = 'login' | 'local' | 'settings' | 'docs' | '';

/** Something that is missing, and the one thing to do about it. */
export interface ILack {
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
  readonly action: Action;
}

export interface IStatus {
  readonly package: string;
  readonly provider: string;
  readonly region: string;
  readonly label: string;
  readonly model: string;
  readonly ready: boolean;
  readonly problems: ReadonlyArray<ILack>;
  readonly key: { readonly masked: string; readonly where: string } | null;
  readonly sidebar_only: boolean;
}

/** What came of testing the endpoint. `sent` says in words what left. */
export interface ITested {
  readonly ok: boolean;
  readonly sent: string;
  readonly said: string;
  readonly problem: IProblem | null;
}

// --- spending ---

/** What several turns cost together; `amount` is null where none had a price, `unpriced` counts those without. */
export interface ITotal {
  readonly currency: string;
  readonly amount: string | null;
  readonly bound: 'exact' | 'at_least';
  readonly turns: number;
  readonly input: number;
  readonly output: number;
  readonly unpriced: number;
}

export type Scope = 'turn' | 'notebook' | 'day' | 'month';

/** `by` says who set it; one from a settings file is not `editable`. */
export interface IBudget {
  readonly scope: Scope;
  readonly currency: string;
  readonly amount: string;
  readonly spent: string | null;
  readonly reserved: string | null;
  readonly left: string;
  readonly by: string;
  readonly editable: boolean;
}

/** One model's turns of one local day. */
export interface IDay {
  readonly day: string;
  readonly model: string;
  readonly currency: string;
  readonly amount: string | null;
  readonly bound: 'exact' | 'at_least';
  readonly turns: number;
  readonly input: number;
  readonly output: number;
}

export interface ISpentTurn {
  readonly id: string;
  readonly time: string;
  readonly notebook: string;
  readonly cell: string;
  readonly source: 'cell' | 'sidebar';
  readonly receipt: IReceipt;
}

export interface IUsageReport {
  readonly today: ReadonlyArray<ITotal>;
  readonly notebook: ReadonlyArray<ITotal>;
  readonly month: ReadonlyArray<ITotal>;
  readonly budgets: ReadonlyArray<IBudget>;
  readonly days: ReadonlyArray<IDay>;
  readonly turns: ReadonlyArray<ISpentTurn>;
  readonly sidebar_only: boolean;
}
