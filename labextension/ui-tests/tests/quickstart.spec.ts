/** The product as a stranger meets it: the quickstart, Run All, answers of the real local model, receipts. */

import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';

import { bring, QUIET, shot } from './notebook';

const EXAMPLES = join(__dirname, '../../../examples');
const QUESTIONS = 3;

test.use(QUIET);

test('the quickstart runs from top to bottom, with a receipt under each answer', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(180_000);
  const files = ['quickstart.ipynb', 'penguins.csv'];
  await bring(page, tmpPath, ...files.map(name => join(EXAMPLES, name)));
  await page.sidebar.close('left');
  await page.menu.clickMenuItem('Run>Run All Cells');

  const lines = page.locator('.jp-QwenReceipt-line');
  await expect(lines).toHaveCount(QUESTIONS, { timeout: 120_000 });
  for (const line of await lines.allTextContents()) {
    expect(line).toMatch(
      /^free · Qwen2\.5-Coder-0\.5B on this machine · \d+ in/
    );
  }
  await expect(page.locator('.jp-RenderedMarkdown').first()).toBeVisible();
  await expect(page.getByText('receipts in this notebook')).toBeVisible();

  for (const theme of ['Light', 'Dark']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    for (const [name, width] of Object.entries({ wide: 1180, narrow: 520 })) {
      await page.setViewportSize({ width, height: 860 });
      for (const [index, place] of ['first', 'last'].entries()) {
        await lines.nth(index * (QUESTIONS - 1)).scrollIntoViewIfNeeded();
        await shot(page, `quickstart-${theme.toLowerCase()}-${name}-${place}`);
      }
      await page
        .getByText('receipts in this notebook')
        .scrollIntoViewIfNeeded();
      await shot(page, `quickstart-${theme.toLowerCase()}-${name}-usage`);
    }
  }
});
