/** What this browser's tabs tell one another: that a thread has changed. The server has what it is now. */

import { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

export class Tabs implements IDisposable {
  constructor() {
    const { baseUrl } = ServerConnection.makeSettings();
    this._channel = new BroadcastChannel(`qwen-magics ${baseUrl}`);
    this._channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') {
        this._told.emit(data);
      }
    };
    window.addEventListener('focus', this._onFocus);
  }

  /** A thread that another tab has changed; "" when this one is looked at again, and any may have changed. */
  get told(): ISignal<this, string> {
    return this._told;
  }

  tell(thread: string): void {
    this._channel.postMessage(thread);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._channel.close();
    window.removeEventListener('focus', this._onFocus);
    Signal.clearData(this);
  }

  private readonly _onFocus = (): void => this._told.emit('');
  private readonly _channel: BroadcastChannel;
  private _isDisposed = false;
  private readonly _told = new Signal<this, string>(this);
}
