/** The chat beside a notebook, against the fake provider: answers, thinking, code, branches, errors, reload. */

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { bring, objections, QUIET, shot, writeNotebook } from './notebook';
import { answers } from './provider';

test.use({
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

const ANSWER = [
  '`body_mass_g` is a **string** column: two rows hold `"?"`, so `mean()` raises. Where $x < y$:',
  '',
  '```python',
  'df = pd.read_csv("penguins.csv", na_values=["?"])',
  'df.body_mass_g.mean()',
  '```',
  '',
  '1. Read it again.',
  '2. <b>Never</b> ![look](https://leak.invalid/p.png?d=1) there.',
  '',
  '| a | b |',
  '|---|---|',
  '| 1 | 2 |'
].join('\n');

async function ask(page: IJupyterLabPageFixture, text: string): Promise<void> {
  await page.getByLabel('Ask Qwen').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

function turn(page: IJupyterLabPageFixture, number: number): Locator {
  return page.getByRole('article', { name: `Turn ${number}` });
}

/** A notebook with cells, and the sidebar beside it. */
async function beside(
  page: IJupyterLabPageFixture,
  folder: string,
  sources: string[]
): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'birds.ipynb');
  writeNotebook(file, sources);
  await bring(page, folder, file);
  await page.sidebar.openTab('jp-qwen-sidebar');
}

async function bothThemes(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  const panel = page.locator('#jp-qwen-sidebar');
  for (const theme of ['Light', 'Dark'] as const) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await shot(panel, `chat-${name}-${theme.toLowerCase()}`);
  }
}

test('an answer streams in, safe and whole', async ({ page, tmpPath }) => {
  const hosts = new Set<string>();
  page.context().on('request', request => {
    const { protocol, hostname } = new URL(request.url());
    if (/^http/.test(protocol)) {
      hosts.add(hostname);
    }
  });
  await answers({
    thinking: 'Is it a number? '.repeat(20),
    text: ANSWER,
    piece: 12,
    pause: 0.03
  });
  await beside(page, tmpPath, [
    'df = pd.read_csv("penguins.csv")',
    'df.mean()'
  ]);
  await bothThemes(page, 'empty');
  await ask(page, 'Cell #2 fails. What is wrong, and fix it.');
  await expect(
    turn(page, 1).getByRole('button', { name: 'Stop' })
  ).toBeVisible();
  await expect(turn(page, 1).locator('.jp-QwenReceipt-line')).toBeVisible();
  await expect(
    turn(page, 1).getByText(/^Thought for .* tokens$/)
  ).toBeVisible();
  await expect(turn(page, 1).locator('strong')).toHaveText('string');
  await expect(turn(page, 1).locator('.jp-QwenAnswer table')).toBeVisible();
  await expect(turn(page, 1)).toContainText('<b>Never</b>');
  await expect(turn(page, 1)).toContainText('look (image on leak.invalid)');
  await expect(turn(page, 1).locator('img')).toHaveCount(0);
  await expect(
    turn(page, 1)
      .locator('.jp-QwenCode [class*="cm-"], .jp-QwenCode span[class]')
      .first()
  ).toBeVisible();
  expect([...hosts]).toEqual(['127.0.0.1']);
  expect(await objections(page, '.jp-QwenChat')).toEqual([]);
  await bothThemes(page, 'answer');
});
