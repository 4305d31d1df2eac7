// Loading the model: a bar, a way to stop, and a way to begin again. And what went wrong, wherever it did.

import { isAbort } from '../ask-worker.ts';
import { byId, messageOf } from '../dom.ts';
import type { AskModel } from '../model-client.ts';
import { PLACES } from '../places.ts';
import type { EngineName, ModelInfo, Progress } from '../protocol.ts';

const box = byId('loading', HTMLElement);
const stage = byId('load-stage', HTMLElement);
const bar = byId('load-bar', HTMLProgressElement);
const amount = byId('load-amount', HTMLElement);
const cancel = byId('load-cancel', HTMLButtonElement);
const again = byId('load-again', HTMLElement);
const button = byId('load-button', HTMLButtonElement);
const notice = byId('notice', HTMLElement);

/** Shows a sentence where everybody sees it; nothing hides it. */
export function notify(message: string): void {
  notice.hidden = message === '';
  notice.textContent = message;
}

/**
 * Does something long with the bar in sight.
 *
 * @param work - gets the signal of the cancel button
 * @returns undefined when it was cancelled
 * @throws what `work` throws
 */
export async function withBar<T>(
  work: (options: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  cancel.onclick = () => controller.abort();
  bar.removeAttribute('value');
  amount.textContent = '';
  box.hidden = false;
  try {
    return await work({ signal: controller.signal, onProgress: show });
  } catch (error) {
    if (!isAbort(error)) throw error;
    return undefined;
  } finally {
    box.hidden = true;
  }
}

function show({ stage: what, done, total = 0 }: Progress): void {
  stage.textContent = what;
  if (total === 0) return;
  bar.value = done / total;
  const inBytes = total > 100_000;
  amount.textContent = inBytes ? `${megabytes(done)} of ${megabytes(total)} MB` : `${done} of ${total}`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Loads the shipped model, as often as it takes. @param ready - called once it is there */
export function startLoading(ask: AskModel, engine: EngineName, ready: (info: ModelInfo) => void): void {
  const load = async (): Promise<void> => {
    again.hidden = true;
    notify('');
    try {
      const info = await withBar((options) => ask('load', { places: PLACES, engine }, options));
      if (info !== undefined) {
        ready(info);
        return;
      }
      notify('Loading was stopped. The text is still drawn as the model would see it.');
    } catch (error) {
      notify(messageOf(error));
    }
    again.hidden = false;
  };
  button.addEventListener('click', load);
  void load();
}
