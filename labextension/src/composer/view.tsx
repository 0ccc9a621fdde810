/** The composer: chips, the input, the meter, the buttons. Holds no state of its own. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ChatModel } from '../chat/model';
import { Actions } from './actions';
import { ChipsView } from './chipsview';
import { takeDrops } from './drop';
import { Input } from './input';
import { Meter } from './meter';
import type { ComposerModel } from './model';
import { Obstacle } from './obstacle';

interface IProps {
  readonly model: ComposerModel;
  readonly chat: ChatModel;
  /** What the status card says. */
  readonly known?: ReadonlyArray<string>;
  readonly trans: TranslationBundle;
}

export function ComposerView(props: IProps): React.JSX.Element {
  const { model, chat, known = [], trans } = props;
  const root = React.useRef<HTMLElement>(null);
  React.useEffect(() => {
    const drops = takeDrops(root.current!, model.chips, model.open.localPath);
    return () => {
      drops.dispose();
    };
  }, [model]);
  const onShowSent = (): void => {
    void model.whatIsSent().then(async sent => {
      if (sent !== null) {
        const { showSent } = await import('./sent');
        await showSent(sent, trans);
      }
    });
  };
  return (
    <section
      ref={root}
      className="jp-QwenComposer"
      aria-label={trans.__('Question')}
    >
      <UseSignal signal={model.changed}>
        {() => (
          <UseSignal signal={model.estimator.changed}>
            {() => {
              const { estimate, stale } = model.estimator;
              return (
                <>
                  <ChipsView model={model} trans={trans} />
                  <Input model={model} trans={trans} />
                  <Meter
                    estimate={estimate}
                    stale={stale}
                    trans={trans}
                    onTrim={() => model.retrim()}
                  />
                  <Obstacle known={known} model={model} trans={trans} />
                  <Actions
                    model={model}
                    chat={chat}
                    trans={trans}
                    onShowSent={onShowSent}
                  />
                </>
              );
            }}
          </UseSignal>
        )}
      </UseSignal>
    </section>
  );
}
