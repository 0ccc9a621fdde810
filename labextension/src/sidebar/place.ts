/** An empty place in the sidebar that fills itself once it is looked at. */

import { PanelLayout, Widget } from '@lumino/widgets';

import type { SidebarPanel } from './panel';

export class Place extends Widget {
  constructor(private readonly _fill: () => Promise<SidebarPanel>) {
    super();
    this.layout = new PanelLayout();
    this.addClass('jp-QwenSidebar');
  }

  /** What is in it, made at the first call. */
  async panel(): Promise<SidebarPanel> {
    this._filled ??= this._fill().then(panel => {
      (this.layout as PanelLayout).addWidget(panel);
      return panel;
    });
    return this._filled;
  }

  protected override onBeforeShow(): void {
    void this.panel();
  }

  private _filled: Promise<SidebarPanel> | null = null;
}
