/** What was asked: it can be edited and asked again, which begins a branch; the branches are a step apart. */

import {
  caretLeftIcon,
  caretRightIcon,
  copyIcon,
  editIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { Action, IconAction } from './buttons';
import { useChat } from './context';
import type { Turn } from './turn';

interface IProps {
  readonly turn: Turn;
  readonly again: (text: string) => void;
}

export function Question({ turn, again }: IProps): React.JSX.Element {
  const { trans, actions } = useChat();
  const [editing, setEditing] = React.useState(false);
  if (editing) {
    return <Editor turn={turn} again={again} close={() => setEditing(false)} />;
  }
  return (
    <div className="jp-QwenQuestion">
      <div className="jp-QwenQuestion-text">{turn.question}</div>
      <div className="jp-QwenQuestion-bar">
        <Branches turn={turn} />
        <IconAction
          icon={copyIcon}
          label={trans.__('Copy the question')}
          run={() => actions.copy(turn.question)}
        />
        <IconAction
          icon={editIcon}
          label={trans.__('Edit the question and ask again')}
          disabled={!turn.ended}
          run={() => setEditing(true)}
        />
      </div>
    </div>
  );
}

function Editor({
  turn,
  again,
  close
}: IProps & { close: () => void }): React.JSX.Element {
  const { trans } = useChat();
  const [text, setText] = React.useState(turn.question);
  const send = (): void => {
    if (text.trim()) {
      close();
      again(text);
    }
  };
  const keyed = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') {
      close();
    } else if (
      event.key === 'Enter' &&
      !event.shiftKey &&
      !event.nativeEvent.isComposing
    ) {
      event.preventDefault();
      send();
    }
  };
  return (
    <div className="jp-QwenQuestion jp-mod-editing">
      <textarea
        className="jp-QwenQuestion-editor"
        aria-label={trans.__('The question')}
        autoFocus
        rows={Math.min(12, text.split('\n').length + 1)}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={keyed}
      />
      <div className="jp-QwenQuestion-buttons">
        <Action label={trans.__('Cancel')} run={close} />
        <Action label={trans.__('Ask again')} accept run={send} />
      </div>
    </div>
  );
}

function Branches({ turn }: { turn: Turn }): React.JSX.Element | null {
  const { trans, chat } = useChat();
  const all = chat.siblings(turn);
  if (all.length < 2) {
    return null;
  }
  const at = all.indexOf(turn);
  const go = (other: Turn | undefined): void => {
    if (other) {
      chat.choose(other).catch(() => undefined); // kept in this tab where the server is away
    }
  };
  return (
    <span className="jp-QwenBranches">
      <IconAction
        icon={caretLeftIcon}
        label={trans.__('Earlier version')}
        disabled={at === 0}
        run={() => go(all[at - 1])}
      />
      <span>{trans.__('%1 of %2', at + 1, all.length)}</span>
      <IconAction
        icon={caretRightIcon}
        label={trans.__('Later version')}
        disabled={at === all.length - 1}
        run={() => go(all[at + 1])}
      />
    </span>
  );
}
