/** What the model thought, folded under a line that counts while it does. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { count, seconds } from '../receipt/figures';
import { useChat } from './context';
import type { Turn } from './turn';

export function Thinking({ turn }: { turn: Turn }): React.JSX.Element | null {
  const { trans } = useChat();
  const [open, setOpen] = React.useState(false);
  if (!turn.thinking) {
    return null;
  }
  return (
    <details
      className="jp-QwenThinking"
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{line(turn, trans)}</summary>
      {open && <div className="jp-QwenThinking-text">{turn.thinking}</div>}
    </details>
  );
}

/** `Thought for 2.1 s · 128 tokens`. */
function line(turn: Turn, trans: TranslationBundle): string {
  const busy = !turn.ended && !turn.answer;
  const took = turn.thought !== null && turn.thought >= 0.05 ? turn.thought : 0;
  const time = seconds(took, trans);
  const words = busy
    ? took
      ? trans.__('Thinking for %1', time)
      : trans.__('Thinking')
    : took
      ? trans.__('Thought for %1', time)
      : trans.__('Thought');
  const usage = turn.receipt?.usage;
  if (!usage?.thinking) {
    return words;
  }
  const sure = usage.basis['thinking'] !== 'estimated';
  const tokens = trans._n(
    '%2 token',
    '%2 tokens',
    usage.thinking,
    count(usage.thinking)
  );
  return `${words} · ${sure ? '' : '≈ '}${tokens}`;
}
