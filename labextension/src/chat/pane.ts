/** A place in which JupyterLab's own renderer shows one block of Markdown, again and again while it grows. */

import { type IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { IDisposable } from '@lumino/disposable';

import { Harmless } from './markdown';

const MARKDOWN = 'text/markdown';
/** Rendering takes at most one part in ten of the time. */
const REST = 9;

/** JupyterLab's renderers, with nothing that an answer could call out with. */
export function harmless(rendermime: IRenderMimeRegistry): IRenderMimeRegistry {
  return rendermime.clone({ sanitizer: new Harmless(rendermime.sanitizer) });
}

/** What stands there: the source, so much of it as was rendered last, or all of it with its formulas. */
export type Shown = 'plain' | 'part' | 'whole';

interface IWanted {
  readonly source: string;
  readonly done: boolean;
}

export class Pane implements IDisposable {
  /** `rendermime`: one made `harmless`. */
  constructor(
    private readonly _rendermime: IRenderMimeRegistry,
    private readonly _shown: (what: Shown) => void = () => undefined
  ) {
    this._renderer = _rendermime.createRenderer(MARKDOWN);
  }

  get node(): HTMLElement {
    return this._renderer.node;
  }

  get isDisposed(): boolean {
    return this._renderer.isDisposed;
  }

  /** Show this source as soon as may be; of several the newest. Formulas are set once it is `done`. */
  show(source: string, done: boolean): void {
    if (source !== this._wanted?.source || done !== this._wanted.done) {
      this._wanted = { source, done };
      this._running ??= this._run();
      if (done) {
        this._wake();
      }
    }
  }

  dispose(): void {
    this._wanted = null;
    this._wake();
    this._renderer.dispose();
  }

  private async _run(): Promise<void> {
    let shown: IWanted | null = null;
    while (this._wanted !== null && this._wanted !== shown) {
      const wanted = (shown = this._wanted);
      const began = performance.now();
      await this._render(wanted);
      if (this.isDisposed) {
        break;
      }
      if (wanted.done) {
        this._shown('whole');
      } else {
        await this._rest(REST * (performance.now() - began));
      }
    }
    this._running = null;
  }

  private async _render({ source, done }: IWanted): Promise<void> {
    if (source !== this._rendered) {
      this._rendered = source;
      await this._renderer.renderModel(
        new MimeModel({ data: { [MARKDOWN]: source } })
      );
      if (this.isDisposed) {
        return;
      }
      this._shown('part');
      for (const anchor of this.node.querySelectorAll(
        '.jp-InternalAnchorLink'
      )) {
        anchor.remove(); // a thread is no document with places to link to
      }
      for (const table of this.node.querySelectorAll('table')) {
        table.tabIndex = 0; // a wide one scrolls, by keyboard too
      }
    }
    if (done && !this.isDisposed && /\$|\\begin/.test(source)) {
      await this._rendermime.latexTypesetter?.typeset(this.node);
      this.node.getBoundingClientRect(); // what is laid out asks for its fonts
      await document.fonts?.ready;
      for (const link of this.node.querySelectorAll('a[href]')) {
        link.setAttribute('target', '_blank');
        link.setAttribute('rel', 'noopener noreferrer');
      }
    }
  }

  /** Wait, but no longer once the block is done. */
  private _rest(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = window.setTimeout(resolve, milliseconds);
      this._wake = () => {
        window.clearTimeout(timer);
        resolve();
      };
    });
  }

  private readonly _renderer: IRenderMime.IRenderer;
  private _rendered = '';
  private _wanted: IWanted | null = null;
  private _running: Promise<void> | null = null;
  private _wake = (): void => undefined;
}
