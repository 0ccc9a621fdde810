/** The meter: how full the prompt is, one equal segment per price step; what it would cost, and what is left. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IEstimate } from '../api/values';
import { count } from '../receipt/figures';
import { LOSS } from '../receipt/line';
import { leftOf, tokensOf, warningOf } from './words';

interface IProps {
  readonly estimate: IEstimate | null;
  readonly stale: boolean;
  readonly trans: TranslationBundle;
  readonly onTrim: () => void;
}

export function Meter(props: IProps): React.JSX.Element {
  const { estimate, stale, trans, onTrim } = props;
  const warning = estimate === null ? '' : warningOf(estimate, trans);
  return (
    <div className="jp-QwenMeter" data-stale={stale}>
      <Bar estimate={estimate} warning={warning} trans={trans} />
      <div className="jp-QwenMeter-words">
        <span>
          {estimate && (estimate.sure ? '' : '≈ ')}
          {estimate && tokensOf(estimate.tokens, trans)}
        </span>
        {warning && (
          <strong className="jp-QwenMeter-warning">
            <span className="jp-QwenMeter-loss">{LOSS}</span> {warning}
          </strong>
        )}
        {estimate?.trim && (
          <button className="jp-QwenLink" onClick={onTrim}>
            {estimate.trim === 'tier'
              ? trans.__('Trim')
              : trans.__('Send untrimmed')}
          </button>
        )}
        <Left estimate={estimate} trans={trans} />
      </div>
      {estimate?.notes.map(note => (
        <div key={note} className="jp-QwenMeter-note">
          {note}
        </div>
      ))}
    </div>
  );
}

function Bar(props: {
  readonly estimate: IEstimate | null;
  readonly warning: string;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { estimate, warning, trans } = props;
  const tokens = estimate?.tokens ?? 0;
  const room = Math.max(estimate?.room ?? 0, tokens, 1);
  const words = trans.__('%1 of %2 tokens', count(tokens), count(room));
  const segments = estimate?.segments.length
    ? estimate.segments
    : [{ over: 0, up_to: room, fill: tokens / room }];
  return (
    <div
      className="jp-QwenMeter-bar"
      role="meter"
      aria-label={trans.__('Prompt')}
      aria-valuemin={0}
      aria-valuemax={room}
      aria-valuenow={tokens}
      aria-valuetext={warning ? `${words}, ${warning}` : words}
      title={words}
    >
      {segments.map(({ up_to, fill }) => (
        <span
          key={up_to}
          className="jp-QwenMeter-segment"
          title={trans.__('up to %1 tokens', count(up_to))}
        >
          <span
            className="jp-QwenMeter-fill"
            style={{ width: `${100 * Math.min(1, Math.max(0, fill))}%` }}
          />
        </span>
      ))}
    </div>
  );
}

/** The budget that binds first; all of them on hover. */
function Left(props: {
  readonly estimate: IEstimate | null;
  readonly trans: TranslationBundle;
}): React.JSX.Element | null {
  const { estimate, trans } = props;
  const [first, ...more] = estimate?.budgets ?? [];
  return first ? (
    <span
      className="jp-QwenMeter-left"
      title={[first, ...more].map(one => leftOf(one, trans)).join('\n')}
    >
      {leftOf(first, trans)}
    </span>
  ) : null;
}
