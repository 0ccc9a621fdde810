/** What the sidebar makes JupyterLab do, by JupyterLab's own commands. */

import type { CommandRegistry } from '@lumino/commands';

import type { IActions } from '../status/card';
import type { SidebarModel } from './model';

const TERMINAL = 'terminal:create-new';
const SETTINGS = 'settingeditor:open';

/** JupyterLab's widget of a terminal, as far as it is used here. */
interface ITerminal {
  readonly content: {
    readonly session: {
      send(message: { type: 'stdin'; content: string[] }): void;
    };
  };
}

export function actionsOf(
  commands: CommandRegistry,
  sidebar: SidebarModel
): IActions {
  return {
    terminal: async line => {
      if (!commands.hasCommand(TERMINAL)) {
        return false;
      }
      const { content } = (await commands.execute(TERMINAL)) as ITerminal;
      // Kept until the terminal is connected.
      content.session.send({ type: 'stdin', content: [`${line}\r`] });
      return true;
    },
    models: () => {
      sidebar.room = 'models';
    },
    settings: () => {
      if (commands.hasCommand(SETTINGS)) {
        void commands.execute(SETTINGS, { query: 'Qwen' });
      }
    }
  };
}
