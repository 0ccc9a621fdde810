/**
 * The variables of the open notebook's kernel, asked without a trace: no history, no output, no name of ours.
 * `qwen_magics/magics/variables.py` answers, where the kernel's Python has it; any other kernel has none for us.
 */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';

import type { IVariable, IVariables } from '../composer/mentions';

const MODULE = 'qwen_magics.magics.variables';

type Said = Readonly<Record<string, unknown>>;

export class Variables implements IVariables {
  constructor(
    private readonly _tracker: Pick<INotebookTracker, 'currentWidget'> | null
  ) {}

  /** While the kernel is at work, what it said last; it may be at work with this very question. */
  async names(): Promise<ReadonlyArray<IVariable>> {
    const kernel = this._kernel();
    if (kernel === null) {
      return [];
    }
    const idle = kernel.status === 'idle' || kernel.status === 'unknown';
    if (idle && !this._asked.has(kernel)) {
      this._asked.set(kernel, this._ask(kernel));
    }
    const asked = this._asked.get(kernel);
    const last = this._last.get(kernel);
    return asked && (idle || !last) ? asked : (last ?? []);
  }

  /** "" where there is no such variable, or no kernel to ask. One at work answers when it is done. */
  async summary(name: string): Promise<string> {
    const kernel = this._kernel();
    const said =
      kernel && (await ask(kernel, `summary(${JSON.stringify(name)})`));
    return typeof said?.summary === 'string' ? said.summary : '';
  }

  private async _ask(
    kernel: Kernel.IKernelConnection
  ): Promise<ReadonlyArray<IVariable>> {
    try {
      const said = await ask(kernel, 'names()');
      const found = variables(said?.variables);
      this._last.set(kernel, found);
      return found;
    } finally {
      this._asked.delete(kernel);
    }
  }

  private _kernel(): Kernel.IKernelConnection | null {
    const panel = this._tracker?.currentWidget ?? null;
    return panel?.sessionContext.session?.kernel ?? null;
  }

  /** Questions that are not answered yet. */
  private readonly _asked = new WeakMap<
    Kernel.IKernelConnection,
    Promise<ReadonlyArray<IVariable>>
  >();
  private readonly _last = new WeakMap<
    Kernel.IKernelConnection,
    ReadonlyArray<IVariable>
  >();
}

/** One call in the kernel; null where it can't be answered. */
async function ask(
  kernel: Kernel.IKernelConnection,
  call: string
): Promise<Said | null> {
  const { language_info } = await kernel.info;
  if (language_info.name !== 'python') {
    return null;
  }
  const expression = `__import__("${MODULE}", fromlist=["_"]).${call}`;
  const { content } = await kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: { said: expression }
  }).done;
  return content.status === 'ok' ? json(content.user_expressions?.said) : null;
}

function json(expression: unknown): Said | null {
  const { data } = (expression ?? {}) as { data?: Record<string, unknown> };
  const said = data?.['application/json'];
  return typeof said === 'object' && said !== null ? (said as Said) : null;
}

function variables(listed: unknown): ReadonlyArray<IVariable> {
  return Array.isArray(listed)
    ? listed.filter(
        (one): one is IVariable =>
          typeof one?.name === 'string' && typeof one?.type === 'string'
      )
    : [];
}
