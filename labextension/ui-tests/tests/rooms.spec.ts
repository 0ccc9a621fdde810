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
  await page.evaluate(pixels => {
    const { shell } = window.jupyterapp as unknown as {
      shell: { restoreLayout: unknown; node: HTMLElement };
    };
    const split = shell.node.querySelector('#jp-main-split-panel')!;
    const handle = [...split.querySelectorAll('.lm-SplitPanel-handle')].pop()!;
    const { x, y } = handle.getBoundingClientRect();
    const side = document.querySelector('#jp-right-stack')!;
    const by = side.getBoundingClientRect().width - pixels;
    for (const [type, dx] of [
      ['pointerdown', 0],
      ['pointermove', by],
      ['pointerup', by]
    ] as const) {
      handle.dispatchEvent(
        new PointerEvent(type, {
          bubbles: true,
          button: 0,
          clientX: x + 1 + dx,
          clientY: y + 50
        })
      );
    }
  }, pixels);
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
  await expect(page.getByText('Gentoo is heavier.')).toBeVisible();
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
