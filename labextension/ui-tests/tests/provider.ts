/** The fake provider behind the browser tests: told what to answer, asked what it got. See tests/fakes/serve.py. */

/** An answer (its text and thinking sent in pieces of `piece` characters, `pause` seconds apart), or a refusal. */
export interface IStep {
  text?: string;
  thinking?: string;
  piece?: number;
  delay?: number;
  pause?: number;
  cut_after?: number;
  hang_after?: number;
  error_after?: number;
  status?: number;
  code?: string;
  message?: string;
  headers?: Record<string, string>;
}

interface IAsked {
  requests: { path: string; body: Record<string, unknown> }[];
  hung_up: boolean;
}

const CONTROL = `http://127.0.0.1:${process.env.QWEN_UI_CONTROL}`;

/** Forget all that was, and answer so from now on, one step a question. */
export async function answers(...steps: IStep[]): Promise<void> {
  await told({ reset: true, steps });
}

/** The same, by one that caches prompts that share so many tokens with an earlier one. */
export async function cached(from: number, ...steps: IStep[]): Promise<void> {
  await told({ reset: true, cache_from: from, steps });
}

async function told(script: object): Promise<void> {
  await fetch(`${CONTROL}/script`, {
    method: 'POST',
    body: JSON.stringify(script)
  });
}

/** What was asked since. */
export async function asked(): Promise<IAsked> {
  return (await (await fetch(`${CONTROL}/requests`)).json()) as IAsked;
}
