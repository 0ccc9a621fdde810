/** Notebooks with saved answers, opened in JupyterLab without a kernel's help. */

import { execFileSync } from 'child_process';
import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

const written = new Map<string, string>();

/** Open the notebook that `saved_answers.py` writes; it comes from elsewhere, so JupyterLab doesn't trust it. */
export async function open(
  page: IJupyterLabPageFixture,
  folder: string,
  what: 'answers' | 'unsafe'
): Promise<void> {
  const path = `${folder}/${what}.ipynb`;
  await page.contents.uploadFile(write(what), path);
  await page.notebook.openByPath(path);
  await page.notebook.activate(`${what}.ipynb`);
  await page.locator('.jp-OutputArea-output').first().waitFor();
}

function write(what: string): string {
  let file = written.get(what);
  if (file === undefined) {
    file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), `${what}.ipynb`);
    execFileSync('python', [join(__dirname, 'saved_answers.py'), what, file]);
    written.set(what, file);
  }
  return file;
}

/** A picture for people to look at, in test-results/pictures. */
export async function shot(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  await page.screenshot({
    path: join(__dirname, `../test-results/pictures/${name}.png`)
  });
}
