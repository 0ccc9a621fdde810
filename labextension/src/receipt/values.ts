/**
 * A receipt as the notebook holds it (contract "Receipt, version 1"; `qwen_magics/values.py` writes it).
 *
 * Only what is shown is read. Money stays the decimal string that Python wrote. A key that is missing has its
 * default and an unknown one is ignored, so that a receipt of another version can still be read.
 */

export type Status = 'complete' | 'stopped' | 'failed' | 'replayed' | 'lost';

export type CostBasis =
  | 'reported'
  | 'computed'
  | 'estimated'
  | 'free'
  | 'unpriced'
  | 'plan'
  | 'replayed'
  | 'unbilled';

/** One line of a bill: `tokens` at `rate` per million make `amount`. */
export interface IPriceLine {
  readonly what: string;
  readonly tokens: number;
  readonly rate: string;
  readonly amount: string;
}

/**
 * The tier that the whole request is billed at: inputs up to `up_to` tokens (null: no end). Where it isn't the
 * `first`, `over` is the bound that was passed and `times` how much dearer the input is for it.
 */
export interface ITier {
  readonly up_to: number | null;
  readonly first?: boolean;
  readonly over?: number;
  readonly times?: string | null;
}

export interface ICost {
  readonly amount: string | null;
  readonly currency: string;
  readonly basis: CostBasis;
  readonly bound: 'exact' | 'at_least';
  readonly tier: ITier | null;
  readonly lines: ReadonlyArray<IPriceLine>;
  readonly fees: ReadonlyArray<IPriceLine>;
  readonly derived: boolean;
  readonly prices_as_of: string;
  readonly cache_saved: string | null;
  readonly replay_saved: string | null;
}

/** Tokens. `cached` is part of `input`, `thinking` part of `output`; `basis` says which fields are estimated. */
export interface IUsage {
  readonly input: number;
  readonly cached: number;
  readonly cache_write: number;
  readonly output: number;
  readonly thinking: number;
  readonly basis: Readonly<Record<string, string>>;
}

export interface IReceipt {
  readonly time: string;
  readonly provider: string;
  readonly region: string;
  readonly model: string;
  readonly request_id: string;
  readonly status: Status;
  readonly finish_reason: string;
  readonly attempts: number;
  readonly sent: {
    readonly cells: number;
    readonly outputs: number;
    readonly attachments: number;
  };
  readonly left_out: ReadonlyArray<string>;
  readonly redacted: number;
  readonly usage: IUsage;
  readonly cost: ICost;
  readonly timing: {
    readonly first_token_s: number | null;
    readonly total_s: number;
  };
  readonly notes: ReadonlyArray<string>;
  readonly error: string;
}

const COST: ICost = {
  amount: null,
  currency: 'USD',
  basis: 'unpriced',
  bound: 'exact',
  tier: null,
  lines: [],
  fees: [],
  derived: false,
  prices_as_of: '',
  cache_saved: null,
  replay_saved: null
};

const RECEIPT: IReceipt = {
  time: '',
  provider: '',
  region: '',
  model: '',
  request_id: '',
  status: 'complete',
  finish_reason: '',
  attempts: 1,
  sent: { cells: 0, outputs: 0, attachments: 0 },
  left_out: [],
  redacted: 0,
  usage: {
    input: 0,
    cached: 0,
    cache_write: 0,
    output: 0,
    thinking: 0,
    basis: {}
  },
  cost: COST,
  timing: { first_token_s: null, total_s: 0 },
  notes: [],
  error: ''
};

/** The receipt in a MIME bundle, whole: what is missing, or isn't of the kind it should be, has its default. */
export function readReceipt(data: unknown): IReceipt {
  return fill(RECEIPT, data) as IReceipt;
}

/** `data` in the shape of `shape`: objects key by key, anything else as it is where its kind fits. */
function fill(shape: unknown, data: unknown): unknown {
  if (shape === null) {
    return data ?? null;
  }
  if (Array.isArray(shape)) {
    return Array.isArray(data) ? data : shape;
  }
  if (typeof shape !== 'object') {
    return typeof data === typeof shape ? data : shape;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return shape;
  }
  const given = data as Record<string, unknown>;
  const whole: Record<string, unknown> = { ...given };
  for (const [key, kind] of Object.entries(shape)) {
    whole[key] = fill(kind, given[key]);
  }
  return whole;
}
