/** Three questions that teach what can be asked, made from the open notebook. Pure. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IOpenCell } from '../notebook/cells';

const COUNT = 3;

/** `cells` are those of the open notebook; null where none is open. */
export function examples(
  cells: ReadonlyArray<IOpenCell> | null,
  trans: TranslationBundle
): string[] {
  const code = (cells ?? []).filter(cell => cell.kind === 'code' && cell.title);
  const failed = code.find(cell => cell.failed);
  const data = code.find(cell => /^\w+\s*=.*\bread_\w+\(/.test(cell.title));
  const name = data && /^\w+/.exec(data.title)?.[0];
  const last = code[code.length - 1];
  const found = [
    failed && trans.__('Why does cell #%1 fail? Fix it.', failed.number),
    name && trans.__('What is in %1, and what is odd about it?', name),
    name && trans.__('Plot what matters most in %1.', name),
    last && trans.__('Explain cell #%1 step by step.', last.number),
    cells?.length && trans.__('Sum this notebook up in five sentences.'),
    code.length > 0 && trans.__('What would you check next in this notebook?'),
    trans.__('Write a function that reads all CSV files of a folder.'),
    trans.__('How do I fit a straight line with an error band?'),
    trans.__('What is the difference between merge and join in pandas?')
  ];
  return found.filter(Boolean).slice(0, COUNT) as string[];
}
