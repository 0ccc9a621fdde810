/** The chat beside a notebook, against the fake provider: answers, thinking, code, branches, errors, reload. */

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { bring, QUIET, writeNotebook, reload } from './notebook';
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
});

test('code goes below the active cell, or in place of one after a look', async ({
  page,
  tmpPath
}) => {
  await answers({ text: '```python\na = 2\nb = 3\n```' });
  await beside(page, tmpPath, ['a = 1\nb = 3', 'a + b']);
  await ask(page, 'Make a two.');
  const code = turn(page, 1).getByRole('group', { name: 'Code python' });
  await code.getByRole('button', { name: 'Replace…' }).click();
  await expect(code).toContainText('replaces cell #1');
  await expect(code.locator('del')).toHaveText('- a = 1');
  await expect(code.locator('ins')).toHaveText('+ a = 2');
  await code.getByRole('button', { name: 'Accept' }).click();
  await expect(code).toContainText('in cell #1');
  expect(await page.notebook.getCellTextInput(0)).toBe('a = 2\nb = 3');
  await code.getByRole('button', { name: 'Below' }).click();
  await expect(code).toContainText('inserted');
  expect(await page.notebook.getCellTextInput(1)).toBe('a = 2\nb = 3');
  expect(await page.notebook.getCellCount()).toBe(3);
});

test('asked again or edited, earlier answers stay a step away', async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' });
  await beside(page, tmpPath, ['1']);
  await ask(page, 'A number?');
  await expect(turn(page, 1)).toContainText('One.');
  await turn(page, 1).getByRole('button', { name: 'Answer again' }).click();
  await expect(turn(page, 1)).toContainText('Two.');
  await turn(page, 1).getByRole('button', { name: /^Edit/ }).click();
  const editor = turn(page, 1).getByLabel('The question');
  await editor.fill('Another number?');
  await editor.press('Enter');
  await expect(turn(page, 1)).toContainText('Three.');
  await expect(turn(page, 1)).toContainText('3 of 3');
  await turn(page, 1).getByRole('button', { name: 'Earlier version' }).click();
  await turn(page, 1).getByRole('button', { name: 'Earlier version' }).click();
  await expect(turn(page, 1)).toContainText('One.');
  await expect(turn(page, 1)).toContainText('A number?');
  await expect(turn(page, 1)).toContainText('1 of 3');
});

test('after a reload the answer goes on, and stops when told', async ({
  page,
  tmpPath
}) => {
  const text = Array.from({ length: 300 }, (_, n) => `Line ${n}.\n\n`).join('');
  await answers({ text, piece: 12, pause: 0.05 });
  await beside(page, tmpPath, ['1']);
  await ask(page, 'Count.');
  await expect(turn(page, 1)).toContainText('Line 5.');
  await reload(page);
  await page.sidebar.openTab('jp-qwen-sidebar');
  await expect(turn(page, 1)).toContainText('Count.');
  await expect(turn(page, 1)).toContainText('Line 20.');
  await turn(page, 1).getByRole('button', { name: 'Stop' }).click();
  await expect(turn(page, 1)).toContainText('stopped');
  await expect(turn(page, 1)).toContainText('Line 20.');
});

test('a fault says what to do, and can be tried again', async ({
  page,
  tmpPath
}) => {
  await answers(
    { status: 400, code: 'invalid_parameter_error', message: 'No.' },
    { text: 'Better.' }
  );
  await beside(page, tmpPath, ['1']);
  await ask(page, 'Well?');
  const alert = turn(page, 1).getByRole('alert');
  await expect(alert).toBeVisible();
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(turn(page, 1)).toContainText('Better.');
  await expect(turn(page, 1).getByRole('alert')).toHaveCount(0);
});

test('a second tab shows the same thread as it goes on', async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'First.' }, { text: 'Second.' });
  await beside(page, tmpPath, ['1']);
  await ask(page, 'One?');
  await expect(turn(page, 1)).toContainText('First.');
  const other = await page.context().newPage();
  await other.goto(`${process.env.TARGET_URL}/lab/tree/${tmpPath}/birds.ipynb`);
  await other.getByRole('tab', { name: 'Qwen' }).click();
  const there = other.getByRole('article', { name: 'Turn 2' });
  await expect(other.getByRole('article', { name: 'Turn 1' })).toContainText(
    'First.'
  );
  await ask(page, 'Two?');
  await expect(turn(page, 2)).toContainText('Second.');
  await expect(there).toContainText('Second.');
  await other.close();
});

test('the end stays in sight only for who is there; far blocks wait', async ({
  page,
  tmpPath
}) => {
  const text = Array.from({ length: 200 }, (_, n) => `Line ${n}.\n\n`).join('');
  await answers({ text, piece: 24, pause: 0.04 });
  await beside(page, tmpPath, ['1']);
  await ask(page, 'Count.');
  const chat = page.locator('.jp-QwenChat');
  const left = (): Promise<number> =>
    chat.evaluate(
      node => node.scrollHeight - node.scrollTop - node.clientHeight
    );
  await expect(turn(page, 1)).toContainText('Line 60.');
  expect(await left()).toBeLessThan(24);
  await chat.evaluate(node => (node.scrollTop = 0));
  await expect(turn(page, 1).locator('.jp-QwenReceipt-line')).toBeAttached();
  expect(await chat.evaluate(node => node.scrollTop)).toBe(0);
  const rendered = chat.locator('.jp-QwenAnswer .jp-RenderedMarkdown');
  expect(await rendered.count()).toBeLessThan(200);
  await chat.focus();
  await page.keyboard.press('End');
  await expect(turn(page, 1).getByText('Line 199.')).toBeInViewport();
  await expect.poll(left).toBeLessThan(24);
});
