/**
 * Copy and Insert on the code of `%%qwen` answers in a notebook. The renderer stays JupyterLab's own; the buttons come
 * when an answer's part has been rendered.
 */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { TranslationBundle } from '@jupyterlab/translation';

const MARKDOWN = 'text/markdown';

/** What stands beside a part of an answer (qwen_magics/display/answer.py). */
export interface IMark {
  readonly turn: string;
  /** Its first block of code goes on where that of the part before was cut. */
  readonly continues: boolean;
}

/** Let the notebook's answers have buttons from now on. */
export function decorated(
  panel: NotebookPanel,
  trans: TranslationBundle
): void {
  const { rendermime } = panel.content;
  const factory = rendermime.getFactory(MARKDOWN);
  if (factory === undefined) {
    return;
  }
  rendermime.addFactory({
    ...factory,
    mimeTypes: [MARKDOWN],
    createRenderer: options => {
      const renderer = factory.createRenderer(options);
      const render = renderer.renderModel.bind(renderer);
      renderer.renderModel = async model => {
        await render(model);
        const mark = markOf(model);
        if (mark !== null && renderer.node.querySelector('pre') !== null) {
          const { addButtons } = await import('./buttons');
          addButtons(renderer.node, mark, panel, trans);
        }
      };
      return renderer;
    }
  });
}

function markOf(model: IRenderMime.IMimeModel): IMark | null {
  const said = model.metadata.qwen_magics as
    { role?: unknown; turn?: unknown; continues?: unknown } | undefined;
  return said?.role === 'answer' && typeof said.turn === 'string'
    ? { turn: said.turn, continues: said.continues === true }
    : null;
}
