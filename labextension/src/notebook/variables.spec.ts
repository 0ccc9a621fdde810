/** Asking the kernel for its variables: what is asked, and what is made of whatever comes back. */

import type { INotebookTracker } from '@jupyterlab/notebook';

import { Variables } from './variables';

interface IAsked {
  readonly code: string;
  readonly silent: boolean;
  readonly store_history: boolean;
  readonly user_expressions: { readonly said: string };
}

/** A kernel that answers each call with this, as ipykernel puts it. */
class Fake {
  constructor(
    private readonly _said: unknown,
    language = 'python'
  ) {
    this.info = Promise.resolve({ language_info: { name: language } });
  }

  status = 'idle';
  readonly asked: IAsked[] = [];
  readonly info: Promise<object>;

  requestExecute(content: IAsked): object {
    this.asked.push(content);
    const user_expressions = { said: this._said };
    const reply = { content: { status: 'ok', user_expressions } };
    return { done: Promise.resolve(reply) };
  }
}

const ok = (json: object): object => ({
  status: 'ok',
  data: { 'text/plain': '<…>', 'application/json': json }
});

function of(kernel: Fake | null): Variables {
  const session = kernel && { kernel };
  return new Variables({
    currentWidget: { sessionContext: { session } }
  } as unknown as INotebookTracker);
}

describe('the variables of a kernel', () => {
  const listed = [{ name: 'df', type: 'DataFrame' }];

  it('are asked silently, and nothing runs', async () => {
    const kernel = new Fake(ok({ version: 1, variables: listed }));
    expect(await of(kernel).names()).toEqual(listed);
    expect(kernel.asked[0]).toMatchObject({
      code: '',
      silent: true,
      store_history: false
    });
  });

  it('are those of last time while the kernel is at work', async () => {
    const kernel = new Fake(ok({ variables: listed }));
    const variables = of(kernel);
    await variables.names();
    kernel.status = 'busy';
    expect(await variables.names()).toEqual(listed);
    expect(kernel.asked).toHaveLength(1);
  });

  it('are waited for by each key that is pressed while they are asked for the first time', async () => {
    const kernel = new Fake(ok({ variables: listed }));
    const variables = of(kernel);
    const first = variables.names();
    kernel.status = 'busy'; // with our question
    expect(await variables.names()).toEqual(listed);
    expect(await first).toEqual(listed);
    expect(kernel.asked).toHaveLength(1);
  });

  it('are none where the kernel knows nothing of us', async () => {
    const missing = { status: 'error', ename: 'ModuleNotFoundError' };
    expect(await of(new Fake(missing)).names()).toEqual([]);
    expect(await of(new Fake(missing)).summary('df')).toBe('');
    expect(await of(null).names()).toEqual([]);
    const r = new Fake(ok({ variables: listed }), 'R');
    expect(await of(r).names()).toEqual([]);
    expect(r.asked).toEqual([]);
  });

  it('leave out what is no name', async () => {
    const odd = [null, 1, { name: 2, type: 'x' }, ...listed];
    expect(await of(new Fake(ok({ variables: odd }))).names()).toEqual(listed);
    expect(await of(new Fake(ok({ variables: 'x' }))).names()).toEqual([]);
  });

  it('can have any name that JSON can say', async () => {
    const kernel = new Fake(ok({ summary: 'a table' }));
    expect(await of(kernel).summary('größe"')).toBe('a table');
    expect(kernel.asked[0]?.user_expressions.said).toContain(
      '.summary("größe\\"")'
    );
  });
});
