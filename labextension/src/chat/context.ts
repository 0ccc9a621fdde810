/** What the parts of the chat's view share. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { IWord } from '../api/word';
import type { ICodeActions } from './actions';
import type { ChatModel } from './model';

/** How the chat asks: the composer adds what goes along with a question. */
export interface IAsking {
  /** What is typed. */
  text: string;
  /** Ask this text behind the turn `parent`, or behind the last one. */
  ask(text: string, ask?: IWord & { readonly parent?: string }): Promise<void>;
}

export interface IChatContext {
  readonly trans: TranslationBundle;
  /** One made `harmless`. */
  readonly rendermime: IRenderMimeRegistry;
  readonly chat: ChatModel;
  readonly asking: IAsking;
  readonly actions: ICodeActions;
}

export const ChatContext = React.createContext<IChatContext | null>(null);

export function useChat(): IChatContext {
  const context = React.useContext(ChatContext);
  if (context === null) {
    throw new Error('This is a part of the chat.');
  }
  return context;
}

/** Renders anew when the signal is emitted: at once, but not again before `every` milliseconds have passed. */
export function usePaced<T>(signal: ISignal<T, void>, every = 100): void {
  const [, render] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    let timer = 0;
    let again = false;
    const tick = (): void => {
      timer = again ? window.setTimeout(tick, every) : 0;
      if (again) {
        again = false;
        render();
      }
    };
    const changed = (): void => {
      again = true;
      if (timer === 0) {
        tick();
      }
    };
    signal.connect(changed);
    render();
    return () => {
      window.clearTimeout(timer);
      signal.disconnect(changed);
    };
  }, [signal, every]);
}
