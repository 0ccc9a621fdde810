/** Who answers: the provider, its models with what they can do and cost, and how they are asked. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IModel } from '../api/office';
import type { StatusModel } from '../status/model';
import { Test } from '../status/test';
import { Limits } from './limits';
import { Lock } from './lock';
import { Select } from './select';
import { ModelRow } from './modelrow';
import type { ModelsModel } from './models';

interface IProps {
  readonly models: ModelsModel;
  readonly status: StatusModel;
  readonly trans: TranslationBundle;
  /** Open JupyterLab's settings editor. */
  readonly onSettings: () => void;
}

export function ModelPicker(props: IProps): React.JSX.Element {
  const { models, status, trans, onSettings } = props;
  React.useEffect(() => void models.refresh(), [models]);
  return (
    <UseSignal signal={models.changed}>
      {() => (
        <section
          className="jp-QwenModels"
          aria-label={trans.__('Model and settings')}
        >
          <Providers {...props} />
          {models.problem && (
            <p className="jp-QwenNote" role="alert">
              {models.problem}
            </p>
          )}
          <fieldset disabled={models.preferences.locked('model')}>
            <legend>
              {trans.__('Model')}
              <Lock on={models.preferences.locked('model')} trans={trans} />
            </legend>
            <Choice {...props} />
          </fieldset>
          <Limits
            preferences={models.preferences}
            model={models.current}
            trans={trans}
          />
          <Test status={status} trans={trans} />
          <button className="jp-QwenButton" onClick={onSettings}>
            {trans.__('All settings…')}
          </button>
        </section>
      )}
    </UseSignal>
  );
}

/** The model that answers, with its prices; the others are one step away. */
function Choice({ models, trans }: IProps): React.JSX.Element {
  const { current, offer } = models;
  const row = (model: IModel): React.JSX.Element => (
    <ModelRow
      key={model.id}
      model={model}
      currency={offer.currency}
      checked={model === current}
      trans={trans}
      onChoose={() => void models.chooseModel(model)}
    />
  );
  const others = offer.models.filter(model => model !== current);
  return (
    <>
      {current && row(current)}
      {others.length > 0 && (
        <details open={current === null}>
          <summary>
            {trans._n(
              '%1 other model',
              '%1 other models',
              others.length,
              others.length
            )}
          </summary>
          {others.map(row)}
        </details>
      )}
    </>
  );
}

function Providers({ models, trans }: IProps): React.JSX.Element {
  const { offer, preferences } = models;
  const locked = preferences.locked('provider');
  return (
    <label className="jp-QwenSetting">
      <span>
        {trans.__('Provider')}
        <Lock on={locked} trans={trans} />
      </span>
      <Select
        disabled={locked}
        value={preferences.options.provider ?? ''}
        onChoose={name => void models.chooseProvider(name)}
        options={[
          { value: '', label: trans.__('As the server is set') },
          ...offer.providers.map(({ name, label, ready }) => ({
            value: name,
            label: ready ? label : trans.__('%1 (not set up)', label)
          }))
        ]}
      />
    </label>
  );
}
