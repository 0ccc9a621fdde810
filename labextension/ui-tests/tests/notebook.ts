/** Notebooks in a quiet JupyterLab; those with saved answers without a kernel's help. */

import { execFileSync } from 'child_process';
import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { basename, join } from 'path';

import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Locator } from '@playwright/test';

/** JupyterLab without news, and with every output in the page, so that each can be asked for. */
export const QUIET = {
  mockSettings: {
    '@jupyterlab/apputils-extension:notification': {
      fetchNews: 'false',
      doNotDisturbMode: true,
      checkForUpdates: false
    },
    '@jupyterlab/notebook-extension:tracker': { windowingMode: 'none' }
  }
};

const written = new Map<string, string>();

/** Save a notebook of code cells that have not run. */
export function writeNotebook(file: string, sources: string[]): void {
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const metadata = { kernelspec };
  writeFileSync(
    file,
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells })
  );
}

/** Upload files into a folder of the test's own, and show the first, a notebook. */
export async function bring(
  page: IJupyterLabPageFixture,
  folder: string,
  ...files: string[]
): Promise<void> {
  for (const file of files) {
    await page.contents.uploadFile(file, `${folder}/${basename(file)}`);
  }
  const notebook = basename(files[0]);
  await page.notebook.openByPath(`${folder}/${notebook}`);
  await page.notebook.activate(notebook);
}

/** Load the page anew. Galata's own wait is for a page with its launcher open; the tests know better what they wait for. */
export async function reload(page: IJupyterLabPageFixture): Promise<void> {
  await page.reload({ waitForIsReady: false } as object);
}

/** Run code in the open notebook's kernel, in no cell of it. */
export async function silently(
  page: IJupyterLabPageFixture,
  code: string
): Promise<void> {
  const status = await page.evaluate(async code => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session!.kernel!;
    const reply = await kernel.requestExecute({ code, silent: true }).done;
    return reply.content.status;
  }, code);
  expect(status).toBe('ok');
}

/** Open the notebook that `saved_answers.py` writes; it comes from elsewhere, so JupyterLab doesn't trust it. */
export async function open(
  page: IJupyterLabPageFixture,
  folder: string,
  what: 'answers' | 'unsafe'
): Promise<void> {
  await bring(page, folder, write(what));
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
  what: IJupyterLabPageFixture | Locator,
  name: string
): Promise<void> {
  await what.screenshot({
    path: join(__dirname, `../test-results/pictures/${name}.png`)
  });
}

/** What axe objects to inside of a selector. */
export async function objections(
  page: IJupyterLabPageFixture,
  selector: string
): Promise<string[]> {
  await page.addScriptTag({ path: require.resolve('axe-core') });
  return page.evaluate(async selector => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(selector);
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  }, selector);
}

/** The outputs that are wider than their cell, each by what it begins with. */
export async function tooWide(
  page: IJupyterLabPageFixture,
  selector: string
): Promise<string[]> {
  return page
    .locator(selector)
    .evaluateAll(outputs =>
      outputs
        .filter(output => output.scrollWidth > output.clientWidth)
        .map(output => output.textContent!.slice(0, 60))
    );
}
