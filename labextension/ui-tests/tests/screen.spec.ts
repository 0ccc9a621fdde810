/** `%%qwen` cells in a real JupyterLab: the kernel sees what is on screen, and an answer's code becomes cells. */

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import {
  bring,
  objections,
  QUIET,
  shot,
  silently,
  writeNotebook,
  reload
} from './notebook';
import { answers, asked } from './provider';

test.use({
  kernels: null, // galata's own answer to a restart is none that JupyterLab takes
  mockSettings: {
    ...QUIET.mockSettings,
    '@jupyterlab/docmanager-extension:plugin': { autosave: false }
  }
});

const LOAD =
  '%load_ext qwen_magics\n%config Qwen.provider = "alibaba"\n%config Qwen.replay = "off"';
const CODE = 'masses = [3700, 5076]\nmax(masses) - min(masses)';
const ANSWER = `Take the **difference**:\n\n\`\`\`python\n${CODE}\n\`\`\`\n\nIn gram.`;

async function open(
  page: IJupyterLabPageFixture,
  folder: string,
  sources: string[]
): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'screen.ipynb');
  writeNotebook(file, sources);
  await bring(page, folder, file);
  await page.sidebar.close('left');
}

/** What a person would type over a cell, and not save. */
async function edit(
  page: IJupyterLabPageFixture,
  index: number,
  source: string
): Promise<void> {
  await page.evaluate(
    ([index, source]) => {
      const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
      panel.model!.cells.get(index).sharedModel.setSource(source);
    },
    [index, source] as const
  );
}

async function cellJSON(
  page: IJupyterLabPageFixture,
  index: number
): Promise<{ source: string; metadata: object; execution_count: unknown }> {
  return page.evaluate(index => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    return panel.model!.cells.get(index).toJSON() as never;
  }, index);
}

const said = async (): Promise<string[]> =>
  (await asked()).requests.map(({ body }) => JSON.stringify(body));

test('a question sees what was not saved, in Run All and after a restart', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(90_000);
  await answers({ text: 'Gram.' });
  await open(page, tmpPath, [
    LOAD,
    'unit = "saved"',
    '%%qwen\nWhat is the unit?',
    'print("between")',
    '%%qwen\nAnd again?'
  ]);
  await edit(page, 1, 'unit = "first edit"');
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect
    .poll(async () => (await said()).length, { timeout: 30_000 })
    .toBe(2);
  await expect(page.locator('.jp-QwenReceipt-line')).toHaveCount(2);
  expect((await said())[0]).toContain('first edit');
  expect((await said())[1]).toContain('between');

  await edit(page, 1, 'unit = "second edit"');
  await edit(page, 4, '%%qwen\nStill?');
  await page.menu.clickMenuItem('Kernel>Restart Kernel and Run All Cells…');
  await page.getByRole('button', { name: 'Confirm Kernel Restart' }).click();
  await expect
    .poll(async () => (await said()).length, { timeout: 30_000 })
    .toBe(4);
  expect((await said())[2]).toContain('second edit');
  expect((await said())[3]).toContain('Still?');
  expect((await said()).join()).not.toContain('saved');

  // A cell that no run and no file knows.
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect
    .poll(async () => (await said()).length, { timeout: 30_000 })
    .toBe(6);
  const { origin, threads } = await origins(page);
  expect(origin).toBe('live');
  expect(threads).not.toContain('qwen');
});

/** Where the kernel has its notebook from, asked without running a cell. */
async function origins(
  page: IJupyterLabPageFixture
): Promise<{ origin: string; threads: string }> {
  await silently(
    page,
    'import threading\n' +
      'session = get_ipython()._qwen_magics_session\n' +
      'origin = session.notebook().origin\n' +
      'threads = [t.name for t in threading.enumerate()]'
  );
  return page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    const kernel = panel.sessionContext.session!.kernel!;
    const { content } = await kernel.requestExecute({
      code: '',
      silent: true,
      user_expressions: { origin: 'origin', threads: 'threads' }
    }).done;
    const text = (name: string): string =>
      (
        content as unknown as {
          user_expressions: Record<string, { data: Record<string, string> }>;
        }
      ).user_expressions[name].data['text/plain'].replace(/'/g, '');
    return { origin: text('origin'), threads: text('threads') };
  });
}

test("an answer's code is copied and inserted, and the new cell knows the answer", async ({
  page,
  tmpPath
}) => {
  test.setTimeout(90_000);
  await answers({ text: ANSWER });
  await open(page, tmpPath, [LOAD, '%%qwen\nHow far apart?', '"last"']);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(page.locator('.jp-QwenReceipt-line')).toBeVisible();
  const insert = page.locator('.jp-QwenFence').getByText('Insert');
  await expect(insert).toHaveCount(1);

  const margins = await page.locator('.jp-QwenFence').evaluate(fence => {
    const pre = document.createElement('pre');
    fence.parentElement!.append(pre);
    const margin = [pre, fence].map(one => getComputedStyle(one).margin);
    pre.remove();
    return margin;
  });
  expect(margins[1]).toBe(margins[0]); // the code stays where it was without buttons

  for (const theme of ['Light', 'Dark']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await page.locator('.jp-QwenFence').hover();
    await shot(page, `answer-code-${theme.toLowerCase()}`);
    expect(await objections(page, '.jp-QwenFence')).toEqual([]);
  }

  await insert.focus(); // the keyboard finds it, though no mouse is near
  await expect(page.locator('.jp-QwenFence-bar')).toHaveCSS('opacity', '1');
  await page.keyboard.press('Enter');
  const made = await cellJSON(page, 2);
  expect(made.source).toBe(CODE);
  expect(made.execution_count).toBeNull();
  expect(made.metadata).toMatchObject({
    qwen_magics: { from: expect.stringMatching(/.{8}/) }
  });
  await expect(page.locator('.jp-QwenFence-said')).toHaveText('inserted');
  await shot(page, 'answer-code-inserted');

  await page.menu.clickMenuItem('Edit>Undo Cell Operation');
  expect((await cellJSON(page, 2)).source).toBe('"last"');

  await page.notebook.save();
  await reload(page);
  await expect(page.locator('.jp-QwenFence').getByText('Copy')).toHaveCount(1);
});

test('a question is no Python to look at, also when a cell becomes one', async ({
  page,
  tmpPath
}) => {
  const words = 'Is it true for all, and not in "this" one?';
  await open(page, tmpPath, [`%%qwen --think\n${words}`, `x\n${words}`]);
  const colours = async (cell: number): Promise<number> =>
    page
      .locator('.jp-Cell')
      .nth(cell)
      .locator('.cm-line')
      .nth(1)
      .evaluate(line => {
        const all = [line, ...line.querySelectorAll('span')];
        return new Set(all.map(one => getComputedStyle(one).color)).size;
      });
  await expect.poll(() => colours(0)).toBe(1);
  await expect.poll(() => colours(1)).toBeGreaterThan(1);
  await edit(page, 1, `%%qwen\n${words}`);
  await expect.poll(() => colours(1)).toBe(1);
  await edit(page, 0, `x\n${words}`);
  await expect.poll(() => colours(0)).toBeGreaterThan(1);
});

test("the kernel's variables can be mentioned, and leave no trace there", async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'Two.' });
  await open(page, tmpPath, ['masses = [3700, 5076]', 'len(In)']);
  await page.notebook.runCell(0);
  await page.sidebar.openTab('jp-qwen-sidebar');
  const input = page.getByLabel('Ask Qwen');
  await input.fill('How many are in ');
  await input.press('End');
  await input.pressSequentially('@mass');
  await expect(
    page.getByRole('option', { name: /masses.*list/ })
  ).toBeVisible();
  await input.press('Enter');
  await expect(page.locator('.jp-QwenComposer')).toContainText('masses');
  await page.notebook.runCell(1);
  await expect(page.locator('.jp-Cell').nth(1)).toContainText('3'); // "", and one for each cell
});
