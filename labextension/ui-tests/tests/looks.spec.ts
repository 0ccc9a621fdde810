/**
 * How the sidebar looks and is reached, in each of its states: light and dark, at three widths. axe finds nothing, nothing
 * scrolls sideways; the pictures lie in test-results/pictures. What the parts do is shown by the other files.
 */

import { mkdtempSync, readFileSync, writeFileSync } from 'fs';
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
  writeNotebook
} from './notebook';
import { ask, mention, options, PANEL, priced, turn, width } from './panel';
import { answers, asked, cached } from './provider';

const WIDTHS = [380, 280, 600];

const CELLS = [
  `import pandas as pd

penguins = pd.read_csv("penguins.csv")
bills = penguins.groupby("species")[["bill_length_mm", "bill_depth_mm"]]
bills.agg(["mean", "std"]).round(1)`,
  'penguins.groupby(["island", "species"]).size().unstack(fill_value=0)',
  'mass = penguins.body_mass_g\nmass.groupby(penguins.species).mean()'
];

/** What was printed, pasted: some 31,500 tokens. */
const LOG = `log = """\\
${Array.from({ length: 1_900 }, (_, n) => `step ${n} loss ${(4 / (n + 1)).toFixed(6)}`).join('\n')}
"""`;

const FIX = `\`body_mass_g\` is a **string** column: two rows hold \`"?"\`, so \`mean()\` raises. Read those as missing:

\`\`\`python
mass = pd.to_numeric(penguins.body_mass_g, errors="coerce")
mass.groupby(penguins.species).mean()
\`\`\`
`;

const PLOT = `Here is a violin plot, which shows the spread that the means hide:

\`\`\`python
import seaborn as sns

sns.violinplot(penguins.assign(mass=mass), x="species", y="mass")
\`\`\`
`;

const THOUGHT = `The user wants to know what is wrong. The mean is taken of a column with "?" in it.
So it was read as strings. Two rows hold it. It has to be said to read_csv what a missing value looks like. `;

const RICH = `## Three things to check

1. Are the groups of one size? Gentoo has $n = 123$, and $\\bar{x} = 5076$ g.
2. Is a *single* island behind it?

| species | mean, g | std, g | count | island | sex ratio |
|---|--:|--:|--:|---|--:|
| Adelie | 3,701 | 459 | 151 | Torgersen | 1.02 |
| Gentoo | 5,076 | 504 | 123 | Biscoe | 1.05 |

\`\`\`python
sns.violinplot(penguins, x="species", y="body_mass_g", hue="sex", inner="quart", split=True, palette="colorblind")
\`\`\`

> More on [Welch's test](https://en.wikipedia.org/wiki/Welch%27s_t-test) than by eye.
`;

test.use({
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

/** The penguins notebook, its data with two holes, and a dear notebook, in a folder of the test's own. */
async function notebook(
  page: IJupyterLabPageFixture,
  folder: string,
  more: string[] = []
): Promise<void> {
  const room = mkdtempSync(join(tmpdir(), 'qwen-looks-'));
  const data = join(room, 'penguins.csv');
  const file = join(room, 'Penguins.ipynb');
  const table = readFileSync(
    join(__dirname, '../../../examples/penguins.csv'),
    'utf-8'
  );
  writeFileSync(data, table.replaceAll(/,(3450|4725),/g, ',?,'));
  const long = join(room, 'Long.ipynb');
  writeNotebook(file, [...CELLS, ...more]);
  writeNotebook(long, [LOG, LOG, LOG, LOG]);
  await page.sidebar.openTab('filebrowser');
  await bring(page, folder, file, data, long);
  await page.sidebar.close('left');
}

/** What is wider than its box and would scroll or be cut sideways, but for what may: tables and code in a region. */
async function sideways(
  page: IJupyterLabPageFixture,
  selector: string
): Promise<string[]> {
  return page.locator(selector).evaluateAll(roots =>
    roots
      .flatMap(root => [root, ...root.querySelectorAll('*')])
      .filter(
        node =>
          node.scrollWidth > node.clientWidth + 1 &&
          /auto|scroll/.test(getComputedStyle(node).overflowX) &&
          !node.matches(
            '[role=region]:has(> table), .jp-RenderedMarkdown table'
          )
      )
      .map(
        node => `${node.className}: ${node.scrollWidth} > ${node.clientWidth}`
      )
  );
}

/** The state as it is now: both themes, all widths; nothing to object to. */
async function looks(
  page: IJupyterLabPageFixture,
  name: string,
  { within = PANEL, widths = WIDTHS } = {}
): Promise<void> {
  for (const theme of ['Light', 'Dark'] as const) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    for (const pixels of widths) {
      await width(page, pixels);
      const where = `${name}, ${theme}, ${pixels}`;
      expect.soft(await objections(page, within), where).toEqual([]);
      expect.soft(await sideways(page, within), where).toEqual([]);
      const picture = `looks-${name}-${theme.toLowerCase()}-${pixels}`;
      await shot(within === PANEL ? page.locator(PANEL) : page, picture);
    }
  }
}

test.beforeEach(async ({ page }) => {
  // galata takes every …/api/settings for JupyterLab's own.
  await page.route(/\/qwen\/api\/settings/, route => route.continue());
  await page.sidebar.close('left');
});

test('before a question: empty, a draft with chips, mentions, the guard', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(120_000);
  await answers();
  await page.sidebar.openTab('jp-qwen-sidebar');
  await page.getByRole('button', { name: 'New thread' }).click();
  await expect(page.locator('.jp-QwenEmpty-example')).toHaveCount(3);
  await looks(page, 'empty');
  await notebook(page, tmpPath, [LOG]);
  await page.sidebar.openTab('jp-qwen-sidebar');
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(page.getByText('Why does cell #3 fail? Fix it.')).toBeVisible();
  await priced(page);
  await looks(page, 'empty-notebook');

  await mention(page, 'cell:2');
  await mention(page, 'var:penguins');
  await mention(page, 'cell:4');
  const field = page.getByLabel('Ask Qwen');
  await field.pressSequentially('Why is Gentoo heavier?');
  await page.getByRole('button', { name: /^cell #2/ }).click();
  await expect(page.locator('.jp-QwenMeter-warning')).toBeVisible();
  await priced(page);
  await looks(page, 'draft');

  await page.getByRole('button', { name: 'What is sent' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The exact request').click();
  await expect(dialog.locator('pre').last()).toContainText('"model"');
  await looks(page, 'sent', { within: '.jp-Dialog-content', widths: [380] });
  await page.keyboard.press('Escape');

  await field.pressSequentially(' @');
  await expect(options(page).nth(3)).toBeVisible();
  await looks(page, 'mentions');
  await field.press('Escape');

  await page.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', { path });
  }, `${tmpPath}/Long.ipynb`);
  await expect(page.getByText(/you are asked first/)).toBeVisible();
  await ask(page, 'Why?');
  await expect(page.locator('.jp-QwenObstacle[role=alert]')).toBeVisible();
  await looks(page, 'guard');
});

test('a prompt trimmed for its price, and one that goes whole for once', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(120_000);
  await answers({ text: 'Yes.' }, { text: 'Yes.' });
  const file = join(mkdtempSync(join(tmpdir(), 'qwen-looks-')), 'Folds.ipynb');
  const folds = Array.from(
    { length: 60 },
    (_, n) => `print("loss ${n} " * 400)`
  );
  writeNotebook(file, folds);
  await page.sidebar.openTab('filebrowser');
  await bring(page, tmpPath, file);
  await page.sidebar.close('left');
  await page.sidebar.openTab('jp-qwen-sidebar');
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(page.locator('.jp-OutputArea-output')).toHaveCount(60);
  const meter = page.locator('.jp-QwenMeter');
  const untrimmed = page.getByRole('button', { name: 'Send untrimmed' });
  const sent = async (): Promise<number> => {
    const { requests } = await asked();
    return JSON.stringify(requests.at(-1)!.body).length;
  };

  await page.getByLabel('Ask Qwen').fill('Does it fall?');
  await expect(meter).toContainText('trimmed #');
  await looks(page, 'trimmed', { widths: [380, 280] });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.locator('.jp-QwenReceipt-line')).toHaveCount(1);
  const trimmed = await sent();

  await page.getByLabel('Ask Qwen').fill('Does it fall?');
  await untrimmed.click();
  await expect(
    page.getByRole('button', { name: 'Trim', exact: true })
  ).toBeVisible();
  await looks(page, 'untrimmed', { widths: [380, 280] });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.locator('.jp-QwenReceipt-line')).toHaveCount(2);
  expect(await sent()).toBeGreaterThan(1.2 * trimmed);
  await expect(untrimmed).toBeVisible(); // the next one is trimmed again
});

test('answers: streaming, stopped, with code, a difference, a fault, a branch', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(120_000);
  await answers(
    { thinking: THOUGHT, text: RICH, piece: 12, pause: 0.02, hang_after: 56 },
    { thinking: THOUGHT, text: FIX },
    { status: 400, code: 'invalid_parameter_error', message: 'No.' },
    { text: RICH }
  );
  await notebook(page, tmpPath);
  await page.sidebar.openTab('jp-qwen-sidebar');
  await page.menu.clickMenuItem('Run>Run All Cells');
  await ask(page, 'And what should I check before I publish this?');
  await expect(turn(page, 1)).toContainText('Are the groups');
  await turn(page, 1).getByText('Thought').click();
  await looks(page, 'streaming');
  await turn(page, 1).getByText('Thought').click();
  await turn(page, 1).getByRole('button', { name: 'Stop' }).click();
  await expect(turn(page, 1)).toContainText('stopped');

  await ask(page, 'Cell #3 fails. What is wrong, and fix it.');
  const line = turn(page, 2).locator('.jp-QwenReceipt-line');
  await expect(line).toBeVisible();
  await looks(page, 'answer');
  for (const pixels of [280, 600]) {
    await width(page, pixels);
    await line.click();
    await expect(
      page.locator('.jp-QwenReceipt-details:popover-open')
    ).toBeVisible();
    await looks(page, 'receipt', { within: '.jp-QwenChat', widths: [pixels] });
    await page.keyboard.press('Escape');
  }

  const code = turn(page, 2).getByRole('group', { name: 'Code python' });
  await code.getByRole('button', { name: 'Replace…' }).click();
  await expect(code.locator('ins')).toHaveCount(1);
  await looks(page, 'difference');

  await ask(page, 'Plot it.');
  const alert = turn(page, 3).getByRole('alert');
  await expect(alert).toBeVisible();
  await looks(page, 'fault');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(turn(page, 3)).toContainText('2 of 2');
  await looks(page, 'branches');
  await turn(page, 3).getByRole('button', { name: /^Edit/ }).click();
  await looks(page, 'editing', { widths: [280] });
  await page.keyboard.press('Escape');
});

test('rooms: threads, one deleted, none found; models; the spending', async ({
  page
}) => {
  test.setTimeout(120_000);
  await answers({ text: FIX }, { text: FIX }, { text: FIX });
  await page.sidebar.openTab('jp-qwen-sidebar');
  for (const question of [
    'Why is Gentoo heavier than the other two species are, and since when?',
    'Which test?',
    'Plot body mass'
  ]) {
    await page.getByRole('button', { name: 'New thread' }).click();
    await ask(page, question);
    await expect(page.locator('.jp-QwenReceipt-line')).toHaveCount(1);
  }
  const door = page.getByRole('button', { name: 'Threads', exact: true });
  await door.click();
  await expect(page.locator('.jp-QwenThread').nth(2)).toBeVisible();
  await page.getByRole('button', { name: 'Export “Which test?”' }).click();
  await looks(page, 'threads');
  await page.getByRole('button', { name: 'Delete “Which test?”' }).click();
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await looks(page, 'deleted');
  await page.getByLabel('Search threads').fill('whales');
  await expect(page.getByText('No thread says “whales”.')).toBeVisible();
  await looks(page, 'not-found', { widths: [280] });
  await page.keyboard.press('Escape');

  await page.locator('button[data-room=models]').click();
  const limits = page.getByRole('button', { name: 'All settings…' });
  await limits.scrollIntoViewIfNeeded();
  await looks(page, 'limits');
  await page.getByText(/other models?$/).click();
  await page.locator('.jp-QwenRoom').evaluate(room => room.scrollTo(0, 0));
  await looks(page, 'models');
  await page.keyboard.press('Escape');

  await page.locator('.jp-QwenSpend-line').click();
  const view = page.locator('.jp-QwenUsage');
  await view.getByRole('textbox', { name: 'At most' }).fill('2.50');
  await view.getByRole('button', { name: 'Set budget' }).click();
  await expect(page.locator('.jp-QwenSpend-line')).toContainText('of $2.50');
  await looks(page, 'usage', { within: '.jp-QwenUsage', widths: [280, 600] });
  await looks(page, 'bar', { within: '.jp-QwenSpend', widths: [380] });
  await view.getByRole('button', { name: 'No limit' }).click();
  await expect(page.locator('.jp-QwenSpend-line')).not.toContainText('$2.50');
});

/** What of axe computes names; its types leave it out. */
interface IAxe {
  setup(node: Document): void;
  teardown(): void;
  readonly commons: {
    readonly aria: { getRole(node: Element): string | null };
    readonly text: { accessibleText(node: Element): string };
  };
}

/** https://wicg.github.io/layout-instability: TypeScript has no type for it. */
interface IShift extends PerformanceEntry {
  readonly value: number;
  readonly sources: ReadonlyArray<{ readonly node?: Node | null }>;
}

/** What Tab reaches in the sidebar from its first action on, by role and name. */
async function walk(page: IJupyterLabPageFixture): Promise<string[]> {
  await objections(page, '.jp-QwenHeader'); // brings axe, which computes names
  await page.locator(`${PANEL} button`).first().focus();
  await page.keyboard.press('Shift+Tab'); // focus is shown to who uses keys
  await page.keyboard.press('Tab');
  const met: string[] = [];
  for (;;) {
    const what = await page.evaluate(panel => {
      const { axe } = window as unknown as { axe: IAxe };
      const node = document.activeElement as HTMLElement;
      if (!node.closest(panel)) {
        return null;
      }
      axe.setup(document);
      const { aria, text } = axe.commons;
      const named = `${aria.getRole(node)} ${text.accessibleText(node)}`;
      axe.teardown();
      const seen = getComputedStyle(node).outlineStyle !== 'none';
      return seen ? named : `${named}, focus unseen`;
    }, PANEL);
    if (what === null) {
      return met;
    }
    met.push(what);
    await page.keyboard.press('Tab');
  }
}

test('while an answer streams nothing moves, and it is told in a few sentences', async ({
  page,
  tmpPath
}) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await answers({
    thinking: THOUGHT,
    text: `${RICH}\n${FIX}\n${RICH}`,
    piece: 10,
    pause: 0.03
  });
  await notebook(page, tmpPath);
  await page.sidebar.openTab('jp-qwen-sidebar');
  await width(page, 380);
  await page.evaluate(panel => {
    const seen = { shift: 0, moved: [] as string[], said: [] as string[] };
    Object.assign(window, { seen });
    // A text's own node has no closest; the foot is what the growing text moves.
    const ours = ({ node }: { node?: Node | null }): boolean => {
      const within = node instanceof Element ? node : node?.parentElement;
      return !!within?.closest(panel) && !within.closest('.jp-QwenTurn-foot');
    };
    new PerformanceObserver(list => {
      for (const entry of list.getEntries() as IShift[]) {
        seen.shift += entry.sources.some(ours) ? entry.value : 0;
      }
    }).observe({ type: 'layout-shift' });
    const status = document.querySelector('.jp-QwenChat-announced')!;
    new MutationObserver(() => seen.said.push(status.textContent!)).observe(
      status,
      { subtree: true, childList: true, characterData: true }
    );
    const places = new Map<Element, number>();
    const look = (): void => {
      const turns = document.querySelector('.jp-QwenChat-turns');
      const top = turns?.getBoundingClientRect().top ?? 0;
      const all = [...document.querySelectorAll('.jp-QwenAnswer > *')];
      const blocks = all.filter(block =>
        block.checkVisibility({ visibilityProperty: true })
      );
      for (const block of blocks) {
        const at = block.getBoundingClientRect().top - top;
        const was = places.get(block) ?? at;
        places.set(block, at);
        if (Math.abs(at - was) > 0.5) {
          seen.moved.push(`${block.textContent!.slice(0, 30)}: ${was} → ${at}`);
        }
      }
      requestAnimationFrame(look);
    };
    look();
  }, PANEL);
  await ask(page, 'And what should I check before I publish this?');
  await expect(turn(page, 1)).toContainText('Is a single island');
  const moves = await page.locator(PANEL).evaluate(panel =>
    [panel, ...panel.querySelectorAll('*')].filter(node => {
      const { animationName, transitionDuration, scrollBehavior } =
        getComputedStyle(node);
      return (
        animationName !== 'none' ||
        scrollBehavior === 'smooth' ||
        parseFloat(transitionDuration) > 0
      );
    })
  );
  expect(moves).toEqual([]);
  await expect(turn(page, 1).locator('.jp-QwenReceipt-line')).toBeVisible();
  const seen = await page.evaluate(
    () =>
      (window as unknown as { seen: { [name: string]: unknown } }).seen as {
        shift: number;
        moved: string[];
        said: string[];
      }
  );
  expect(seen.moved).toEqual([]);
  expect(seen.shift).toBeLessThan(0.02); // the row of chips
  expect(seen.said[0]).toBe('Qwen answers');
  expect(seen.said.at(-1)).toContain('End of the answer. $0.00');
  expect(seen.said.length).toBeLessThan(6);
});

/** Prices and times aside. */
const WALK = [
  'button Cell #3 fails. What is wrong, and fix it.',
  'button qwen3-max',
  'button Threads',
  'button New thread',
  'region Questions and answers',
  'button Copy the question',
  'button Edit the question and ask again',
  /^button Thought for [\d.]+ s · \d+ tokens$/,
  'button Copy',
  'button Cancel',
  'button Accept',
  'region What would change',
  /^button \$[\d.]+ · qwen3-max · .* in .* · .* out /,
  'button Copy the answer',
  'button Answer again',
  'button Copy the question',
  'button Edit the question and ask again',
  'button Copy',
  'button Below',
  'button Replace…',
  /^button \$[\d.]+ · qwen3-max · .* in \(\d+ % cached\) · .* out/,
  'button Copy the answer',
  'button Answer again',
  /^button this thread, \d+ tokens, costs \$/,
  /^button Penguins\.ipynb, \d+ tokens, costs \$/,
  /^button error #3, \d+ tokens, costs \$/,
  'button cell #2, does not go along',
  'button Take cell #2 away',
  /^button @penguins, \d+ tokens, costs \$/,
  'button Take @penguins away',
  'textbox Ask Qwen',
  'button Think',
  'button Search',
  'button What is sent',
  'button Send'
].map(name => (name instanceof RegExp ? expect.stringMatching(name) : name));

test('the keyboard reaches everything, by name', async ({ page, tmpPath }) => {
  await cached(
    256,
    { text: 'It has 344.' },
    { thinking: THOUGHT, text: FIX, piece: 12, pause: 0.03 },
    { text: PLOT, piece: 12, pause: 0.03 }
  );
  await page.setViewportSize({ width: 1180, height: 880 });
  await notebook(page, tmpPath);
  await silently(page, "get_ipython().run_line_magic('xmode', 'Minimal')");
  await page.sidebar.openTab('jp-qwen-sidebar');
  await width(page, 380);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(page.getByRole('button', { name: /^error #3/ })).toBeVisible();
  await ask(page, 'How many rows has it?');
  await expect(turn(page, 1).locator('.jp-QwenReceipt-line')).toBeVisible();
  await page.getByRole('button', { name: 'New thread' }).click();
  await ask(page, 'Cell #3 fails. What is wrong, and fix it.');
  await expect(turn(page, 1).locator('.jp-QwenReceipt-line')).toBeVisible();
  await turn(page, 1).getByRole('button', { name: 'Replace…' }).click();
  await ask(page, 'And plot the three species, please.');
  await expect(turn(page, 2).locator('.jp-QwenReceipt-line')).toBeVisible();
  await mention(page, 'cell:2');
  await mention(page, 'var:penguins');
  await page.getByLabel('Ask Qwen').fill('Is the island the reason?');
  await page.getByRole('button', { name: /^cell #2/ }).click();
  await priced(page);
  expect(await walk(page)).toEqual(WALK);
});

test.describe('a provider without a key', () => {
  test.use({
    mockSettings: {
      ...QUIET.mockSettings,
      'qwen-magics:sidebar': { provider: 'openrouter' }
    }
  });

  test('is a card', async ({ page }) => {
    await page.sidebar.openTab('jp-qwen-sidebar');
    await expect(page.locator('.jp-QwenCard')).toBeVisible();
    await looks(page, 'no-key');
  });
});
