/** The list of what an `@` may mean. The keys are the text's; here is only what is seen, and the mouse. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Completion } from './completion';
import type { IMention } from './mentions';

interface IProps {
  readonly id: string;
  readonly completion: Completion;
  readonly onTake: (mention: IMention) => void;
  readonly trans: TranslationBundle;
}

export function suggestionId(list: string, index: number): string {
  return `${list}-${index}`;
}

export function Suggestions(props: IProps): React.JSX.Element {
  const { id, completion, onTake, trans } = props;
  const items = completion.at === null ? [] : completion.items;
  return (
    <>
      {items.length > 0 && (
        <ul
          id={id}
          className="jp-QwenSuggestions"
          role="listbox"
          aria-label={trans.__('What may go along')}
        >
          {items.map((mention, index) => (
            <Line
              key={mention.token}
              id={suggestionId(id, index)}
              mention={mention}
              chosen={index === completion.index}
              onTake={onTake}
            />
          ))}
        </ul>
      )}
      <span className="jp-QwenSuggestions-said" role="status">
        {items.length > 0 &&
          trans._n(
            '%1 suggestion',
            '%1 suggestions',
            items.length,
            items.length
          )}
      </span>
    </>
  );
}

interface ILine {
  readonly id: string;
  readonly mention: IMention;
  readonly chosen: boolean;
  readonly onTake: (mention: IMention) => void;
}

function Line({ id, mention, chosen, onTake }: ILine): React.JSX.Element {
  const line = React.useRef<HTMLLIElement>(null);
  React.useEffect(() => {
    if (chosen) {
      line.current?.scrollIntoView?.({ block: 'nearest' });
    }
  }, [chosen]);
  return (
    <li
      ref={line}
      id={id}
      className="jp-QwenSuggestion"
      role="option"
      aria-selected={chosen}
      onMouseDown={event => {
        event.preventDefault(); // the text keeps the focus
      }}
      onClick={() => {
        onTake(mention);
      }}
    >
      <span className="jp-QwenSuggestion-token">@{mention.token}</span>
      <span className="jp-QwenSuggestion-detail">{mention.detail}</span>
    </li>
  );
}
