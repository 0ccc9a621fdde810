/**
 * The README's pictures of the sidebar: a JupyterLab window in light and dark, twice as sharp. Run this file alone, so
 * that the day's spending is theirs; the copies in examples/pictures have a palette of 128 colours.
 */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';

import { bring, QUIET, shot, silently, writeNotebook } from './notebook';
import { ask, mention, priced, turn, width } from './panel';
import { cached } from './provider';

const CELLS = [
  `import pandas as pd

penguins = pd.read_csv("penguins.csv").dropna()
bills = penguins[["species", "bill_length_mm", "bill_depth_mm"]]
bills.groupby("species").agg(["mean", "std", "count"]).round(1)`,
  'bills.corr(numeric_only=True).round(2)'
];

const STANDS_OUT =
  "**Gentoo**: its bill is as long as Chinstrap's, but 3.4 mm less deep.";

const PARADOX = `No, it is **Simpson's paradox**: within each species, longer bills are *deeper*.

| species | birds | *r* |
|---|--:|--:|
| Adelie | 146 | 0.39 |
| Chinstrap | 68 | 0.65 |
| Gentoo | 119 | 0.65 |

Gentoo's bills are long and flat, so that all birds together give −0.23. To see it:

\`\`\`python
bills.groupby("species").corr().round(2)
\`\`\`
`;

const THOUGHT = `The correlation of all birds is negative. The means by species say that Gentoo has long and flat bills,
Adelie short and deep ones: the groups may hide what holds in each. Within species it is positive.`;

const RANKS = `Ranks are not moved by a few large birds: take Spearman's correlation, and one number a species.

\`\`\`python
bills.groupby("species").corr(method="spearman").iloc[::2, 1].round(2)
\`\`\`
`;

test.use({
  deviceScaleFactor: 2,
  viewport: { width: 1200, height: 760 },
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

test('two pictures for the README', async ({ page, tmpPath }) => {
  const pace = { piece: 12, pause: 0.03 };
  await cached(
    256,
    { text: 'It has 333.' },
    { text: STANDS_OUT, ...pace },
    { thinking: THOUGHT, text: PARADOX, ...pace },
    { text: RANKS, ...pace }
  );
  const file = join(
    mkdtempSync(join(tmpdir(), 'qwen-readme-')),
    'Penguins.ipynb'
  );
  writeNotebook(file, CELLS);
  const data = join(__dirname, '../../../examples/penguins.csv');
  await page.sidebar.openTab('filebrowser');
  await bring(page, tmpPath, file, data);
  await page.sidebar.close('left');
  await page.evaluate(() => {
    const tabs = [...window.jupyterapp.shell.widgets('main')];
    tabs.find(({ title }) => title.label === 'Launcher')?.close();
  });
  await page.sidebar.openTab('jp-qwen-sidebar');
  await width(page, 420);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(page.getByRole('table')).toHaveCount(2);

  // What goes where is said under the first question about a notebook.
  await ask(page, 'How many rows has it?');
  const line = page.locator('.jp-QwenChat .jp-QwenReceipt-line');
  await expect(line).toHaveCount(1);
  await page.getByRole('button', { name: 'New thread' }).click();
  await silently(
    page,
    "get_ipython().run_line_magic('load_ext', 'qwen_magics')\n" +
      "get_ipython().run_line_magic('config', 'Qwen.provider = \"alibaba\"')"
  );
  await page.notebook.addCell(
    'code',
    '%%qwen\nWhich species stands out by its bill?'
  );
  await page.notebook.runCell(CELLS.length, true);
  await expect(page.getByText('less deep.')).toBeVisible();
  await ask(page, 'Longer bills are flatter, says #2. Is that so?');
  await expect(line).toHaveCount(1);
  await mention(page, 'var:penguins');
  await page.getByLabel('Ask Qwen').fill('Does it hold on each island?');
  const told = page.getByRole('button', { name: /^@penguins, [1-9]/ });
  await expect(told).toBeVisible(); // the kernel said what it is
  await priced(page);
  await page.theme.setTheme('JupyterLab Light');
  await page.mouse.move(0, 0);
  await shot(page, 'sidebar-light');

  const code = turn(page, 1).getByRole('group', { name: 'Code python' });
  await code.getByRole('button', { name: 'Below' }).click();
  await page.menu.clickMenuItem('Run>Run Selected Cell and Do not Advance');
  await page.getByLabel('Ask Qwen').fill('');
  await ask(page, 'Is that robust? Show one number a species.');
  await expect(line).toHaveCount(2);
  await turn(page, 2).getByRole('button', { name: 'Replace…' }).click();
  await page.getByLabel('Ask Qwen').fill('Plot it, one line a species.');
  await priced(page);
  await page.theme.setTheme('JupyterLab Dark');
  await page.mouse.move(0, 0);
  await shot(page, 'sidebar-dark');
});
