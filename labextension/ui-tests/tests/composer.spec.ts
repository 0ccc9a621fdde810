/** What goes along with a question, and what it would cost, in a real JupyterLab with a provider that is not real. */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { QUIET, bring, writeNotebook, reload } from './notebook';
import { answers, asked } from './provider';

test.use({
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

const SOURCES = [
  'import math\nheights = [3701, 3733, 5076]',
  '# the mean\nsum(heights) / len(heights)',
  'heights.mean()'
];

function notebook(sources = SOURCES): string {
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'Heights.ipynb');
  writeNotebook(file, sources);
  return file;
}

/** The notebook open, the sidebar beside it, its first price there. */
async function begin(
  page: IJupyterLabPageFixture,
  folder: string,
  sources?: string[]
): Promise<Locator> {
  await bring(page, folder, notebook(sources));
  await page.sidebar.openTab('jp-qwen-sidebar');
  await page.sidebar.setWidth(380, 'right');
  const composer = page.getByRole('region', { name: 'Question', exact: true });
  await priced(composer);
  return composer;
}

async function priced(composer: Locator): Promise<void> {
  await expect(composer.getByText(/[\d,]+ tokens/).first()).toBeVisible();
  await expect(composer.locator('.jp-QwenMeter')).toHaveAttribute(
    'data-stale',
    'false'
  );
}

/** After a reload JupyterLab has the notebook and the sidebar as before, or (it had not saved that yet) is asked to. */
async function comeBack(
  page: IJupyterLabPageFixture,
  notebook: string
): Promise<void> {
  await page.notebook.save();
  await reload(page);
  await page.evaluate(async path => {
    const app = window.jupyterapp;
    await app.restored;
    await app.commands.execute('docmanager:open', { path });
    app.shell.activateById('jp-qwen-sidebar');
  }, notebook);
}

/** Everything that the provider was sent last, as text. */
async function lastRequest(): Promise<string> {
  const { requests } = await asked();
  return JSON.stringify(requests[requests.length - 1]?.body ?? {});
}

test('chips and meter show what goes along and what it would cost', async ({
  page,
  tmpPath
}) => {
  const composer = await begin(page, tmpPath);
  const chip = composer.getByRole('button', { name: /^Heights\.ipynb/ });
  await expect(chip).toHaveText(/Heights\.ipynb \d+/);
  await expect(composer.getByRole('meter')).toBeVisible();
  await chip.focus();
  await page.keyboard.press('Space');
  await expect(chip).toHaveAttribute('aria-pressed', 'false');
  await priced(composer);
});

test('what is on screen is asked about, saved or not, and what is off does not go', async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'So it is.' }, { text: 'Still.' });
  const composer = await begin(page, tmpPath);
  await page.notebook.setCell(2, 'code', 'heights.median()');
  const field = composer.getByLabel('Ask Qwen');
  await field.fill('Why does this fail?');
  await field.press('Enter');
  await expect(page.locator('.jp-QwenProse')).toHaveText(['So it is.']);
  const first = await lastRequest();
  expect(first).toContain('heights.median()');
  expect(first).toContain('# the mean');
  expect(first).toContain('Why does this fail?');
  await composer.getByRole('button', { name: /^Heights\.ipynb/ }).click();
  await field.fill('And without the notebook?');
  await field.press('Enter');
  await expect(page.locator('.jp-QwenProse')).toHaveText([
    'So it is.',
    'Still.'
  ]);
  expect(await lastRequest()).not.toContain('# the mean');
});

test('an @ completes by keyboard alone', async ({ page, tmpPath }) => {
  const composer = await begin(page, tmpPath);
  const field = composer.getByLabel('Ask Qwen');
  await field.pressSequentially('Explain @cell');
  const list = composer.getByRole('listbox');
  await expect(list.getByRole('option')).toHaveCount(3);
  await field.press('ArrowDown');
  await field.press('Enter');
  await expect(field).toHaveValue('Explain #2 ');
  await expect(
    composer.getByRole('button', { name: /^cell #2/ })
  ).toBeVisible();
});

test('a cell and a file dragged onto the input go along', async ({
  page,
  tmpPath
}) => {
  const composer = await begin(page, tmpPath);
  const drag = async (from: Locator): Promise<void> => {
    await from.hover();
    await page.mouse.down();
    const { x, y, width, height } = (await composer.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 12 });
    await page.mouse.up();
  };
  await drag(page.locator('.jp-Cell .jp-InputPrompt').nth(1));
  await expect(
    composer.getByRole('button', { name: /^cell #2/ })
  ).toBeVisible();
  await expect(page.locator('.jp-Notebook .jp-Cell')).toHaveCount(3);
  await page.contents.uploadContent('a,b\n1,2\n', 'text', `${tmpPath}/d.csv`);
  await page.filebrowser.refresh();
  await drag(page.locator('.jp-DirListing-itemText', { hasText: 'd.csv' }));
  await expect(composer.getByRole('button', { name: /^d\.csv/ })).toBeVisible();
});

test('a draft is there again after a reload', async ({ page, tmpPath }) => {
  const composer = await begin(page, tmpPath);
  await composer.getByLabel('Ask Qwen').fill('Half a thought');
  await comeBack(page, `${tmpPath}/Heights.ipynb`);
  await expect(page.getByLabel('Ask Qwen')).toHaveValue('Half a thought');
});

test('what is sent is shown item by item, and whole', async ({
  page,
  tmpPath
}) => {
  const composer = await begin(page, tmpPath);
  await composer.getByLabel('Ask Qwen').fill('Why?');
  await composer.getByRole('button', { name: 'What is sent' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/Alibaba/).first()).toBeVisible();
  await dialog.getByText('The exact request').click();
  await expect(dialog.locator('pre').last()).toContainText('"model"');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('a prompt past a price step is marked, and past the guard asks first', async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'Dear, but here it is.' });
  const words = Array.from({ length: 20_000 }, (_, index) => `w${index}`);
  const composer = await begin(page, tmpPath, [`# ${words.join(' ')}`]);
  await expect(composer.getByText(/past 32,000/)).toBeVisible();
  await expect(
    composer.getByRole('button', { name: /^cell #1/ })
  ).toContainText('▲');
  await expect(composer.getByText(/you are asked first/)).toBeVisible();
  const field = composer.getByLabel('Ask Qwen');
  await field.fill('Why?');
  await field.press('Enter');
  await expect(composer.getByRole('alert')).toContainText('Nothing was sent');
  await expect(field).toHaveValue('Why?');
  await composer.getByRole('button', { name: 'Send anyway' }).click();
  await expect(page.locator('.jp-QwenProse')).toHaveText([
    'Dear, but here it is.'
  ]);
});
