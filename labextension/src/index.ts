/** All plugins of the extension. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { live } from './live/plugin';
import { sidebar } from './sidebar/plugin';
import { statusbar } from './status/plugin';
import { usage } from './usage/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  live,
  sidebar,
  statusbar,
  usage
];

export default plugins;
