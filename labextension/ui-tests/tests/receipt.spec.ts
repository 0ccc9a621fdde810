/** The receipt as JupyterLab shows it: in a saved, untrusted notebook, in both themes, by mouse and by keyboard. */

import { readFileSync } from 'fs';
import { join } from 'path';

import { expect, test } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { objections, open, QUIET, shot } from './notebook';

interface ICase {
  line: string;
  details: { total: [string, string]; facts: string[] };
}

const cases = JSON.parse(
  readFileSync(
    join(__dirname, '../../../tests/fixtures/receipts.json'),
    'utf-8'
  )
) as ICase[];

const DETAILS = '.jp-QwenReceipt-details';

const lineOf = (page: IJupyterLabPageFixture, index = 0): Locator =>
  page.locator('.jp-QwenReceipt-line').nth(index);

const detailsOf = (page: IJupyterLabPageFixture, index = 0): Locator =>
  page.locator(DETAILS).nth(index);

test.use(QUIET);

test.describe('a saved notebook', () => {
  test('says of every receipt what Python says, and not in HTML', async ({
    page,
    tmpPath
  }) => {
    await open(page, tmpPath, 'answers');
    const lines = page.locator('.jp-QwenReceipt-line');
    await expect(lines).toHaveCount(cases.length);
    expect(await lines.allTextContents()).toEqual(
      cases.map(({ line }) => line)
    );
    await expect(page.locator('.jp-RenderedHTML details')).toHaveCount(0);
  });

  for (const theme of ['Light', 'Dark']) {
    test(`reads well in JupyterLab ${theme}, wide and narrow`, async ({
      page,
      tmpPath
    }) => {
      await page.theme.setTheme(`JupyterLab ${theme}`);
      await open(page, tmpPath, 'answers');
      await page.sidebar.close('left');
      for (const [name, width] of Object.entries({ wide: 1280, narrow: 480 })) {
        await page.setViewportSize({ width, height: 760 });
        await lineOf(page, 1).scrollIntoViewIfNeeded();
        await lineOf(page, 1).click();
        await expect(detailsOf(page, 1)).toBeInViewport({ ratio: 1 });
        await shot(page, `receipt-${theme.toLowerCase()}-${name}`);
        await page.keyboard.press('Escape');
      }
    });
  }
});

test.describe("a receipt's details", () => {
  test.beforeEach(async ({ page, tmpPath }) => {
    await open(page, tmpPath, 'answers');
  });

  test('open on hover, stay while the mouse is in them, and close after it', async ({
    page
  }) => {
    const details = detailsOf(page);
    await lineOf(page).hover();
    await expect(details).toBeVisible();
    await expect(details).toContainText(cases[0].details.total[1]);
    await details.hover();
    await expect(lineOf(page)).toHaveAttribute('aria-expanded', 'true');
    await page.mouse.move(2, 2);
    await expect(details).toBeHidden();
  });

  test('cover what is below and move nothing', async ({ page }) => {
    const below = lineOf(page, 1);
    const before = await below.boundingBox();
    await lineOf(page).click();
    await expect(detailsOf(page)).toBeVisible();
    expect(await below.boundingBox()).toEqual(before);
    const inside = await detailsOf(page).evaluate(node => {
      const { left, bottom } = node.getBoundingClientRect();
      return node.contains(document.elementFromPoint(left + 5, bottom - 5));
    });
    expect(inside).toBe(true);
  });

  test('open with keyboard focus, close on Escape, and Enter and Space toggle them', async ({
    page
  }) => {
    const line = lineOf(page);
    await line.focus();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    await expect(line).toBeFocused();
    await expect(detailsOf(page)).toBeVisible();
    for (const key of ['Escape', 'Enter', 'Enter', 'Space', 'Space']) {
      const open = (await line.getAttribute('aria-expanded')) === 'true';
      await page.keyboard.press(key);
      await expect(line).toHaveAttribute('aria-expanded', String(!open));
    }
    await expect(line).toBeFocused();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect(detailsOf(page)).toBeHidden();
  });

  test('stay open after a click, until the next or one elsewhere', async ({
    page
  }) => {
    const details = detailsOf(page);
    await lineOf(page).click();
    await page.mouse.move(2, 2);
    await page.waitForTimeout(400); // longer than a hover's details stay
    await expect(details).toBeVisible();
    await lineOf(page).click();
    await expect(details).toBeHidden();
    await lineOf(page).click();
    await expect(details).toBeVisible();
    await page.mouse.click(2, 2);
    await expect(details).toBeHidden();
  });

  test('close when their receipt is scrolled away', async ({ page }) => {
    await lineOf(page).click();
    await expect(detailsOf(page)).toBeVisible();
    await lineOf(page, cases.length - 1).scrollIntoViewIfNeeded();
    await expect(detailsOf(page)).toBeHidden();
  });

  test('have nothing that axe objects to', async ({ page }) => {
    await lineOf(page, 1).click();
    await expect(detailsOf(page, 1)).toBeVisible();
    expect(await objections(page, '.jp-QwenReceipt')).toEqual([]);
  });
});
