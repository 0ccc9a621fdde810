/** The turns of the open thread, from the first to the last; it scrolls along while its reader is at the end. */

import * as React from 'react';

import type { IOpenNotebook } from '../notebook/open';
import { Announcer } from './announce';
import { ChatContext, usePaced, type IChatContext } from './context';
import { Empty } from './empty';
import { TurnView } from './turnview';

/** So many pixels from the end are at the end. */
const NEAR = 24;

interface IProps {
  readonly parts: IChatContext;
  readonly notebook: IOpenNotebook | null;
}

export function ChatView({ parts, notebook }: IProps): React.JSX.Element {
  const { chat, trans } = parts;
  usePaced(chat.changed, 0);
  const scroller = useEnd(chat.thread);
  const { turns } = chat;
  return (
    <ChatContext.Provider value={parts}>
      <div
        className="jp-QwenChat"
        role="region"
        aria-label={trans.__('Questions and answers')}
        tabIndex={0}
        ref={scroller}
      >
        <div className="jp-QwenChat-turns">
          {turns.length === 0 && <Empty notebook={notebook} />}
          {turns.map((turn, index) => (
            <TurnView key={turn.key} turn={turn} number={index + 1} />
          ))}
        </div>
      </div>
      <Announced parts={parts} />
    </ChatContext.Provider>
  );
}

/** The screen reader's line. */
function Announced({ parts }: { parts: IChatContext }): React.JSX.Element {
  const { chat, trans } = parts;
  const [words, say] = React.useState('');
  const announcer = React.useMemo(() => new Announcer(trans, say), [trans]);
  React.useEffect(() => {
    const changed = (): void =>
      announcer.follow(chat.turns[chat.turns.length - 1] ?? null);
    chat.changed.connect(changed);
    changed();
    return () => {
      chat.changed.disconnect(changed);
      announcer.follow(null);
    };
  }, [chat, announcer]);
  return (
    <div className="jp-QwenChat-announced" role="status">
      {words}
    </div>
  );
}

/** Keeps the end in sight while it grows, if it was in sight before. Another thread begins at its end. */
function useEnd(thread: string): React.RefObject<HTMLDivElement> {
  const scroller = React.useRef<HTMLDivElement>(null);
  const atEnd = React.useRef(true);
  React.useEffect(() => {
    const node = scroller.current;
    const content = node?.firstElementChild;
    if (!node || !content || typeof ResizeObserver === 'undefined') {
      return;
    }
    let top = node.scrollTop;
    const scrolled = (): void => {
      const left = node.scrollHeight - node.scrollTop - node.clientHeight;
      if (left < NEAR) {
        atEnd.current = true;
      } else if (node.scrollTop < top) {
        atEnd.current = false; // only who goes up leaves the end: it may have grown since
      }
      top = node.scrollTop;
      node.style.overflowAnchor = atEnd.current ? 'none' : 'auto';
    };
    const grown = new ResizeObserver(() => {
      if (atEnd.current) {
        node.scrollTop = node.scrollHeight;
      }
    });
    grown.observe(content);
    grown.observe(node);
    node.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      grown.disconnect();
      node.removeEventListener('scroll', scrolled);
    };
  }, []);
  React.useEffect(() => {
    atEnd.current = true;
  }, [thread]);
  return scroller;
}
