/** The receipt under an answer: it counts up while the answer streams, and stands then. */

import { MimeModel } from '@jupyterlab/rendermime';
import * as React from 'react';

import { soFar } from '../receipt/line';
import { RECEIPT_MIME, ReceiptRenderer } from '../receipt/renderer';
import { useChat } from './context';
import type { Turn } from './turn';
import { waits } from './words';

export function Receipt({ turn }: { turn: Turn }): React.JSX.Element | null {
  return turn.ended ? <Final turn={turn} /> : <Running turn={turn} />;
}

function Running({ turn }: { turn: Turn }): React.JSX.Element {
  const { trans, chat } = useChat();
  const { receipt, waiting } = turn;
  const counted = receipt && (turn.answer || turn.thinking);
  const pieces = [
    ...(waiting || !counted ? [waits(waiting, trans)] : []),
    ...(counted ? soFar(receipt, trans) : [])
  ];
  return (
    <div className="jp-QwenRunning">
      {pieces.map((piece, index) => (
        <span key={index}>{piece}</span>
      ))}
      {turn.id && (
        <button
          type="button"
          className="jp-QwenLink"
          onClick={() => void chat.stop()}
        >
          {trans.__('Stop')}
        </button>
      )}
    </div>
  );
}

function Final({ turn }: { turn: Turn }): React.JSX.Element {
  const { trans } = useChat();
  const place = React.useRef<HTMLDivElement>(null);
  const { receipt } = turn;
  React.useEffect(() => {
    if (receipt === null) {
      return;
    }
    const renderer = new ReceiptRenderer(trans);
    const model = new MimeModel({
      data: { [RECEIPT_MIME]: { ...receipt } as never }
    });
    void renderer.renderModel(model);
    place.current?.replaceChildren(renderer.node);
    return () => renderer.dispose();
  }, [receipt, trans]);
  return <div className="jp-QwenTurn-receipt" ref={place} />;
}
