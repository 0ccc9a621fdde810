/** The spending: sums, chart, budgets, the last turns, export. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { save } from '../threads/files';
import { Budgets } from './budgets';
import { Chart } from './chart';
import type { UsageModel } from './model';
import { Totals } from './totals';
import { Turns } from './turns';

export class UsageView extends ReactWidget {
  constructor(
    private readonly _usage: UsageModel,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-QwenUsage');
  }

  override dispose(): void {
    this._usage.dispose();
    super.dispose();
  }

  protected override onAfterShow(): void {
    void this._usage.refresh();
  }

  protected override render(): React.JSX.Element {
    return (
      <UseSignal signal={this._usage.changed}>
        {() => <Usage usage={this._usage} trans={this._trans} />}
      </UseSignal>
    );
  }
}

interface IProps {
  readonly usage: UsageModel;
  readonly trans: TranslationBundle;
}

function Usage({ usage, trans }: IProps): React.JSX.Element {
  const { report, path, problem } = usage;
  return (
    <>
      <div className="jp-QwenRow">
        <h2>{trans.__('Spending on this machine')}</h2>
        <Export format="csv" label={trans.__('Export CSV')} usage={usage} />
        <Export format="json" label={trans.__('Export JSON')} usage={usage} />
      </div>
      {problem && <p role="alert">{problem}</p>}
      {report && (
        <>
          <Totals report={report} path={path} trans={trans} />
          <Chart days={report.days} trans={trans} />
          <Budgets usage={usage} trans={trans} />
          <Turns turns={report.turns} trans={trans} />
        </>
      )}
    </>
  );
}

function Export({
  format,
  label,
  usage
}: {
  format: 'csv' | 'json';
  label: string;
  usage: UsageModel;
}): React.JSX.Element {
  const run = async (): Promise<void> => {
    const file = await usage.export(format);
    if (file !== null) {
      save(file);
    }
  };
  return (
    <button className="jp-QwenButton" onClick={() => void run()}>
      {label}
    </button>
  );
}
