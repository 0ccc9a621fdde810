/** Calls to `/qwen/api/…` of this Jupyter Server, and to nowhere else. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { events } from './sse';
import type { INumbered, IProblem, IQuestion } from './values';

/** The server said no. `stale`: it no longer holds the notebook, which has to be sent again. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: IProblem,
    readonly stale = false
  ) {
    super(problem.message);
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export class Server {
  constructor(private readonly _settings = ServerConnection.makeSettings()) {}

  /** One call with JSON in and out. Throws a Refusal, or a NetworkError where the server can't be reached. */
  async call<T>(
    method: Method,
    path: string,
    body?: unknown,
    signal?: AbortSignal
  ): Promise<T> {
    const response = await this._request(method, path, body, signal);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** A file that the server makes, under the name that it gives it. */
  async file(path: string): Promise<{ name: string; content: Blob }> {
    const response = await this._request('GET', path, undefined, undefined);
    const said = response.headers.get('Content-Disposition') ?? '';
    const [, encoded, plain] =
      /filename\*=utf-8''([^;]+)|filename="?([^";]+)/i.exec(said) ?? [];
    const name = encoded ? decodeURIComponent(encoded) : (plain ?? 'qwen');
    return { name, content: await response.blob() };
  }

  /** Ask; the turn's events as they come. */
  async *ask(
    question: IQuestion,
    signal?: AbortSignal
  ): AsyncGenerator<INumbered> {
    const response = await this._request('POST', 'chat', question, signal);
    yield* events(response.body as ReadableStream<Uint8Array>);
  }

  /** Go on with a turn in flight behind event number `after`. */
  async *attach(
    turn: string,
    after: number,
    signal?: AbortSignal
  ): AsyncGenerator<INumbered> {
    const path = `chat/${turn}?after=${after}`;
    const response = await this._request('GET', path, undefined, signal);
    yield* events(response.body as ReadableStream<Uint8Array>);
  }

  /** Stop a turn in flight; its stream then ends with what came. */
  async stop(turn: string): Promise<void> {
    await this.call('DELETE', `chat/${turn}`);
  }

  private async _request(
    method: Method,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined
  ): Promise<Response> {
    const response = await ServerConnection.makeRequest(
      URLExt.join(this._settings.baseUrl, 'qwen/api', path),
      {
        method,
        signal: signal ?? null,
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      },
      this._settings
    );
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  }
}

async function refusal(response: Response): Promise<Refusal> {
  const said = (await response.json().catch(() => ({}))) as {
    error?: Partial<IProblem>;
    stale?: boolean;
  };
  const problem: IProblem = {
    kind: said.error?.kind ?? 'Refused',
    message: said.error?.message ?? response.statusText,
    remedy: said.error?.remedy ?? '',
    request_id: said.error?.request_id ?? ''
  };
  return new Refusal(response.status, problem, said.stale ?? false);
}
