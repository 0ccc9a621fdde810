/** The text that is typed, and the list that opens at an `@`. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Completion } from './completion';
import type { IMention } from './mentions';
import type { ComposerModel } from './model';
import { Suggestions, suggestionId } from './suggestions';

interface IProps {
  readonly model: ComposerModel;
  readonly trans: TranslationBundle;
}

const LIST = 'jp-QwenSuggestions';

export function Input({ model, trans }: IProps): React.JSX.Element {
  const field = React.useRef<HTMLTextAreaElement>(null);
  const cursor = React.useRef<number | null>(null);
  const [completion] = React.useState(() => new Completion(model.mentions));
  React.useLayoutEffect(() => {
    if (cursor.current !== null) {
      field.current?.setSelectionRange(cursor.current, cursor.current);
      cursor.current = null;
    }
  });

  const update = (): void => {
    const { value, selectionStart } = field.current!;
    void completion.update(value, selectionStart);
  };
  const take = (mention: IMention): void => {
    if (completion.at !== null) {
      const at = completion.at;
      completion.close();
      cursor.current = model.mention(at, mention);
      void completion.update(model.text, cursor.current);
      field.current?.focus();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (isComposing(event)) {
      return; // the keys belong to the input method
    }
    if (completion.at !== null) {
      if (listKey(event, completion, take)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
    }
    if (
      event.key === 'Enter' &&
      event.shiftKey !== model.preferences.enterSends
    ) {
      event.preventDefault();
      void model.send();
    }
  };

  return (
    <UseSignal signal={completion.changed}>
      {() => (
        <div className="jp-QwenComposer-field">
          <Suggestions
            id={LIST}
            completion={completion}
            onTake={take}
            trans={trans}
          />
          <textarea
            ref={field}
            className="jp-QwenComposer-input jp-mod-styled"
            rows={2}
            aria-label={trans.__('Ask Qwen')}
            aria-autocomplete="list"
            aria-haspopup="listbox"
            aria-controls={completion.at ? LIST : undefined}
            aria-activedescendant={
              completion.at ? suggestionId(LIST, completion.index) : undefined
            }
            placeholder={
              model.open.panel
                ? trans.__('Ask about this notebook, @ to add context…')
                : trans.__('Ask anything, @ to add context…')
            }
            value={model.text}
            onChange={event => {
              model.text = event.target.value;
              update();
            }}
            onSelect={update}
            onKeyDown={onKeyDown}
            onBlur={() => {
              completion.close();
            }}
          />
        </div>
      )}
    </UseSignal>
  );
}

/** Whether the open list takes this key. */
function listKey(
  event: React.KeyboardEvent,
  completion: Completion,
  take: (mention: IMention) => void
): boolean {
  switch (event.key) {
    case 'ArrowDown':
      completion.move(1);
      return true;
    case 'ArrowUp':
      completion.move(-1);
      return true;
    case 'Escape':
      completion.close();
      return true;
    case 'Enter':
    case 'Tab':
      take(completion.chosen!);
      return true;
    case ' ':
      if (completion.exact !== null) {
        take(completion.exact);
        return true;
      }
      return false;
  }
  return false;
}

/** Enter while an input method composes ends the word, and Safari says so only by this number. */
function isComposing(event: React.KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === 229;
}
