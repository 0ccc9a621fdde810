/** How much goes to a kernel in one message: Jupyter Server ends a connection that is sent more than 10 MB at once. */

import type { ILiveCell } from '../api/values';

const LARGEST = 3_000_000; // characters of JSON, of up to three bytes each

/** A cell on its way; no outputs: those in the notebook's file count. */
export type Sent = Omit<ILiveCell, 'outputs'> & {
  readonly outputs: ILiveCell['outputs'] | null;
};

/** The cells, the largest ones without their outputs where all of them are too much; null where that is too much too. */
export function bounded(
  cells: Readonly<Record<string, ILiveCell>>,
  most = LARGEST
): Record<string, Sent> | null {
  const sized = Object.entries(cells).map(([key, cell]) => {
    const outputs = JSON.stringify(cell.outputs).length;
    return { key, cell, outputs, rest: size(cell) };
  });
  let total = sized.reduce((sum, { outputs, rest }) => sum + outputs + rest, 0);
  const without = new Set<string>();
  for (const { key, outputs } of [...sized].sort(
    (a, b) => b.outputs - a.outputs
  )) {
    if (total <= most) {
      break;
    }
    without.add(key);
    total -= outputs;
  }
  return total > most
    ? null
    : Object.fromEntries(
        sized.map(({ key, cell }) => [
          key,
          without.has(key) ? { ...cell, outputs: null } : cell
        ])
      );
}

function size({ source, metadata }: ILiveCell): number {
  return (
    JSON.stringify(source).length + JSON.stringify(metadata).length + 200 // keys and quotes
  );
}
