/**
 * The renderer of `application/vnd.qwen-magics.receipt+json`, which JupyterLab prefers to the HTML beside it.
 *
 * It is `safe`: it sets text and never HTML, so an untrusted notebook shows its receipts too.
 */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { nullTranslator } from '@jupyterlab/translation';

import { RECEIPT_MIME, ReceiptRenderer } from './receipt/renderer';

const factory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [RECEIPT_MIME],
  // A registry that has no translator leaves the words in English.
  createRenderer: options =>
    new ReceiptRenderer(
      (options.translator ?? nullTranslator).load('qwen-magics')
    )
};

const extension: IRenderMime.IExtension = {
  id: 'qwen-magics:receipt',
  description: 'Shows what an answer cost, under the answer.',
  rendererFactory: factory,
  rank: 0, // text/html has 50 and would win
  dataType: 'json'
};

export default extension;
