/** The sidebar as people use it: asking in it, naming things, its width. */

import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { SplitLayout, SplitPanel, Widget } from '@lumino/widgets';
import type { Locator } from '@playwright/test';

export const PANEL = '#jp-qwen-sidebar';

/** Make the sidebar so wide, with no mouse that would leave what it hovers. */
export async function width(
  page: IJupyterLabPageFixture,
  pixels: number
): Promise<void> {
  const got = await page.evaluate(pixels => {
    const find = (widget: Widget): Widget | undefined =>
      widget.id === 'jp-main-split-panel'
        ? widget
        : [...(widget.layout ?? [])].map(find).find(Boolean);
    const split = find(window.jupyterapp.shell as unknown as Widget);
    const { layout, node, widgets } = split as SplitPanel;
    const side = widgets[widgets.length - 1].node;
    (layout as SplitLayout).moveHandle(
      widgets.length - 2,
      node.offsetWidth - pixels - (split as SplitPanel).spacing
    );
    return new Promise<number>(resolve =>
      requestAnimationFrame(() => resolve(side.offsetWidth))
    );
  }, pixels);
  expect(got, `${pixels} wide`).toBeCloseTo(pixels, -1);
}

export async function ask(
  page: IJupyterLabPageFixture,
  text: string
): Promise<void> {
  await page.getByLabel('Ask Qwen').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

export function turn(page: IJupyterLabPageFixture, number: number): Locator {
  return page.getByRole('article', { name: `Turn ${number}` });
}

export async function priced(page: IJupyterLabPageFixture): Promise<void> {
  const meter = page.locator('.jp-QwenMeter');
  await expect(meter.getByText(/[\d,]+ tokens/).first()).toBeVisible();
  await expect(meter).toHaveAttribute('data-stale', 'false');
}

export function options(page: IJupyterLabPageFixture): Locator {
  return page.getByRole('listbox').getByRole('option');
}

/** Name a thing with an @, as one who types does. */
export async function mention(
  page: IJupyterLabPageFixture,
  token: string
): Promise<void> {
  const field = page.getByLabel('Ask Qwen');
  await field.pressSequentially(`@${token}`);
  await expect(options(page).first()).toContainText(token.split(':')[1]);
  await field.press('Enter');
}
