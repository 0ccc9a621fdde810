/** The sidebar's commands, for the palette, shortcuts and other extensions. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { SidebarPanel } from './panel';
import type { Place } from './place';

interface ICommand {
  readonly id: string;
  readonly label: string;
  readonly caption: string;
  readonly run: (panel: SidebarPanel) => void | Promise<void>;
}

export function addCommands(
  app: JupyterFrontEnd,
  place: Place,
  palette: ICommandPalette | null,
  trans: TranslationBundle
): void {
  const { commands, shell } = app;
  const all: ReadonlyArray<ICommand> = [
    {
      id: 'qwen-magics:ask',
      label: trans.__('Ask Qwen'),
      caption: trans.__('Go to the chat beside the notebook'),
      run: ({ node }) => node.querySelector('textarea')?.focus()
    },
    {
      id: 'qwen-magics:new-thread',
      label: trans.__('New Qwen Thread'),
      caption: trans.__('Begin a new thread about this notebook'),
      run: async ({ parts, node }) => {
        parts.sidebar.room = 'turns';
        await parts.threads.open('');
        node.querySelector('textarea')?.focus();
      }
    },
    {
      id: 'qwen-magics:threads',
      label: trans.__('Qwen Threads'),
      caption: trans.__('Find, rename, export or delete threads'),
      run: ({ parts }) => {
        parts.sidebar.room = 'threads';
      }
    },
    {
      id: 'qwen-magics:models',
      label: trans.__('Qwen Model and Settings'),
      caption: trans.__('Choose who answers, and how'),
      run: ({ parts }) => {
        parts.sidebar.room = 'models';
      }
    }
  ];
  for (const { id, label, caption, run } of all) {
    commands.addCommand(id, {
      label,
      caption,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        shell.activateById(place.id);
        await run(await place.panel());
      }
    });
    palette?.addItem({ command: id, category: trans.__('Qwen') });
  }
}
