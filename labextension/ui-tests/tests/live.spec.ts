/** `%qwen_usage --live` as JupyterLab shows it: filled while a cell runs, and never saved. */

import { execFileSync } from 'child_process';
import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';

import {
  bring,
  objections,
  QUIET,
  shot,
  silently,
  tooWide,
  writeNotebook
} from './notebook';

const HOME = mkdtempSync(join(tmpdir(), 'qwen-live-'));

/** Another process of the same machine, whose question has just been answered. */
const ELSEWHERE = `import sys
sys.path.insert(0, sys.argv[1])
from fakes.receipts import make
from qwen_magics.ledger import Ledger, Where
from qwen_magics.values import Usage
ledger = Ledger(sys.argv[2] + "/ledger.sqlite")
usage = Usage(input=4_000, cached=1_000, output=300)
ledger.settle(make(sys.argv[3], turn=sys.argv[3], usage=usage), Where("whales.ipynb", "c", "s"))
ledger.close()`;

function spendElsewhere(amount: string): void {
  const tests = join(__dirname, '../../../tests');
  execFileSync('python', ['-c', ELSEWHERE, tests, HOME, amount]);
}

test.use(QUIET);

test('the live view goes on while a cell runs, and leaves no figure in the notebook', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(90_000);
  const file = join(HOME, 'live.ipynb');
  const sources = [
    '%load_ext qwen_magics',
    '%qwen_usage --live',
    'input("as long as this waits")'
  ];
  writeNotebook(file, sources);
  await bring(page, tmpPath, file);
  await page.sidebar.close('left');
  await silently(
    page,
    `import os; os.environ["QWEN_MAGICS_DATA_DIR"] = ${JSON.stringify(HOME)}`
  );
  spendElsewhere('0.011');
  await page.menu.clickMenuItem('Run>Run All Cells');

  const live = page.locator('.jp-Cell').nth(1);
  await expect(live).toContainText('$0.011');
  await expect(page.locator('.jp-Stdin-input')).toBeVisible();
  spendElsewhere('0.022');
  await expect(live).toContainText('$0.033');
  await expect(live).toContainText('Nothing is in flight.');

  for (const theme of ['Light', 'Dark']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    for (const [name, width] of Object.entries({ wide: 920, narrow: 520 })) {
      await page.setViewportSize({ width, height: 900 });
      const shown = '.jp-Cell .jp-RenderedHTMLCommon, .jp-Cell .widget-html';
      expect(await tooWide(page, shown)).toEqual([]);
      expect(await objections(page, '.jp-Cell .widget-html')).toEqual([]);
      await shot(live, `live-${theme.toLowerCase()}-${name}`);
    }
  }

  const saved = async (): Promise<string> => {
    await page.notebook.save();
    const path = `/api/contents/${tmpPath}/live.ipynb?content=1`;
    return (await page.request.get(path)).text();
  };
  const following = await saved();
  expect(following).toContain('widget-view');
  expect(following).not.toContain('$0.0');
  await page.locator('.jp-Stdin-input').press('Enter');
  await live.getByRole('button', { name: 'Stop' }).click();
  await expect(live).toContainText('Followed the ledger from');
  const stopped = await saved();
  expect(stopped).toContain('%qwen_usage shows totals');
  expect(stopped).not.toContain('widget-view');
  expect(stopped).not.toContain('$0.0');
});
