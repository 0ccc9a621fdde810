/** Puts the spending's view together. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Server } from '../api/server';
import { UsageModel } from './model';
import type { ISpending } from './tokens';
import { UsageView } from './view';

export function makeUsage(
  server: Server,
  spending: ISpending,
  trans: TranslationBundle
): UsageView {
  const usage = new UsageModel(server, spending);
  void usage.refresh();
  return new UsageView(usage, trans);
}
