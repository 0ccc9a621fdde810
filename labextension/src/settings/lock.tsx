/** Says of a setting that nothing can be chosen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export function Lock({
  on,
  trans
}: {
  on: boolean;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  return on ? (
    <em className="jp-QwenNote">{trans.__('set by your administrator')}</em>
  ) : null;
}
