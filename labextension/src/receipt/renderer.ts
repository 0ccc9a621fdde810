/**
 * The receipt under an answer: one quiet line, which is a button, and a popover with what stands behind it.
 *
 * Shows only; the words come from `line` and `details`. Whatever a model or provider wrote is set as text.
 */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { detailsOf, type IDetails } from './details';
import { LOSS, lineOf } from './line';
import { Popover } from './popover';
import { readReceipt } from './values';

export const RECEIPT_MIME = 'application/vnd.qwen-magics.receipt+json';

export class ReceiptRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(private readonly _trans: TranslationBundle) {
    super();
    this.addClass('jp-QwenReceipt');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const receipt = readReceipt(model.data[RECEIPT_MIME]);
    const line = lineElement(lineOf(receipt, this._trans));
    const details = detailsElement(detailsOf(receipt, this._trans));
    details.setAttribute('aria-label', this._trans.__('What this cost'));
    this._popover?.dispose();
    this.node.replaceChildren(line, details);
    this._popover = new Popover(line, details);
  }

  protected override onBeforeDetach(_: Message): void {
    this._popover?.close();
  }

  override dispose(): void {
    this._popover?.dispose();
    super.dispose();
  }

  private _popover: Popover | null = null;
}

function lineElement(pieces: ReadonlyArray<string>): HTMLButtonElement {
  const line = element('button', 'jp-QwenReceipt-line');
  line.type = 'button';
  line.append(
    ...dotted(pieces.map((piece, index) => pieceElement(piece, index === 0)))
  );
  return line;
}

/** The nodes with a dot between each two; where a line breaks, the dot stays at its end. */
function dotted(nodes: ReadonlyArray<HTMLElement>): Array<Node | string> {
  return nodes.flatMap((node, index) => {
    if (index === nodes.length - 1) {
      return [node];
    }
    const both = element('span', 'jp-QwenReceipt-piece');
    both.append(node, ' ', element('span', 'jp-QwenReceipt-dot', '·'));
    return [both, ' '];
  });
}

function pieceElement(piece: string, price: boolean): HTMLElement {
  const node = element(price ? 'b' : 'span', 'jp-QwenReceipt-piece');
  if (piece.startsWith(LOSS)) {
    node.classList.add('jp-mod-loss');
    node.append(
      element('span', 'jp-QwenReceipt-loss', LOSS),
      piece.slice(LOSS.length)
    );
  } else {
    node.textContent = piece;
  }
  return node;
}

function detailsElement(details: IDetails): HTMLElement {
  const table = element('table', 'jp-QwenReceipt-bill');
  const body = table.createTBody();
  body.append(...details.rows.map(row => rowElement(row)));
  const total = rowElement(details.total);
  total.className = 'jp-QwenReceipt-total';
  body.append(total);
  const facts = element('p', 'jp-QwenReceipt-facts');
  facts.append(...dotted(details.facts.map(fact => pieceElement(fact, false))));
  const node = element('div', 'jp-QwenReceipt-details');
  node.setAttribute('role', 'group');
  node.append(table, facts);
  return node;
}

/** A row of four cells, or of two: what, and the amount. */
function rowElement(cells: ReadonlyArray<string>): HTMLTableRowElement {
  const [what, ...rest] = cells;
  const head = element('th', '', what);
  head.scope = 'row';
  head.colSpan = 4 - rest.length;
  const row = element('tr', '');
  row.append(head, ...rest.map(cell => element('td', '', cell)));
  return row;
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = ''
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}
