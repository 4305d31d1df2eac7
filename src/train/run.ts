// A run that survives: checkpoints in turns beside its metrics, and the way back to where it was.

import type { ClippoModel } from '../clippo-model.ts';
import { ClippoError } from '../errors.ts';
import { createMetricsLog, type MetricsLog } from './metrics-log.ts';
import type { ModelCardText } from './model-card.ts';
import {
  checkpointChunks,
  type Learner,
  type ReadCheckpoint,
  type RunState,
  readCheckpoint,
  restore,
} from './run-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';

export interface RunOptions {
  /** What trains, as it stands in messages; default `'train'`. */
  readonly door?: string;
  readonly folder: RunFolder;
  readonly learner: Learner;
  readonly settings: RunState['settings'];
  /** What the model card says beyond what the run knows. */
  readonly card: ModelCardText;
  /** Newest checkpoints that are kept. */
  readonly keep: number;
  /** Checkpoints of these steps and their multiples stay for ever; 0 for none. */
  readonly keepEvery: number;
  /** Hears of checkpoints that were passed over. */
  readonly onWarning: (message: string) => void;
}

export interface Run {
  /** Puts model and optimiser where the newest whole checkpoint has them. @returns undefined where there is none */
  resume(): Promise<Pick<RunState, 'step' | 'position'> | undefined>;
  /** @throws DataError when it cannot be written; those before are unharmed */
  checkpoint(step: number, position: RunState['position']): Promise<void>;
  readonly metrics: MetricsLog;
  /** Writes the weights of the model alone, as `ClippoModel.load` takes them, and the card that goes with them. */
  saveModel(model: ClippoModel): Promise<void>;
}

const MODEL = 'model.safetensors';
const CHECKPOINT = /^checkpoint-(\d{9})\.npz$/;

export function createRun(options: RunOptions): Run {
  const { door = 'train', folder, learner, settings, card, keep, keepEvery, onWarning } = options;
  const metrics = createMetricsLog(folder, settings);

  async function stepsOnDisk(): Promise<number[]> {
    const names = await folder.list();
    return names
      .flatMap((name) => CHECKPOINT.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  }

  async function newest(): Promise<ReadCheckpoint | undefined> {
    for (const step of await stepsOnDisk()) {
      try {
        return readCheckpoint(await folder.read(nameOf(step)));
      } catch (error) {
        if (!(error instanceof ClippoError)) throw error;
        onWarning(`${nameOf(step)} is damaged, the one before is taken: ${error.message}`);
      }
    }
    return undefined;
  }

  async function removeOld(): Promise<void> {
    const rolling = (await stepsOnDisk()).filter((step) => keepEvery === 0 || step % keepEvery !== 0);
    for (const step of rolling.slice(keep)) await folder.remove(nameOf(step));
  }

  return {
    async resume() {
      const found = await newest();
      if (found !== undefined) await restore(found, learner, settings, door);
      await metrics.open(found?.state.step ?? 0);
      if (found === undefined) return undefined;
      return found.state;
    },
    async checkpoint(step, position) {
      await metrics.flush(); // first, so that metrics reach at least as far as the checkpoint
      await folder.write(nameOf(step), await checkpointChunks(learner, { step, position, settings }));
      await removeOld();
    },
    metrics,
    async saveModel(model) {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      await Promise.all([
        folder.write(MODEL, chunksOf(readable)),
        model.save(writable, { format: 'safetensors' }),
      ]);
      await metrics.card({ text: card, config: model.config });
    },
  };
}

function nameOf(step: number): string {
  return `checkpoint-${String(step).padStart(9, '0')}.npz`;
}

/** Not every browser can iterate over a stream. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
