// A model file of the visitor's own in place of the shipped one, and the way back.

import { byId, messageOf } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import type { ModelInfo } from '../protocol.ts';
import { withBar } from './loading-panel.ts';

const file = byId('model-file', HTMLInputElement);
const back = byId('model-shipped', HTMLButtonElement);
const report = byId('model-report', HTMLElement);

/** @param changed - told when another model answers */
export function startOwnModel(ask: AskModel, changed: (info: ModelInfo) => void): void {
  const change = async (work: () => Promise<ModelInfo | undefined>): Promise<void> => {
    try {
      const info = await work();
      if (info === undefined) {
        report.textContent = 'Stopped. The model from before answers on.';
        return;
      }
      back.hidden = info.name === 'the emoji model';
      report.textContent = `Now ${info.name} answers: ${info.parameters.toLocaleString('en')} weights, pictures of ${info.imageSize} px.`;
      changed(info);
    } catch (error) {
      report.textContent = messageOf(error);
    }
  };
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    file.value = ''; // so that the same file can be chosen again
    if (chosen === undefined) return;
    report.textContent = `Reading ${chosen.name} …`;
    void change(() => withBar((options) => ask('loadOwn', { file: chosen, name: chosen.name }, options)));
  });
  back.addEventListener('click', () => void change(() => ask('loadShipped', {})));
}
