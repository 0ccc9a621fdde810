/**
 * The figures of a receipt in words, for its line and its details alike. Formatted here, never added.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

import { thousands } from './money';
import type { ICost, IUsage } from './values';

/** The amount as `write` writes it, with the sign of how sure it is; or the word where there is no amount. */
export function price(
  cost: ICost,
  trans: TranslationBundle,
  write: (amount: string) => string
): string {
  if (cost.basis === 'free') {
    return trans.__('free');
  }
  if (cost.basis === 'plan') {
    return trans.__('plan');
  }
  if (cost.basis === 'replayed') {
    return trans.__('replayed');
  }
  if (cost.basis === 'unbilled') {
    return trans.__('not billed');
  }
  if (cost.basis === 'unpriced' || cost.amount === null) {
    return trans.__('unpriced');
  }
  if (cost.bound === 'at_least') {
    return `≥ ${write(cost.amount)}`;
  }
  return cost.basis === 'estimated' || cost.derived
    ? `≈ ${write(cost.amount)}`
    : write(cost.amount);
}

export function count(value: number): string {
  return thousands(String(value));
}

/** A count of tokens, marked where nobody reported it. */
export function about(
  usage: IUsage,
  field: 'input' | 'cached' | 'output' | 'thinking'
): string {
  const mark = usage.basis[field] === 'estimated' ? '≈ ' : '';
  return mark + count(usage[field]);
}

/** Whole per cents, half up; 100 only for all of it and 0 only for none. */
export function percent(part: number, whole: number): number {
  if (part <= 0 || part >= whole) {
    return part > 0 ? 100 : 0;
  }
  const rounded = Math.floor((200 * part + whole) / (2 * whole));
  return Math.min(99, Math.max(1, rounded));
}

/** A tier's bound in short: `32000` → `32K`, `1000000` → `1M`; any other number in full. */
export function bound(tokens: number): string {
  if (tokens % 1_000_000 === 0) {
    return `${tokens / 1_000_000}M`;
  }
  return tokens % 1000 === 0 ? `${tokens / 1000}K` : count(tokens);
}

export function secrets(redacted: number, trans: TranslationBundle): string {
  return trans._n(
    '%2 secret redacted',
    '%2 secrets redacted',
    redacted,
    count(redacted)
  );
}

/** One decimal under 100 s, none above; half up. */
export function seconds(value: number, trans: TranslationBundle): string {
  return trans.__('%1 s', value.toFixed(value < 100 ? 1 : 0));
}
