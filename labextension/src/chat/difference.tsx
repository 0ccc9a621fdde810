/** What would change in a cell, line by line. Comes when it is first asked for. */

import { diffLines } from 'diff';
import * as React from 'react';

import { useChat } from './context';

interface IProps {
  readonly before: string;
  readonly after: string;
}

export default function Difference({
  before,
  after
}: IProps): React.JSX.Element {
  const { trans } = useChat();
  const changes = diffLines(`${before}\n`, `${after}\n`);
  return (
    <div
      className="jp-QwenDifference"
      role="region"
      tabIndex={0}
      aria-label={trans.__('What would change')}
    >
      {changes.flatMap((change, index) =>
        change.value
          .replace(/\n$/, '')
          .split('\n')
          .map((line, number) => {
            const [Tag, sign] = change.added
              ? (['ins', '+'] as const)
              : change.removed
                ? (['del', '-'] as const)
                : (['span', ' '] as const);
            return (
              <Tag key={`${index} ${number}`}>
                {sign} {line}
              </Tag>
            );
          })
      )}
    </div>
  );
}
