/** What a browser test can take away: a JupyterLab of its own, which asks the fake provider, and the line to one. */

import { spawn, type ChildProcess } from 'child_process';
import { once } from 'events';
import { mkdirSync, mkdtempSync } from 'fs';
import { connect, createServer, type AddressInfo, type Socket } from 'net';
import { tmpdir } from 'os';
import { join, resolve } from 'path';

export class OwnServer {
  static async start(): Promise<OwnServer> {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const server = new OwnServer(port);
    await server.again();
    return server;
  }

  private constructor(private readonly _port: number) {}

  get url(): string {
    return `http://127.0.0.1:${this._port}`;
  }

  /** Start it once more, with all that it has kept. Resolves when it answers. */
  async again(): Promise<void> {
    const folder = (name: string): string => {
      const made = join(this._home, name);
      mkdirSync(made, { recursive: true });
      return made;
    };
    const options = process.getuid?.() === 0 ? ['--allow-root'] : [];
    const config = resolve(__dirname, '../jupyter_server_test_config.py');
    this._process = spawn('jupyter', ['lab', ...options, '--config', config], {
      stdio: 'ignore',
      env: {
        ...process.env,
        QWEN_UI_PORT: String(this._port),
        JUPYTER_CONFIG_DIR: folder('config'),
        JUPYTER_DATA_DIR: folder('data'),
        JUPYTER_RUNTIME_DIR: folder('runtime'),
        IPYTHONDIR: folder('ipython'),
        JUPYTERLAB_GALATA_ROOT_DIR: folder('notebooks'),
        PYTHON_KEYRING_BACKEND: 'keyring.backends.fail.Keyring',
        QWEN_MAGICS_PROVIDER: 'alibaba',
        QWEN_MAGICS_BASE_URL: `http://127.0.0.1:${process.env.QWEN_UI_PROVIDER}/v1`,
        DASHSCOPE_API_KEY: `sk-${crypto.randomUUID()}`
      }
    });
    for (;;) {
      const answer = await fetch(`${this.url}/api`).catch(() => null);
      if (answer?.ok) {
        return;
      }
      if (this._process.exitCode !== null) {
        throw new Error('The server ended before it answered.');
      }
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  /** End it, if it has not ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { _process: process } = this;
    if (process && process.exitCode === null && process.signalCode === null) {
      process.kill(signal);
      await once(process, 'exit');
    }
  }

  private readonly _home = mkdtempSync(join(tmpdir(), 'qwen-server-'));
  private _process: ChildProcess | null = null;
}

/** A line to a server that can be cut, with all connections that go through it. */
export class Line {
  static async open(to: number): Promise<Line> {
    const line = new Line(to);
    await line._listen(0);
    return line;
  }

  private constructor(private readonly _to: number) {}

  get url(): string {
    return `http://127.0.0.1:${this._port}`;
  }

  async cut(): Promise<void> {
    this._sockets.forEach(socket => socket.destroy());
    this._server.close();
    await once(this._server, 'close');
  }

  async mend(): Promise<void> {
    await this._listen(this._port);
  }

  private async _listen(port: number): Promise<void> {
    this._server.listen(port, '127.0.0.1');
    await once(this._server, 'listening');
    this._port = (this._server.address() as AddressInfo).port;
  }

  private _join(near: Socket): void {
    const far = connect(this._to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const) {
      this._sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined); // `close` comes after it
      one.on('close', () => {
        this._sockets.delete(one);
        other.destroy();
      });
    }
  }

  private readonly _server = createServer(near => this._join(near));
  private readonly _sockets = new Set<Socket>();
  private _port = 0;
}
