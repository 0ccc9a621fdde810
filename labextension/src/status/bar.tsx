/** The status bar's item: what this notebook and today cost. It opens the spending. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Spending } from '../usage/spending';
import { spendLine } from '../usage/words';

export class SpendItem extends ReactWidget {
  constructor(
    private readonly _spending: Spending,
    private readonly _trans: TranslationBundle,
    private readonly _open: () => void
  ) {
    super();
    this.addClass('jp-QwenSpend');
    this.addClass('jp-mod-highlighted');
  }

  protected override render(): React.JSX.Element {
    return (
      <UseSignal signal={this._spending.changed}>
        {() => this._item()}
      </UseSignal>
    );
  }

  private _item(): React.JSX.Element | null {
    const { report, path } = this._spending;
    if (report === null) {
      return null;
    }
    const { text, details } = spendLine(report, path, this._trans);
    return (
      <button
        className="jp-QwenSpend-line"
        title={[...details, this._trans.__('Open the spending')].join('\n')}
        onClick={this._open}
      >
        {text}
      </button>
    );
  }
}
