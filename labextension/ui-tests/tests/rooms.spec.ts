/** The sidebar's rooms: threads, models and settings, what is missing; and the spending. Against the fake provider. */

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { objections, QUIET, shot } from './notebook';
import { answers } from './provider';

test.use({
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

/** Make the sidebar so wide. */
async function width(
  page: IJupyterLabPageFixture,
  pixels: number
): Promise<void> {
  const handle = page
    .locator('#jp-main-split-panel > .lm-SplitPanel-handle:visible')
    .last();
  const at = (await handle.boundingBox())!;
  const side = (await page.locator('#jp-right-stack').boundingBox())!;
  await page.mouse.move(at.x + 1, at.y + 100);
  await page.mouse.down();
  await page.mouse.move(at.x + 1 + side.width - pixels, at.y + 100);
  await page.mouse.up();
}

async function ask(page: IJupyterLabPageFixture, text: string): Promise<void> {
  await page.getByLabel('Ask Qwen').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
}

test.beforeEach(async ({ page }) => {
  // galata takes every …/api/settings for JupyterLab's own.
  await page.route(/\/qwen\/api\/settings/, route => route.continue());
  await answers({ text: 'Gentoo is heavier.' });
  await page.sidebar.openTab('jp-qwen-sidebar');
});

test('a thread is titled, renamed, deleted, brought back and found', async ({
  page
}) => {
  await ask(page, 'Why is Gentoo heavier?');
  const title = page.getByRole('heading', { name: 'Why is Gentoo heavier?' });
  await title.getByRole('button').click();
  await page.getByLabel('Title of this thread').fill('Penguins');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Penguins' })).toBeVisible();

  await page.getByRole('button', { name: 'Threads', exact: true }).click();
  await shot(page, 'rooms-threads');
  await page.getByRole('button', { name: 'Delete “Penguins”' }).click();
  await expect(page.getByText('Deleted “Penguins”.')).toBeVisible();
  await expect(
    page.getByRole('heading', { name: 'New thread' })
  ).toBeAttached();
  await shot(page, 'rooms-deleted');
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByLabel('Search threads').fill('pengu');
  const row = page.locator('.jp-QwenThread-title', { hasText: 'Penguins' });
  await row.click();
  await expect(page.locator('.jp-QwenStage')).toContainText(
    'Gentoo is heavier.'
  );
});

for (const theme of ['Light', 'Dark']) {
  test(`models, settings and threads look right: ${theme}`, async ({
    page
  }) => {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await ask(page, 'Why is Gentoo heavier than the other two species are?');
    for (const pixels of [380, 280]) {
      await width(page, pixels);
      for (const room of ['models', 'threads']) {
        await page.locator(`button[data-room=${room}]`).click();
        await expect(
          page.locator('.jp-QwenThread, .jp-QwenModel').first()
        ).toBeVisible();
        await shot(page, `rooms-${room}-${pixels}-${theme.toLowerCase()}`);
        expect(await objections(page, '.jp-QwenPanel')).toEqual([]);
        await page.keyboard.press('Escape');
      }
    }
  });
}

for (const theme of ['Light', 'Dark']) {
  test(`the spending is seen and a budget set: ${theme}`, async ({ page }) => {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await ask(page, 'Why is Gentoo heavier?');
    const item = page.locator('.jp-QwenSpend-line');
    await expect(item).toContainText(/today \$0\.00\d+ of \$5\.00/);
    await item.focus();
    await page.keyboard.press('Enter');
    const view = page.locator('.jp-QwenUsage');
    await expect(view.getByRole('img')).toHaveCount(1);
    await view.getByRole('textbox', { name: 'At most' }).fill('2.50');
    await view.getByRole('button', { name: 'Set budget' }).click();
    await expect(item).toContainText('of $2.50');
    await shot(page, `rooms-usage-${theme.toLowerCase()}`);
    expect(await objections(page, '.jp-QwenUsage')).toEqual([]);
    expect(await objections(page, '.jp-QwenSpend')).toEqual([]);
    await view.getByRole('button', { name: 'No limit' }).click();
    await expect(item).toContainText('of $5.00');
  });
}
