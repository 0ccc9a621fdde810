/** What goes along with a question, and what it would cost, in a real JupyterLab. */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { QUIET, bring, shot, writeNotebook } from './notebook';

test.use(QUIET);

const SOURCES = [
  'import math\nheights = [3701, 3733, 5076]',
  '# the mean\nsum(heights) / len(heights)',
  'heights.mean()'
];

async function openSidebar(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.sidebar.openTab('jp-qwen-sidebar');
  return page.getByRole('region', { name: 'Question' });
}

function notebook(...sources: string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'Heights.ipynb');
  writeNotebook(file, sources);
  return file;
}

test('chips show what goes along, with its tokens', async ({
  page,
  tmpPath
}) => {
  await bring(page, tmpPath, notebook(...SOURCES));
  const composer = await openSidebar(page);
  await shot(page, 'composer');
  await shot(composer, 'composer-part');
});
