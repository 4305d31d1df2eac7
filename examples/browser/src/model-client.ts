// The page's side of the model: one worker, one table of questions.

import { type Ask, askWorker } from './ask-worker.ts';
import type { ModelInfo, ModelJobs } from './protocol.ts';

export type AskModel = Ask<ModelJobs>;

/** @param onNotice - hears when the engine has changed by itself */
export function startModel(onNotice: (notice: string, info?: ModelInfo) => void): AskModel {
  const worker = new Worker(new URL('./worker/model-worker.ts', import.meta.url), {
    type: 'module',
    name: 'model',
  });
  return askWorker<ModelJobs>(worker, onNotice);
}
