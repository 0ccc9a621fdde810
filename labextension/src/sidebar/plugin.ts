/** The plugin that puts the chat into JupyterLab's right sidebar. What is in it comes when it is first shown. */

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { PanelLayout, Widget } from '@lumino/widgets';

/** An empty place in the sidebar that fills itself once it is looked at. */
class Place extends Widget {
  constructor(private readonly _fill: () => Promise<Widget>) {
    super();
    this.layout = new PanelLayout();
    this.addClass('jp-QwenSidebar');
  }

  protected override onBeforeShow(): void {
    this._filled ??= this._fill().then(content =>
      (this.layout as PanelLayout).addWidget(content)
    );
  }

  private _filled: Promise<void> | null = null;
}

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'qwen-magics:sidebar',
  description: 'A chat beside the notebook that shows what it sends and costs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [
    ILayoutRestorer,
    ISettingRegistry,
    INotebookTracker,
    IStateDB,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    tracker: INotebookTracker | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('qwen-magics');
    const place = new Place(async () => {
      const { makePanel } = await import('./content');
      return makePanel({
        trans,
        rendermime,
        registry,
        tracker,
        contents: app.serviceManager.contents,
        state
      });
    });
    place.id = 'jp-qwen-sidebar';
    place.title.caption = trans.__('Qwen');
    place.title.label = trans.__('Qwen');
    restorer?.add(place, place.id);
    app.shell.add(place, 'right', { rank: 200 });
  }
};
