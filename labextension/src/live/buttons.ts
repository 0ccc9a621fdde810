/** The buttons on an answer's code, and the code: a long block that was cut into several outputs is one block. */

import { Clipboard } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { insertBelow } from '../notebook/insert';
import type { IMark } from './answers';

const FENCE = 'jp-QwenFence';
const GOES_ON = 'jp-mod-continues';

export function addButtons(
  node: HTMLElement,
  mark: IMark,
  panel: NotebookPanel,
  trans: TranslationBundle
): void {
  node.querySelectorAll('pre').forEach((pre, index) => {
    if (pre.parentElement?.classList.contains(FENCE)) {
      return;
    }
    const fence = document.createElement('div');
    fence.className = FENCE;
    fence.classList.toggle(GOES_ON, mark.continues && index === 0);
    pre.replaceWith(fence);
    fence.append(pre, bar(fence, mark, panel, trans));
  });
}

function bar(
  fence: HTMLElement,
  mark: IMark,
  panel: NotebookPanel,
  trans: TranslationBundle
): HTMLElement {
  const bar = document.createElement('div');
  bar.className = 'jp-QwenFence-bar';
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', trans.__('Code of the answer'));
  const said = document.createElement('span');
  said.className = 'jp-QwenFence-said';
  said.setAttribute('role', 'status');
  bar.append(
    said,
    button(trans.__('Copy'), trans.__('Copy this code'), () => {
      Clipboard.copyToSystem(codeOf(fence));
      said.textContent = trans.__('copied');
    }),
    button(
      trans.__('Insert'),
      trans.__('Insert this code in a new cell below'),
      () => {
        insertBelow(panel, codeOf(fence), mark.turn, cellOf(fence, panel));
        said.textContent = trans.__('inserted');
      }
    )
  );
  return bar;
}

function button(
  label: string,
  title: string,
  run: () => void
): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'jp-QwenAction';
  button.textContent = label;
  button.title = title;
  button.addEventListener('click', run);
  return button;
}

/** The index of the cell that shows it; the active one for an output that is shown elsewhere. */
function cellOf(fence: HTMLElement, panel: NotebookPanel): number {
  const index = panel.content.widgets.findIndex(({ node }) =>
    node.contains(fence)
  );
  return index < 0 ? panel.content.activeCellIndex : index;
}

/** The block's code from its beginning to its end, whatever outputs it was cut into. */
export function codeOf(fence: HTMLElement): string {
  const outputs = fence.closest('.jp-OutputArea') ?? document;
  const all = [...outputs.querySelectorAll<HTMLElement>(`.${FENCE}`)];
  const goesOn = (index: number): boolean =>
    all[index]?.classList.contains(GOES_ON) ?? false;
  let first = all.indexOf(fence);
  let last = first;
  while (first > 0 && goesOn(first)) {
    first -= 1;
  }
  while (goesOn(last + 1)) {
    last += 1;
  }
  return all
    .slice(first, last + 1)
    .map(one => one.querySelector('pre')?.textContent ?? '')
    .map(text => text.replace(/\n$/, ''))
    .join('\n');
}
