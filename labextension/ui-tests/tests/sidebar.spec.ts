/** The sidebar against the fake provider, in a real JupyterLab. */

import { expect, test } from '@jupyterlab/galata';

import { QUIET } from './notebook';

test.use(QUIET);

test('a question is answered in the sidebar', async ({ page }) => {
  await page.sidebar.openTab('jp-qwen-sidebar');
  await page.getByLabel('Ask Qwen').fill('Say hello.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('.jp-QwenAnswer')).not.toBeEmpty({
    timeout: 60_000
  });
});
