/** The sidebar's mark: a question with the three steps of its price. */

import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0 2v11h5v2l2.500-2H20V5z"/>
    <path d="M6.500 11h2.500v3H6.500zM10.750 9h2.500v5h-2.500zM15 7h2.500v7H15z"/>
  </g>
</svg>`;

export const qwenIcon = new LabIcon({ name: 'qwen-magics:qwen', svgstr: SVG });
