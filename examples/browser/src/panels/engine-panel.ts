// The choice of what computes, and how long a text takes on each.

import { byId, messageOf } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import type { EngineName, ModelInfo } from '../protocol.ts';
import { notify } from './loading-panel.ts';

const ENGINES: readonly EngineName[] = ['wasm', 'webgpu', 'onnx'];
const radios = [...document.querySelectorAll<HTMLInputElement>('input[name="engine"]')];

export interface EnginePanel {
  /** The engine that is in use, or will be. */
  engine(): EngineName;
  /** Shows what the model says of itself. */
  show(info: ModelInfo): void;
}

/** @param changed - told when another engine answers */
export function startEngines(ask: AskModel, changed: (info: ModelInfo) => void): EnginePanel {
  let engine: EngineName = 'wasm';

  const show = (info: ModelInfo): void => {
    engine = info.engine;
    for (const radio of radios) {
      radio.checked = radio.value === engine;
      radio.disabled = false;
    }
    byId(`ms-${engine}`, HTMLOutputElement).textContent = `${info.encodeMs.toFixed(1)} ms`;
  };

  for (const radio of radios) {
    radio.disabled = true; // until there is a model
    radio.addEventListener('change', async () => {
      const wanted = ENGINES.find((name) => name === radio.value)!; // index.html has no others
      const output = byId(`ms-${wanted}`, HTMLOutputElement);
      for (const one of radios) one.disabled = true;
      output.textContent = 'starting …';
      notify('');
      try {
        const info = await ask('useEngine', { engine: wanted });
        show(info);
        changed(info);
      } catch (error) {
        output.textContent = 'not here';
        for (const one of radios) {
          one.disabled = false;
          one.checked = one.value === engine;
        }
        notify(messageOf(error));
      }
      document
        .querySelector<HTMLInputElement>('input[name="engine"]:checked')
        ?.focus({ preventScroll: true });
    });
  }
  return { engine: () => engine, show };
}
