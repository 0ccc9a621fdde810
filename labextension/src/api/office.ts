/**
 * Models, settings, status and spending as the server tells them (`qwen_magics/server/office.py` has the same shapes).
 *
 * Sums come from the server; money is a decimal string.
 */

import type { IReceipt } from '../receipt/values';

// --- models ---

/** Prices per million tokens for prompts up to so many tokens (null: any). Null: none of its own. */
export interface ITier {
  readonly up_to: number | null;
  readonly input: string;
  readonly output: string;
  readonly thinking: string | null;
  readonly cached: string | null;
  readonly derived: boolean;
}

/** A limit of 0 is not known. `price` says why there are no tiers, `stale` that `as_of` is long ago. */
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
  readonly price: 'listed' | 'free' | 'plan' | 'unpriced';
  /** Money per web search. */
  readonly search_fee: string | null;
  readonly derived: boolean;
  readonly as_of: string;
  readonly stale: boolean;
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

/**
 * What the server is set to, by the traits' names (amounts as text, `0.25 USD, 2 CNY` or `off`), who decided each, and
 * which ones an administrator locked. Never an address or a key.
 */
export interface IServerSettings {
  readonly values: Readonly<
    Record<string, string | number | boolean | null | undefined>
  >;
  readonly sources: Readonly<Record<string, string>>;
  readonly locked: ReadonlyArray<string>;
}

// --- status ---

export type Action = 'login' | 'local' | 'settings' | 'docs' | '';

/** Something that is missing, and the one thing to do about it; `remedy` is a line for a terminal or a sentence. */
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
  readonly cost: string;
  readonly ms: number | null;
  readonly problem: ILack | null;
}

// --- spending ---

/**
 * What several turns cost together, as `%qwen_usage` has it. Those without money have the currency '' and no amount.
 * `bound` `at_least`: it may have been more (≥); `estimated` turns are in it (≈).
 */
export interface ITotal {
  readonly currency: string;
  readonly amount: string | null;
  readonly bound: 'exact' | 'at_least';
  readonly turns: number;
  readonly input: number;
  readonly output: number;
  readonly estimated: number;
  readonly at_least: number;
  readonly unpriced: number;
  readonly free: number;
  readonly plan: number;
  readonly replayed: number;
  readonly failed: number;
  readonly lost: number;
  readonly cached: number;
  readonly thinking: number;
  /** By the cache. */
  readonly saved: string;
  readonly replay_saved: string;
}

export type Scope = 'turn' | 'notebook' | 'day' | 'month';

/**
 * A budget or (`guard`) a guard rail; `by` says who set it, one from a settings file is not `editable`. Of several in one
 * scope and currency the smallest `holds`. A turn's has nothing spent or reserved.
 */
export interface IBudget {
  readonly scope: Scope;
  readonly currency: string;
  readonly amount: string;
  readonly spent: string | null;
  readonly reserved: string | null;
  readonly left: string;
  readonly by: string;
  readonly editable: boolean;
  readonly guard: boolean;
  readonly holds: boolean;
}

/** PUT budgets, answered by IUsageReport. Null: no limit. */
export interface ISetBudget {
  readonly scope: Scope;
  readonly currency: 'USD' | 'CNY';
  readonly amount: string | null;
  readonly notebook: string;
}

/** One model's turns of one local day (`2026-11-24`). */
export interface IDay extends ITotal {
  readonly day: string;
  readonly model: string;
}

/** One of the machine's last turns; `notebook` is relative to the server's root where it lies there. */
export interface ISpentTurn {
  readonly id: string;
  readonly time: string;
  readonly notebook: string;
  readonly cell: string;
  readonly source: 'cell' | 'sidebar';
  readonly receipt: IReceipt;
}

/**
 * `GET usage?notebook=…`. `foot` says what the sums are and what is not in them; it stands under every total. With
 * `&brief=1`, for the status bar, only `today`, `notebook`, `budgets` and `sidebar_only` are filled.
 */
export interface IUsageReport {
  readonly today: ReadonlyArray<ITotal>;
  readonly notebook: ReadonlyArray<ITotal>;
  readonly month: ReadonlyArray<ITotal>;
  readonly all: ReadonlyArray<ITotal>;
  readonly budgets: ReadonlyArray<IBudget>;
  readonly days: ReadonlyArray<IDay>;
  readonly turns: ReadonlyArray<ISpentTurn>;
  readonly sidebar_only: boolean;
  readonly foot: string;
}
