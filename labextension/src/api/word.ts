/** What people may agree to, so that a question goes although something is in its way. */

export interface IWord {
  /** It may cost that much. */
  readonly yes?: boolean;
  /** No budget bounds it. */
  readonly unpriced?: boolean;
}

/** What somebody says who sends it although this is in the way; null where their word doesn't help. */
export function wordFor(kind: string): IWord | null {
  switch (kind) {
    case 'GuardError':
      return { yes: true };
    case 'Unbounded':
      return { unpriced: true };
    default:
      return null;
  }
}
