/** The sidebar's rooms: threads, what is missing; and the spending. Against the fake provider. */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { QUIET, writeNotebook } from './notebook';
import { answers } from './provider';

test.use({
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

async function ask(page: IJupyterLabPageFixture, text: string): Promise<void> {
  await page.getByLabel('Ask Qwen').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
}

test.beforeEach(async ({ page }) => {
  // galata takes every …/api/settings for JupyterLab's own.
  await page.route(/\/qwen\/api\/settings/, route => route.continue());
  await answers({ text: 'Gentoo is heavier.' });
  const found = page.waitForResponse(/\/qwen\/api\/threads\?notebook=/);
  await page.sidebar.openTab('jp-qwen-sidebar');
  await found; // one that another test has left
  await page.getByRole('button', { name: 'New thread' }).click();
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
  await page.getByRole('button', { name: 'Delete “Penguins”' }).click();
  await expect(page.getByText('Deleted “Penguins”.')).toBeVisible();
  await expect(
    page.getByRole('heading', { name: 'New thread' })
  ).toBeAttached();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByLabel('Search threads').fill('pengu');
  const row = page.locator('.jp-QwenThread-title', { hasText: 'Penguins' });
  await row.click();
  await expect(page.locator('.jp-QwenStage')).toContainText(
    'Gentoo is heavier.'
  );
});

test('the spending is seen and a budget set', async ({ page }) => {
  await ask(page, 'Why is Gentoo heavier?');
  const item = page.locator('.jp-QwenSpend-line');
  await expect(item).toContainText(/today (≥ )?\$0\.\d+ of \$5\.00/);
  await item.focus();
  await page.keyboard.press('Enter');
  const view = page.locator('.jp-QwenUsage');
  await expect(view.getByRole('img').first()).toBeVisible();
  await view.getByRole('textbox', { name: 'At most' }).fill('2.50');
  await view.getByRole('button', { name: 'Set budget' }).click();
  await expect(item).toContainText('of $2.50');
  await view.getByRole('button', { name: 'No limit' }).click();
  await expect(item).toContainText('of $5.00');
});

test('each notebook brings its own thread, after a reload too', async ({
  page,
  tmpPath
}) => {
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-rooms-')), 'One.ipynb');
  writeNotebook(file, ['1 + 1']);
  for (const name of ['One.ipynb', 'Two.ipynb']) {
    await page.contents.uploadFile(file, `${tmpPath}/${name}`);
    await page.notebook.openByPath(`${tmpPath}/${name}`);
    await expect(
      page.getByRole('heading', { name: 'New thread' })
    ).toBeVisible();
    await ask(page, `What is in ${name}?`);
    await expect(
      page.getByRole('heading', { name: `What is in ${name}?` })
    ).toBeVisible();
    await expect(page.locator('.jp-QwenSpend-line')).toContainText(
      'this notebook $0.0'
    );
  }
  await page.notebook.activate('One.ipynb');
  await expect(
    page.getByRole('heading', { name: 'What is in One.ipynb?' })
  ).toBeVisible();
  await page.evaluate(() => window.location.reload());
  await page.waitForEvent('load');
  await page.getByRole('tab', { name: 'One.ipynb' }).waitFor();
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('qwen-magics:ask')
  );
  await expect(
    page.getByRole('heading', { name: 'What is in One.ipynb?' })
  ).toBeVisible();
});

test.describe('a provider without a key', () => {
  test.use({
    mockSettings: {
      ...QUIET.mockSettings,
      'qwen-magics:sidebar': { provider: 'openrouter' },
      // What a terminal says is then text in the page.
      '@jupyterlab/terminal-extension:plugin': { screenReaderMode: true }
    }
  });

  test('is said with the one thing to do, which opens a terminal', async ({
    page
  }) => {
    const card = page.locator('.jp-QwenCard');
    await expect(card).toContainText(
      'jupyter qwen login --provider openrouter'
    );
    await page.getByRole('button', { name: 'Log in, in a terminal' }).click();
    await expect(page.locator('.jp-Terminal')).toBeVisible();
    await expect(page.locator('.xterm-accessibility')).toContainText(
      'jupyter qwen login --provider openrouter',
      { timeout: 15_000 }
    );
  });
});

test('the palette has what the sidebar can', async ({ page }) => {
  const labels = await page.evaluate(() => {
    const { commands } = window.jupyterapp;
    return commands
      .listCommands()
      .filter(id => id.startsWith('qwen-magics:'))
      .map(id => commands.label(id));
  });
  expect(labels).toEqual(
    expect.arrayContaining([
      'Ask Qwen',
      'New Qwen Thread',
      'Qwen Threads',
      'Qwen Model and Settings',
      'Qwen Spending and Budgets'
    ])
  );
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('qwen-magics:models')
  );
  await expect(page.getByLabel('Longest answer, tokens')).toBeAttached();
  await page.keyboard.press('Escape');
});
