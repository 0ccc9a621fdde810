/** "What is sent": the very request that would go now, item by item, and its exact body. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ISentItem, IWhatIsSent } from '../api/values';
import { count } from '../receipt/figures';
import { shortMoney } from '../receipt/money';
import { tokensOf } from './words';

/** Show it until it is closed. */
export async function showSent(
  sent: IWhatIsSent,
  trans: TranslationBundle
): Promise<void> {
  const body = ReactWidget.create(<Sent sent={sent} trans={trans} />);
  body.addClass('jp-QwenSent');
  await showDialog({
    title: trans.__('What is sent to %1', sent.label),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

interface IProps {
  readonly sent: IWhatIsSent;
  readonly trans: TranslationBundle;
}

export function Sent({ sent, trans }: IProps): React.JSX.Element {
  return (
    <>
      <p className="jp-QwenSent-sum">
        {tokensOf(sent.tokens, trans)} ·{' '}
        {trans.__('secrets are taken out; nothing else is sent')}
      </p>
      <ul className="jp-QwenSent-items">
        {sent.items.map((item, index) => (
          <li key={index}>
            <Item item={item} currency={sent.currency} trans={trans} />
          </li>
        ))}
      </ul>
      <Fold title={trans.__('The exact request')} figures={[]}>
        {() => <pre tabIndex={0}>{sent.body}</pre>}
      </Fold>
    </>
  );
}

function Item(props: {
  readonly item: ISentItem;
  readonly currency: string;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { item, currency, trans } = props;
  const { label, title, tokens, cost, cached, notes, text, answer } = item;
  const figures = [
    count(tokens),
    ...(cost === null ? [] : [shortMoney(cost, currency)]),
    ...(cached ? [trans.__('cache: %1', cached)] : []),
    ...notes
  ];
  return (
    <Fold title={[label, title].filter(Boolean).join(' ')} figures={figures}>
      {() => (
        <>
          <pre tabIndex={0}>{text}</pre>
          {answer && (
            <pre tabIndex={0} className="jp-QwenSent-answer">
              {answer}
            </pre>
          )}
        </>
      )}
    </Fold>
  );
}

/** A line that opens; what is in it is made when it is opened first. */
function Fold(props: {
  readonly title: string;
  readonly figures: ReadonlyArray<string>;
  readonly children: () => React.JSX.Element;
}): React.JSX.Element {
  const [opened, setOpened] = React.useState(false);
  return (
    <details
      onToggle={event => {
        setOpened(opened || event.currentTarget.open);
      }}
    >
      <summary>
        <span className="jp-QwenSent-title">{props.title}</span>{' '}
        <span className="jp-QwenSent-figures">{props.figures.join(' · ')}</span>
      </summary>
      {opened && props.children()}
    </details>
  );
}
