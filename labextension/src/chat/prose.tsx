/** One block of Markdown, rendered by JupyterLab; as its source until it comes near to what is seen. */

import * as React from 'react';

import { useChat } from './context';
import { Pane } from './pane';

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
  React.useEffect(() => {
    if (!near) {
      return;
    }
    const made = (pane.current = new Pane(rendermime));
    place.current?.replaceChildren(made.node);
    return () => {
      made.dispose();
      pane.current = null;
    };
  }, [near, rendermime]);
  React.useEffect(() => pane.current?.show(source, done), [near, source, done]);
  return (
    <div className="jp-QwenProse" ref={place}>
      {near ? null : plain}
    </div>
  );
}

export const Prose = React.memo(ProseOf);

/** Whether an element has come near to what is seen; it stays so then. */
function useNear(place: React.RefObject<Element>): boolean {
  const [near, setNear] = React.useState(
    typeof IntersectionObserver === 'undefined'
  );
  React.useEffect(() => {
    if (near || place.current === null) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => {
        if (entries.some(entry => entry.isIntersecting)) {
          setNear(true);
        }
      },
      { rootMargin: '600px' }
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [near, place]);
  return near;
}
