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
  pieces.forEach((piece, index) => {
    if (index > 0) {
      line.append(' ', element('span', 'jp-QwenReceipt-dot', '·'), ' ');
    }
    line.append(pieceElement(piece, index === 0));
  });
  return line;
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
  const body = element('tbody', '');
  for (const row of details.rows) {
    body.append(rowElement(row));
  }
  const [how, amount] = details.total;
  const total = rowElement([how, '', '', amount]);
  total.className = 'jp-QwenReceipt-total';
  body.append(total);
  const table = element('table', 'jp-QwenReceipt-bill');
  table.append(body);
  const facts = element('p', 'jp-QwenReceipt-facts', details.facts.join(' · '));
  const node = element('div', 'jp-QwenReceipt-details');
  node.setAttribute('role', 'group');
  node.append(table, facts);
  return node;
}

function rowElement(cells: ReadonlyArray<string>): HTMLTableRowElement {
  const row = element('tr', '');
  row.append(
    ...cells.map((cell, index) => element(index === 0 ? 'th' : 'td', '', cell))
  );
  row.firstElementChild?.setAttribute('scope', 'row');
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
