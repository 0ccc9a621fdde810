/** What a saved answer makes the browser do when its notebook is opened: nothing that leaves this machine. */

import { expect, test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

import { open, shot } from './notebook';

/** The foreign hosts that the page asks for anything from now on. */
function foreign(page: Page): Set<string> {
  const hosts = new Set<string>();
  page.context().on('request', request => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && hostname !== '127.0.0.1') {
      hosts.add(hostname);
    }
  });
  return hosts;
}

test('an answer that was made safe calls nobody', async ({ page, tmpPath }) => {
  const hosts = foreign(page);
  await open(page, tmpPath, 'answers');
  await expect(page.locator('.jp-RenderedMarkdown table')).toBeVisible();
  await expect(page.locator('.jp-RenderedMarkdown').first()).toContainText(
    'leak.invalid'
  );
  await page.waitForLoadState('networkidle');
  await shot(page, 'safe-answer');
  expect([...hosts]).toEqual([]);
});

test('the same answer, not made safe, would call out', async ({
  page,
  tmpPath
}) => {
  const hosts = foreign(page);
  await open(page, tmpPath, 'unsafe');
  await expect.poll(() => [...hosts]).toEqual(['leak.invalid']);
});
