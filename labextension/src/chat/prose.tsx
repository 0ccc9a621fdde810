/** One block of Markdown, rendered by JupyterLab; as its source until it comes near to what is seen. */

import * as React from 'react';

import { useChat } from './context';
import { Pane, type Shown } from './pane';

interface IProps {
  /** Markdown that has been made safe. */
  readonly source: string;
  readonly done: boolean;
  /** What stands there before it is rendered. */
  readonly plain: string;
}

function ProseOf({ source, done, plain }: IProps): React.JSX.Element {
  const { rendermime } = useChat();
  const place = React.useRef<HTMLDivElement>(null);
  const near = useNear(place);
  const pane = React.useRef<Pane | null>(null);
  const [shown, setShown] = React.useState<Shown>('plain');
  React.useEffect(() => {
    if (!near) {
      return;
    }
    const made = (pane.current = new Pane(rendermime, setShown));
    return () => {
      made.dispose();
      pane.current = null;
      setShown('plain');
    };
  }, [near, rendermime]);
  React.useEffect(() => pane.current?.show(source, done), [near, source, done]);
  const rendered = shown !== 'plain';
  React.useLayoutEffect(() => {
    if (rendered && pane.current) {
      place.current?.replaceChildren(pane.current.node);
    }
  }, [rendered]);
  return (
    <div
      className="jp-QwenProse"
      data-behind={near !== false && done && shown !== 'whole'}
      ref={place}
    >
      {rendered ? null : plain}
    </div>
  );
}

export const Prose = React.memo(ProseOf);

/** Whether an element has come near to what is seen, it stays so then; null before that is known. */
function useNear(place: React.RefObject<Element>): boolean | null {
  const [near, setNear] = React.useState<boolean | null>(
    typeof IntersectionObserver === 'undefined' || null
  );
  React.useEffect(() => {
    if (near || place.current === null) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => {
        setNear(entries.some(entry => entry.isIntersecting));
      },
      { rootMargin: '600px' }
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [near, place]);
  return near;
}
