import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { nullTranslator } from '@jupyterlab/translation';

import extension from '../mime';
import { RECEIPT_MIME, ReceiptRenderer } from './renderer';

const BAD = '<img src=x onerror=alert(1)>';

async function rendered(receipt: unknown): Promise<HTMLElement> {
  const renderer = new ReceiptRenderer(nullTranslator.load('qwen-magics'));
  await renderer.renderModel({
    data: { [RECEIPT_MIME]: receipt },
    metadata: {},
    trusted: false,
    setData: () => undefined
  } as IRenderMime.IMimeModel);
  return renderer.node;
}

const shown = (node: HTMLElement, selector: string): string | undefined =>
  node.querySelector(selector)?.textContent ?? undefined;

describe('the receipt under an answer', () => {
  it('is a button with the price first and alone in bold', async () => {
    const node = await rendered({
      model: 'qwen3-max',
      cost: { amount: '0.0043008', basis: 'computed' }
    });
    const line = node.querySelector('button');
    expect(line?.textContent).toBe('$0.0043 · qwen3-max');
    expect(line?.getAttribute('aria-expanded')).toBe('false');
    expect(
      Array.from(node.querySelectorAll('button b'), bold => bold.textContent)
    ).toEqual(['$0.0043']);
  });

  it('marks what loses money with a sign and not with colour alone', async () => {
    const node = await rendered({
      cost: { tier: { up_to: 128000, over: 32000, times: '2' } }
    });
    expect(shown(node, '.jp-mod-loss')).toBe('▲ over 32K: double rate');
  });

  it('sets what a model or provider wrote as text', async () => {
    const node = await rendered({
      model: BAD,
      error: BAD,
      notes: [BAD],
      request_id: BAD,
      left_out: [BAD],
      cost: { lines: [{ what: BAD, tokens: 1, rate: BAD, amount: BAD }] }
    });
    expect(node.querySelector('img')).toBeNull();
    expect(shown(node, 'button')).toContain(BAD);
    expect(shown(node, 'table')).toContain(BAD);
  });

  it('shows the newer receipt when its output is updated', async () => {
    const renderer = new ReceiptRenderer(nullTranslator.load('qwen-magics'));
    for (const model of ['one', 'two']) {
      await renderer.renderModel({
        data: { [RECEIPT_MIME]: { model } }
      } as unknown as IRenderMime.IMimeModel);
    }
    expect(renderer.node.querySelectorAll('button')).toHaveLength(1);
    expect(shown(renderer.node, 'button')).toBe('unpriced · two');
  });
});

it('comes before the HTML beside it, also where the notebook is not trusted', () => {
  const { rank, rendererFactory } =
    extension as Required<IRenderMime.IExtension>;
  expect(rank).toBe(0);
  expect(rendererFactory.safe).toBe(true);
  expect(rendererFactory.mimeTypes).toEqual([RECEIPT_MIME]);
});
