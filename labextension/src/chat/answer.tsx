/** An answer: its finished blocks, which stay as they are, and the open one. */

import * as React from 'react';

import type { IBlock } from './blocks';
import { Code } from './code';
import { written } from './markdown';
import { Prose } from './prose';
import type { Turn } from './turn';

export function Answer({ turn }: { turn: Turn }): React.JSX.Element {
  return (
    <div className="jp-QwenAnswer">
      {turn.blocks.map((block, index) => (
        <Block key={index} block={block} turn={turn} />
      ))}
    </div>
  );
}

function BlockOf({
  block,
  turn
}: {
  block: IBlock;
  turn: Turn;
}): React.JSX.Element {
  if (block.kind === 'code') {
    return <Code block={block} turn={turn} />;
  }
  return (
    <Prose source={written(block.text)} done={block.done} plain={block.text} />
  );
}

const Block = React.memo(BlockOf);
