/** A code block with what can be done with it. */

import * as React from 'react';

import type { ITarget } from './actions';
import type { IBlock } from './blocks';
import { Action } from './buttons';
import { useChat } from './context';
import { fenced } from './markdown';
import { Prose } from './prose';
import type { Turn } from './turn';

// A long listing is rendered in parts, so that one that grows isn't highlighted again from its beginning.
const PART = 4096; // characters

const Difference = React.lazy(() => import('./difference'));

interface IProps {
  readonly block: IBlock;
  readonly turn: Turn;
}

export function Code({ block, turn }: IProps): React.JSX.Element {
  const { trans, actions } = useChat();
  const [target, setTarget] = React.useState<ITarget | null>(null);
  const [said, setSaid] = React.useState('');
  const code = block.text;
  const act = (did: boolean, words: string): void =>
    setSaid(did ? words : trans.__('open a notebook first'));
  const look = (): void => {
    const cell = actions.target(turn);
    act(cell !== null, '');
    setTarget(cell);
  };
  const accept = (cell: ITarget): void => {
    const did = actions.replace(cell, code, turn);
    setSaid(
      did
        ? trans.__('in cell #%1', cell.number)
        : trans.__('cell #%1 is gone', cell.number)
    );
    setTarget(null);
  };
  return (
    <div
      className="jp-QwenCode"
      role="group"
      aria-label={trans.__('Code %1', block.language)}
    >
      <div className="jp-QwenCode-bar">
        <span className="jp-QwenCode-label" role="status">
          {target
            ? trans.__('replaces cell #%1', target.number)
            : said || block.language}
        </span>
        <Action
          label={trans.__('Copy')}
          run={() => {
            actions.copy(code);
            setSaid(trans.__('copied'));
          }}
        />
        {target ? (
          <>
            <Action label={trans.__('Cancel')} run={() => setTarget(null)} />
            <Action
              label={trans.__('Accept')}
              accept
              run={() => accept(target)}
            />
          </>
        ) : (
          <>
            <Action
              label={trans.__('Below')}
              title={trans.__('Insert below the active cell')}
              disabled={!block.done}
              run={() => act(actions.below(code, turn), trans.__('inserted'))}
            />
            <Action
              label={trans.__('Replace…')}
              title={trans.__('See what would change in the cell')}
              disabled={!block.done}
              run={look}
            />
          </>
        )}
      </div>
      {target ? (
        <React.Suspense fallback={null}>
          <Difference before={target.source} after={code} />
        </React.Suspense>
      ) : (
        <Listing block={block} />
      )}
    </div>
  );
}

function Listing({ block }: { block: IBlock }): React.JSX.Element {
  const all = parts(block.text);
  return (
    <div className="jp-QwenCode-listing">
      {all.map((part, index) => (
        <Prose
          key={index}
          source={fenced(part, block.language)}
          done={block.done || index < all.length - 1}
          plain={part}
        />
      ))}
    </div>
  );
}

/** The code in parts that end with a line. */
export function parts(code: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (code.length - at > PART) {
    const end = code.indexOf('\n', at + PART);
    if (end < 0) {
      break;
    }
    found.push(code.slice(at, end));
    at = end + 1;
  }
  return [...found, code.slice(at)];
}
