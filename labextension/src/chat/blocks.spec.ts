import { Blocks, type IBlock } from './blocks';

const ANSWER = [
  'First, read it:',
  '',
  '1. With pandas:',
  '   ```python',
  '   df = pd.read_csv(f)',
  '     # indented',
  '   ```',
  '   Then look.',
  '2. Without:',
  '',
  '   more of two',
  '',
  '$$',
  'a',
  '',
  'b',
  '$$',
  '',
  'A table:',
  '',
  '| a | b |',
  '|---|---|',
  '',
  '````markdown',
  '```python',
  'x',
  '```',
  '````',
  'The end.'
].join('\n');

function blocksOf(text: string, size = text.length || 1): IBlock[] {
  const blocks = new Blocks();
  for (let at = 0; at < text.length; at += size) {
    blocks.add(text.slice(at, at + size));
  }
  blocks.end();
  return [...blocks.all];
}

const told = (blocks: ReadonlyArray<IBlock>): string[] =>
  blocks.map(({ kind, language, text }) => `${kind} ${language}|${text}`);

describe('an answer in blocks', () => {
  it('parts between top-level blocks, and takes fences out of lists', () => {
    expect(told(blocksOf(ANSWER))).toEqual([
      'prose |First, read it:\n\n1. With pandas:',
      'code python|df = pd.read_csv(f)\n  # indented',
      'prose |Then look.\n2. Without:\n\n   more of two',
      'prose |$$\na\n\nb\n$$',
      'prose |A table:\n\n| a | b |\n|---|---|',
      'code markdown|```python\nx\n```',
      'prose |The end.'
    ]);
  });

  it.each([1, 2, 3, 7, 50])('is the same in pieces of %p', size => {
    expect(blocksOf(ANSWER, size)).toEqual(blocksOf(ANSWER));
    expect(blocksOf(ANSWER, size).every(({ done }) => done)).toBe(true);
  });

  it('never changes a block that has finished', () => {
    const blocks = new Blocks();
    const finished: IBlock[] = [];
    for (const sign of ANSWER) {
      blocks.add(sign);
      const done = blocks.all.filter(block => block.done);
      finished.forEach((block, index) => expect(done[index]).toBe(block));
      finished.push(...done.slice(finished.length));
    }
  });

  it('shows the open block with its last line, but no half of a fence', () => {
    const blocks = new Blocks();
    const shown = (text: string): string[] => {
      blocks.add(text);
      return told(blocks.all);
    };
    expect(shown('Look: `x')).toEqual(['prose |Look: `x']);
    expect(shown('`\n``')).toEqual(['prose |Look: `x`']);
    expect(shown('`py')).toEqual(['prose |Look: `x`']);
    expect(shown('\na = 1\n``')).toEqual(['prose |Look: `x`', 'code py|a = 1']);
    expect(shown('`\nBye')).toEqual([
      'prose |Look: `x`',
      'code py|a = 1',
      'prose |Bye'
    ]);
  });

  it('keeps a fence that never ends, and an empty one', () => {
    expect(told(blocksOf('```\nx\n'))).toEqual(['code |x']);
    expect(told(blocksOf('```js\n```'))).toEqual(['code js|']);
  });

  it('ends lines as Windows does, too', () => {
    expect(told(blocksOf('a\r\n\r\n```\r\nx\r\n```\r\n', 1))).toEqual([
      'prose |a',
      'code |x'
    ]);
  });

  it('has nothing to show of blank text', () => {
    expect(blocksOf('\n \n')).toEqual([]);
  });
});
