/** What can go wrong in mid-answer, and what people do meanwhile: nothing that was on screen is lost. Fake provider. */

import { mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import { expect, galata, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Locator, Page } from '@playwright/test';

import {
  bring,
  QUIET,
  shot,
  silently,
  writeNotebook,
  reload
} from './notebook';
import { answers, asked } from './provider';
import { Line, OwnServer } from './server';

const SETTINGS = {
  ...QUIET.mockSettings,
  'qwen-magics:sidebar': { provider: 'alibaba' }
};

test.use({ mockSettings: SETTINGS });

/** So many lines, one about every 40 ms. */
function lines(count: number): { text: string; piece: number; pause: number } {
  const text = Array.from({ length: count }, (_, n) => `Line ${n}.\n\n`);
  return { text: text.join(''), piece: 11, pause: 0.04 };
}

/** One that goes on for longer than any test looks at it. */
const LONG = lines(5000);

function turn(page: Page | IJupyterLabPageFixture, number: number): Locator {
  return page.getByRole('article', { name: `Turn ${number}` });
}

function field(page: Page | IJupyterLabPageFixture): Locator {
  return page
    .getByRole('combobox', { name: 'Ask Qwen' })
    .or(page.getByLabel('Ask Qwen'));
}

async function ask(
  page: Page | IJupyterLabPageFixture,
  text: string
): Promise<void> {
  await field(page).fill(text);
  await field(page).press('Enter');
}

/** A notebook, and the sidebar beside it. */
async function beside(
  page: IJupyterLabPageFixture,
  folder: string,
  ...names: string[]
): Promise<void> {
  const here = mkdtempSync(join(tmpdir(), 'qwen-ui-'));
  for (const name of names.length ? names : ['birds.ipynb']) {
    writeNotebook(join(here, name), ['wings = 2']);
    await bring(page, folder, join(here, name));
  }
  await page.sidebar.openTab('jp-qwen-sidebar');
}

/** The same page anew, with a notebook beside the sidebar as before. */
async function comeBack(
  page: IJupyterLabPageFixture,
  notebook: string
): Promise<void> {
  await reload(page);
  await look(page, notebook);
}

/** Show a notebook, and the sidebar. */
async function look(
  page: Page | IJupyterLabPageFixture,
  notebook = ''
): Promise<void> {
  await page.waitForFunction(() => window.jupyterapp as unknown);
  await page.evaluate(async path => {
    const app = window.jupyterapp;
    await app.restored;
    if (path) {
      await app.commands.execute('docmanager:open', { path });
    }
    app.shell.activateById('jp-qwen-sidebar');
  }, notebook);
}

async function hungUp(): Promise<void> {
  await expect.poll(async () => (await asked()).hung_up).toBe(true);
}

async function questions(): Promise<number> {
  return (await asked()).requests.length;
}

test('an answer that breaks off stays, says why, and can be tried again', async ({
  page,
  tmpPath
}) => {
  await answers(
    { text: 'One two three four', piece: 4, error_after: 3 },
    { text: 'One two three four', piece: 4, cut_after: 900 },
    { text: 'Whole.' }
  );
  await beside(page, tmpPath);
  await ask(page, 'Count.');
  const alert = turn(page, 1).getByRole('alert');
  await expect(turn(page, 1)).toContainText('One two thre');
  await expect(alert).toContainText(/broke off|inappropriate/);
  await shot(page, 'faults-error-after');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(turn(page, 1)).toContainText('2 of 2');
  await expect(alert).toContainText('broke off');
  await shot(page, 'faults-cut-after');
  await turn(page, 1).getByRole('button', { name: 'Answer again' }).click();
  await expect(turn(page, 1)).toContainText('Whole.');
  await expect(alert).toHaveCount(0);
  await turn(page, 1).getByRole('button', { name: 'Earlier version' }).click();
  await turn(page, 1).getByRole('button', { name: 'Earlier version' }).click();
  await expect(turn(page, 1)).toContainText('One two thre');
});

test('a refusal says what to do; a limit counts down and is tried again', async ({
  page,
  tmpPath
}) => {
  await answers(
    { status: 401, code: 'invalid_api_key', message: 'Incorrect API key.' },
    {
      status: 400,
      code: 'data_inspection_failed',
      message: 'Input data may contain inappropriate content.'
    },
    {
      status: 429,
      code: 'limit_requests',
      message: 'Too many.',
      headers: { 'Retry-After': '3' }
    },
    { text: 'At last.' }
  );
  await beside(page, tmpPath);
  await ask(page, 'Well?');
  const alert = turn(page, 1).getByRole('alert');
  await expect(alert).toContainText('jupyter qwen login');
  await shot(page, 'faults-401');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(turn(page, 1)).toContainText('2 of 2');
  await expect(alert).toContainText('inappropriate content');
  await expect(alert).toContainText('Switch off what it may object to');
  await shot(page, 'faults-moderation');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(turn(page, 1)).toContainText(/again in 3 s/);
  await expect(turn(page, 1)).toContainText(/again in 1 s/);
  await expect(turn(page, 1)).toContainText('At last.');
  expect(await questions()).toBe(4);
});

test('who types while it streams loses nothing; Stop hangs up and keeps what came', async ({
  page,
  tmpPath
}) => {
  await answers(
    { thinking: 'Hm. ', text: 'One two three', piece: 4, hang_after: 3 },
    { text: 'So.' }
  );
  await beside(page, tmpPath);
  await ask(page, 'Count.');
  await expect(turn(page, 1)).toContainText('One two');
  await ask(page, 'And then?');
  await expect(field(page)).toHaveValue('And then?');
  expect((await asked()).hung_up).toBe(false);
  await page
    .getByRole('region', { name: 'Question', exact: true })
    .getByRole('button', { name: 'Stop' })
    .click();
  await hungUp();
  await expect(turn(page, 1)).toContainText('stopped');
  await expect(turn(page, 1)).toContainText('One two');
  expect(await questions()).toBe(1);
  await field(page).press('Enter');
  await expect(turn(page, 2)).toContainText('So.');
  // The next question's price knows the answer that has just come.
  const chip = page.getByRole('button', { name: /^this thread/ });
  await expect(chip).toContainText(/[1-9]/);
});

test('a connection that is lost in mid-answer is found again, and the answer is whole', async ({
  browser,
  request,
  tmpPath
}) => {
  await answers(lines(120));
  const line = await Line.open(Number(process.env.QWEN_UI_PORT));
  const page = await browser.newPage();
  await galata.Mock.mockSettings(page, [], SETTINGS);
  await page.goto(`${line.url}/lab`);
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-ui-')), 'birds.ipynb');
  writeNotebook(file, ['wings = 2']);
  const notebook = `${tmpPath}/birds.ipynb`;
  await galata.newContentsHelper(request).uploadFile(file, notebook);
  await look(page, notebook);
  await ask(page, 'Count.');
  await expect(turn(page, 1)).toContainText('Line 3.');
  await line.cut();
  await expect(turn(page, 1)).toContainText('connection lost');
  await expect(turn(page, 1)).toContainText('Line 3.');
  await line.mend();
  await expect(turn(page, 1).locator('.jp-QwenReceipt-line')).toBeVisible();
  await expect(turn(page, 1)).toContainText('Line 119.');
  const said = await turn(page, 1).locator('.jp-QwenAnswer').textContent();
  expect(said!.match(/Line \d+\./g)).toHaveLength(120);
  expect(await questions()).toBe(1);
  await page.close();
  await line.cut();
});

test('a reload right after asking loses neither question nor answer', async ({
  page,
  tmpPath
}) => {
  await answers(LONG);
  await beside(page, tmpPath);
  await ask(page, 'Count.');
  await expect(turn(page, 1)).toContainText('Line 0.');
  await comeBack(page, `${tmpPath}/birds.ipynb`);
  await expect(turn(page, 1)).toContainText('Count.');
  await expect(turn(page, 1)).toContainText('Line 40.');
  await turn(page, 1).getByRole('button', { name: 'Stop' }).click();
  await expect(turn(page, 1)).toContainText('stopped');
  await expect(turn(page, 1)).toContainText('Line 0.');
  expect(await questions()).toBe(1);
});

test('two tabs on one thread both see each question once, and its end', async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'First.' }, LONG, LONG, LONG);
  await beside(page, tmpPath);
  await ask(page, 'One?');
  await expect(turn(page, 1)).toContainText('First.');
  const other = await page.context().newPage();
  await galata.Mock.mockSettings(other, [], SETTINGS);
  await other.goto(`${process.env.TARGET_URL}/lab/workspaces/second`);
  await look(other, `${tmpPath}/birds.ipynb`);
  await expect(turn(other, 1)).toContainText('First.');
  await ask(page, 'Two?');
  await expect(turn(other, 2)).toContainText('Two?');
  await expect(turn(other, 2)).toContainText('Line 3.');
  await turn(other, 2).getByRole('button', { name: 'Stop' }).click();
  for (const tab of [page, other]) {
    await expect(turn(tab, 2)).toContainText('stopped');
    await expect(turn(tab, 2)).toContainText('Line 3.');
  }
  // Both ask behind the same turn, neither knowing of the other: two branches, each on screen where it was asked.
  const chat = /\/qwen\/api\/chat(\?|$)/;
  const asked = [page, other].map(tab => tab.waitForRequest(chat));
  for (const tab of [page, other]) {
    await tab.route(
      chat,
      async route => {
        await Promise.all(asked);
        await route.continue();
      },
      { times: 1 }
    );
  }
  await Promise.all([ask(page, 'Here?'), ask(other, 'There?')]);
  await expect(turn(page, 3)).toContainText('Here?');
  await expect(turn(other, 3)).toContainText('There?');
  for (const tab of [page, other]) {
    await expect(turn(tab, 3)).toContainText('of 2');
    await expect(turn(tab, 3)).toContainText('Line 2.');
    await turn(tab, 3).getByRole('button', { name: 'Stop' }).click();
    await expect(turn(tab, 3)).toContainText('stopped');
  }
  await page
    .getByRole('button', { name: /^(Earlier|Later) version/ })
    .and(page.locator(':enabled'))
    .first()
    .click();
  await expect(turn(page, 3)).toContainText('There?');
  expect(await questions()).toBe(4);
  await other.close();
});

test('an answer goes on while its notebook is left, renamed and closed', async ({
  page,
  tmpPath
}) => {
  await answers(LONG, { text: 'Of another.' });
  await beside(page, tmpPath, 'other.ipynb', 'birds.ipynb');
  await ask(page, 'Count.');
  await expect(turn(page, 1)).toContainText('Line 2.');
  await page.notebook.activate('other.ipynb');
  await expect(turn(page, 1)).toHaveCount(0);
  await ask(page, 'Another?');
  await expect(turn(page, 1)).toContainText('Of another.');
  await page.notebook.activate('birds.ipynb');
  await expect(turn(page, 1)).toContainText('Count.');
  await expect(turn(page, 1)).toContainText('Line 2.');
  await page.evaluate(
    ([from, to]) =>
      window.jupyterapp.serviceManager.contents.rename(from!, to!),
    [`${tmpPath}/birds.ipynb`, `${tmpPath}/whales.ipynb`]
  );
  await expect(page.getByRole('tab', { name: 'whales.ipynb' })).toBeVisible();
  const said = await turn(page, 1)
    .getByText(/^Line \d+\.$/)
    .count();
  await expect(turn(page, 1)).toContainText(`Line ${said + 5}.`);
  await page.evaluate(async () => {
    const { commands, shell } = window.jupyterapp;
    await commands.execute('docmanager:save');
    shell.currentWidget!.close();
  });
  await expect(turn(page, 1)).not.toContainText('Count.');
  await look(page, `${tmpPath}/whales.ipynb`);
  await expect(turn(page, 1)).toContainText('Line 2.');
  await turn(page, 1).getByRole('button', { name: 'Stop' }).click();
  await expect(turn(page, 1)).toContainText('stopped');
  expect(await questions()).toBe(2);
});

test('a thread deleted in mid-answer hangs up, and comes back with what came', async ({
  page,
  tmpPath
}) => {
  await answers(LONG);
  await beside(page, tmpPath);
  await ask(page, 'Delete me.');
  await expect(turn(page, 1)).toContainText('Line 2.');
  await page.getByRole('button', { name: 'Threads', exact: true }).click();
  await page.getByRole('button', { name: 'Delete “Delete me.”' }).click();
  await hungUp();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page
    .locator('.jp-QwenThread-title', { hasText: 'Delete me.' })

    .click();
  await expect(turn(page, 1)).toContainText('Line 2.');
  await expect(turn(page, 1)).toContainText('stopped');
});

test('a busy kernel keeps no question from being asked, and its variables go as they were', async ({
  page,
  tmpPath
}) => {
  await answers({ text: 'Busy.' });
  await beside(page, tmpPath);
  await silently(page, 'import qwen_magics; wings = 2');
  await field(page).pressSequentially('Why @var:wi');
  await expect(page.getByRole('option', { name: /wings/ })).toBeVisible();
  await field(page).press('Enter');
  const chip = page.getByRole('button', { name: /wings/ }).first();
  await expect(chip).toContainText(/\d/);
  await page.evaluate(() => {
    const { commands } = window.jupyterapp;
    const cell = window.jupyterapp.shell.currentWidget as NotebookPanel;
    cell.content.activeCell!.model.sharedModel.setSource('input("wait")');
    void commands.execute('notebook:run-cell');
  });
  await expect(page.locator('.jp-Stdin-input')).toBeVisible();
  await field(page).press('Enter');
  await expect(turn(page, 1)).toContainText('Busy.');
  const [{ body }] = (await asked()).requests;
  expect(JSON.stringify(body)).toMatch(/wings.*2/);
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a server that ends by ${signal} in mid-answer leaves what was on screen, and has it again`, async ({
    browser
  }) => {
    await answers(LONG);
    const server = await OwnServer.start();
    try {
      const page = await browser.newPage();
      await page.goto(`${server.url}/lab`);
      await look(page);
      await ask(page, 'Count.');
      await expect(turn(page, 1)).toContainText('Line 30.');
      await server.end(signal);
      await expect(turn(page, 1)).toContainText(/connection lost|stopped/);
      const seen = await turn(page, 1).locator('.jp-QwenAnswer').textContent();
      await server.again();
      await expect(turn(page, 1)).toContainText(/server ended|stopped/);
      expect(
        await turn(page, 1).locator('.jp-QwenAnswer').textContent()
      ).toContain(seen);
      await page.reload();
      await look(page);
      await expect(turn(page, 1)).toContainText(/server ended|stopped/);
      const lines = Number(seen!.match(/Line (\d+)\.(?!.*Line \d+\.)/s)![1]);
      await expect(turn(page, 1)).toContainText(`Line ${lines - 15}.`); // half a second is 13 lines
      await page.close();
    } finally {
      await server.end('SIGKILL');
    }
  });
}
