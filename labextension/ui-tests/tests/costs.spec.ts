/** The tables that say what a question costs, as JupyterLab shows them: a real kernel, a provider on this machine. */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import {
  bring,
  objections,
  QUIET,
  shot,
  silently,
  tooWide,
  writeNotebook
} from './notebook';

/**
 * What the kernel is told before the notebook: a provider, a key, a cache, and a ledger with a week of questions.
 * Nothing of it stands in a cell.
 */
const SETUP = `import datetime as dt, os, secrets, sys, tempfile
sys.path.insert(0, ${JSON.stringify(join(__dirname, '../../../tests'))})
from fakes.provider import Answer, FakeProvider
from fakes.receipts import make, money
from qwen_magics.ledger import Ledger, Where
from qwen_magics.values import Usage

provider = FakeProvider(cache_from=256).__enter__()
provider.always = Answer(text=("Gentoo, at **5,092 g** on average.",))
home = tempfile.mkdtemp()
os.environ.update(
    QWEN_MAGICS_PROVIDER="alibaba", QWEN_MAGICS_BASE_URL=provider.base_url,
    QWEN_MAGICS_DATA_DIR=home, DASHSCOPE_API_KEY="sk-" + secrets.token_hex(16),
)
ledger = Ledger(home + "/ledger.sqlite")
for n in range(24):
    model, cost = ("qwen3-max", money(f"0.0{n + 12}")) if n % 6 else ("qwen-plus", money(f"0.0{n + 10}", "CNY"))
    usage = Usage(input=9_000 + 700 * n, cached=4_000, output=220 + 30 * n)
    time = (dt.datetime.now(dt.UTC) - dt.timedelta(days=n // 4, minutes=7)).isoformat()
    ledger.settle(make(cost=cost, model=model, usage=usage, time=time), Where("whales.ipynb", f"cell-{n % 3}", "before"))
ledger.close()`;

const PENGUINS = `%load_ext qwen_magics
import pandas as pd

penguins = pd.read_csv("penguins.csv").dropna()
display(penguins.groupby(["species", "island", "sex"]).mean(numeric_only=True).round(1))
penguins.groupby("species").describe().T.round(1)`;

const LOG = `import random

random.seed(7)
for fold in range(1, 13):
    for epoch in range(1, 61):
        loss = 4 / (epoch + fold) + random.random() / 9
        print(f"fold {fold:02d} epoch {epoch:03d}: train {loss:.6f}, valid {loss * 1.07:.6f}, error {loss * 351:.4f} g")
    display(pd.DataFrame({"fold": [fold], "loss": [round(loss, 3)]}))`;

const EXAMPLES = join(__dirname, '../../../examples');
const QUESTION = 'Does the loss still fall?';
const BEFORE = [PENGUINS, '%%qwen\nWhich species is the heaviest?', LOG];
const REPORTS = {
  context: `%qwen_context ${QUESTION}`,
  untrimmed: `%qwen_context --trim off ${QUESTION}`,
  whatif: `%qwen_context --what-if ${QUESTION}`,
  diff: `%qwen_context --diff ${QUESTION}`,
  estimate: '%qwen_estimate',
  budget: '%qwen_budget 2 USD/day',
  usage: '%qwen_usage',
  day: '%qwen_usage --by day'
};

const OURS = '.jp-OutputArea-output:not(:has(.dataframe))'; // pandas draws its own

test.use(QUIET);

const cellOf = (page: IJupyterLabPageFixture, report: string) =>
  page
    .locator('.jp-Cell')
    .nth(BEFORE.length + Object.keys(REPORTS).indexOf(report));

async function runAll(
  page: IJupyterLabPageFixture,
  folder: string
): Promise<void> {
  const sources = [...BEFORE, ...Object.values(REPORTS)];
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'costs.ipynb');
  writeNotebook(file, sources);
  await bring(page, folder, file, join(EXAMPLES, 'penguins.csv'));
  await page.sidebar.close('left');
  await silently(page, SETUP);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await cellOf(page, 'day')
    .getByText('List prices')
    .waitFor({ timeout: 60_000 });
}

test('what a question costs reads well in light and dark, wide and narrow', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(120_000);
  await runAll(page, tmpPath);

  await expect(cellOf(page, 'context')).toContainText('hit?');
  await expect(cellOf(page, 'context')).toContainText('Trimmed #3 by');
  await expect(cellOf(page, 'untrimmed')).toContainText('▲');
  await expect(cellOf(page, 'whatif')).toContainText('▸ qwen3-max, Singapore');
  await expect(cellOf(page, 'estimate')).toContainText('worst case');
  await expect(cellOf(page, 'budget')).toContainText('$2.00');

  for (const theme of ['Light', 'Dark']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    for (const [name, width] of Object.entries({ wide: 920, narrow: 520 })) {
      await page.setViewportSize({ width, height: 1600 });
      expect(await tooWide(page, OURS)).toEqual([]);
      expect(await objections(page, OURS)).toEqual([]);
      for (const report of Object.keys(REPORTS)) {
        await shot(
          cellOf(page, report),
          `${report}-${theme.toLowerCase()}-${name}`
        );
      }
    }
  }
});
