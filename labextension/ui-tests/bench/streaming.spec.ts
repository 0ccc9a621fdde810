/**
 * A 400 KB answer streamed at 200 pieces/s into the sidebar: how busy the page's main thread is meanwhile, and its
 * longest task. Asserts nothing of time; `tests/bench/sidebar.py` reads the line that it prints.
 */

import { expect, test } from '@jupyterlab/galata';

import { QUIET } from '../tests/notebook';
import { answers } from '../tests/provider';

const PIECE = 20;
const PER_SECOND = 200;
const SIZE = Number(process.env.QWEN_BENCH_BYTES ?? 400_000);

test.use({
  ...QUIET,
  trace: 'off',
  mockSettings: {
    ...QUIET.mockSettings,
    'qwen-magics:sidebar': { provider: 'alibaba' }
  }
});

test('a long answer streams', async ({ page }) => {
  test.setTimeout(10 * 60_000);
  await page.sidebar.openTab('jp-qwen-sidebar');
  const text = answer(SIZE);
  await answers({ text, piece: PIECE, pause: 1 / PER_SECOND });
  await page.evaluate(() => {
    const seen = ((window as unknown as { tasks: number[] }).tasks = []);
    new PerformanceObserver(list =>
      list
        .getEntries()
        .forEach(entry => (seen as number[]).push(entry.duration))
    ).observe({ type: 'longtask' });
  });
  const devtools = await page
    .context()
    .newCDPSession(page.context().pages()[0]);
  await devtools.send('Performance.enable');
  const busy = async (): Promise<number> => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(one => one.name === 'TaskDuration')?.value ?? 0;
  };
  await page.getByLabel('Ask Qwen').fill('A long one, please.');
  const [before, began] = [await busy(), Date.now()];
  await page.keyboard.press('Enter');
  await page.evaluate(receiptStands); // looked for in the page: Playwright's own looking would keep it busy
  const seconds = (Date.now() - began) / 1000;
  const share = ((await busy()) - before) / seconds;
  const tasks = await page.evaluate(
    () => (window as unknown as { tasks: number[] }).tasks
  );
  const longest = Math.max(0, ...tasks);
  await expect(page.getByText('The end of it.')).toBeVisible();
  const nodes = await page.locator('#jp-qwen-sidebar *').count();
  console.log(
    'BENCH ' +
      JSON.stringify({ bytes: text.length, seconds, share, longest, nodes })
  );
});

/** Resolves when the turn has ended. */
function receiptStands(): Promise<void> {
  return new Promise(resolve => {
    const timer = setInterval(() => {
      if (document.querySelector('.jp-QwenTurn .jp-QwenReceipt-line')) {
        clearInterval(timer);
        resolve();
      }
    }, 250);
  });
}

/** Markdown as models write it: paragraphs, lists, code, a table, a formula. */
function answer(size: number): string {
  const sections: string[] = [];
  for (let length = 0, n = 1; length < size; n++) {
    const section = `## Step ${n}\n\n${'Some plain words about the data at hand, with `names` and **weight**. '.repeat(9)}\n
- the first of several points\n- the second, with a formula $x_{${n}}^2$\n- the third\n
\`\`\`python\n${`frame["column_${n}"] = frame["other"].rolling(${n}).mean()  # a comment\n`.repeat(12)}\`\`\`\n
| name | value |\n|---|---|\n${`| row ${n} | ${n * 3} |\n`.repeat(6)}\n`;
    sections.push(section);
    length += section.length;
  }
  return `${sections.join('\n').slice(0, size)}\n\`\`\`\n\nThe end of it.\n`;
}
