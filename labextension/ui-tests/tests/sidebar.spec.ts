/** The sidebar from end to end: a real JupyterLab, a real kernel, the real local model. */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';

import { bring, QUIET, shot, writeNotebook, reload } from './notebook';

test.use({
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'local', temperature: 0 }
  }
});

test('ask about the open notebook, insert the code, run it, see the spend; all is there after a reload', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(180_000); // the model may have to be started
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'Heights.ipynb');
  writeNotebook(file, ['heights = [3701, 3733, 5076]', 'len(heights)']);
  await bring(page, tmpPath, file);
  await page.notebook.run();
  await page.sidebar.openTab('jp-qwen-sidebar');
  const turn = page.getByRole('article', { name: 'Turn 1' });
  const receipt = turn.locator('.jp-QwenReceipt-line');
  const spend = page.locator('.jp-QwenSpend-line');
  await expect(spend).not.toContainText('this notebook');

  await page
    .getByLabel('Ask Qwen')
    .fill('Write one line of Python that prints the largest of heights.');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(receipt).toBeVisible({ timeout: 120_000 });
  await expect(receipt).toContainText('free');
  await expect(receipt).toContainText('on this machine');
  await expect(spend).toContainText('this notebook free');

  await turn.getByRole('button', { name: 'Below' }).first().click();
  const inserted = page.locator('.jp-Notebook .jp-Cell').nth(2);
  await expect(inserted).toContainText('heights');
  await page.keyboard.press('Escape');
  await page.notebook.runCell(2, true);
  await expect(inserted.locator('.jp-OutputArea-output')).toContainText('5076');
  await shot(page, 'sidebar-end-to-end');
  await page.notebook.save();

  const code = turn.locator('.jp-QwenAnswer pre').first();
  const answer = (await code.textContent())!;
  const paid = (await receipt.textContent())!;
  await reload(page);
  await page.waitForFunction(() => window.jupyterapp as unknown);
  await page.evaluate(async path => {
    const { commands, restored, shell } = window.jupyterapp;
    await restored;
    await commands.execute('docmanager:open', { path });
    shell.activateById('jp-qwen-sidebar');
  }, `${tmpPath}/Heights.ipynb`);
  await expect(turn).toContainText('the largest of heights');
  await expect(code).toHaveText(answer);
  await expect(receipt).toHaveText(paid);
  await expect(spend).toContainText('this notebook free');
  await expect(inserted.locator('.jp-OutputArea-output')).toContainText('5076');
});
