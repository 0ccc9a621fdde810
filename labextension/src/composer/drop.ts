/** Cells and files dragged onto the input become chips. JupyterLab drags with Lumino's own events, not the browser's. */

import type { Cell } from '@jupyterlab/cells';
import { type IDisposable, DisposableDelegate } from '@lumino/disposable';
import type { Drag } from '@lumino/dragdrop';

import type { Chips } from './chips';

const CELLS = 'internal:cells'; // the cells themselves, as the notebook drags them
const FILES = 'application/x-jupyter-icontents'; // their paths, as the file browser drags them
const OVER = 'jp-mod-dropTarget';

/** Take what is dropped on `node` until disposed. `localPath` takes a drive's name off a path. */
export function takeDrops(
  node: HTMLElement,
  chips: Pick<Chips, 'add'>,
  localPath: (path: string) => string
): IDisposable {
  const handle = (event: Event): void => {
    const drag = event as Drag.Event;
    if (event.type === 'lm-dragleave') {
      node.classList.remove(OVER);
      return;
    }
    const { mimeData } = drag;
    if (!mimeData.hasData(CELLS) && !mimeData.hasData(FILES)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    node.classList.toggle(OVER, event.type !== 'lm-drop');
    if (event.type === 'lm-dragover') {
      drag.dropAction = drag.supportedActions === 'move' ? 'move' : 'copy';
    } else if (event.type === 'lm-drop') {
      drag.dropAction = 'none'; // they stay where they are
      for (const cell of (mimeData.getData(CELLS) ?? []) as Cell[]) {
        chips.add('cell', cell.model.id);
      }
      for (const path of (mimeData.getData(FILES) ?? []) as string[]) {
        chips.add('file', localPath(path));
      }
    }
  };
  for (const type of EVENTS) {
    node.addEventListener(type, handle);
  }
  return new DisposableDelegate(() => {
    for (const type of EVENTS) {
      node.removeEventListener(type, handle);
    }
  });
}

const EVENTS = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
