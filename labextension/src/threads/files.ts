/** Threads as files of the person's own machine: taken out and brought in. */

import type { ExportFormat } from '../api/threads';
import type { ThreadsModel } from './model';

/** Save a file that was made here. */
export function save(file: { name: string; content: Blob }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file.content);
  link.download = file.name;
  link.click();
  // Some browsers read it only after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export async function take(
  threads: ThreadsModel,
  thread: string,
  format: ExportFormat
): Promise<void> {
  const file = await threads.export(thread, format);
  if (file !== null) {
    save(file);
  }
}

/** Ask for a file and show the thread that is in it. */
export function bring(threads: ThreadsModel): Promise<void> {
  const field = document.createElement('input');
  field.type = 'file';
  field.accept = '.json,.ipynb';
  return new Promise(resolve => {
    field.oncancel = () => resolve();
    field.onchange = async () => {
      const [file] = field.files ?? [];
      if (file !== undefined) {
        await threads.import(file.name, await file.text());
      }
      resolve();
    };
    field.click();
  });
}
