/** Before the first question: what this is, and three questions to begin with. */

import * as React from 'react';

import type { IOpenNotebook } from '../notebook/open';
import { useChat } from './context';
import { examples } from './examples';

export function Empty({
  notebook
}: {
  notebook: IOpenNotebook | null;
}): React.JSX.Element {
  const { trans, asking } = useChat();
  const [, render] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const changed = (_: unknown, what: string): void => {
      if (what !== 'selection') {
        render();
      }
    };
    notebook?.changed.connect(changed);
    return () => void notebook?.changed.disconnect(changed);
  }, [notebook]);
  const cells = notebook?.panel ? notebook.cells : null;
  return (
    <div className="jp-QwenEmpty">
      <p>
        {cells
          ? trans.__(
              'Ask about this notebook. You see what goes along and what it costs before you send.'
            )
          : trans.__(
              'Ask anything, or open a notebook to ask about it. You see what goes along and what it costs before you send.'
            )}
      </p>
      <ul>
        {examples(cells, trans).map(example => (
          <li key={example}>
            <button
              type="button"
              className="jp-QwenEmpty-example"
              onClick={() => {
                asking.text = example;
              }}
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
