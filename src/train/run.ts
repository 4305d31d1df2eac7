// A run that survives: checkpoints in turns, a line of metrics a step, and the way back to where it was. The files of
// its folder are named here and nowhere else.

import type { ClippoModel } from '../clippo-model.ts';
import { ClippoError } from '../errors.ts';
import {
  checkpointChunks,
  type ReadCheckpoint,
  type RunState,
  readCheckpoint,
  restore,
  type SavedOptimizer,
} from './run-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';
import { tensorboardHeader, tensorboardScalars } from './tensorboard-events.ts';

export interface RunOptions {
  readonly folder: RunFolder;
  readonly model: ClippoModel;
  readonly optimizer: SavedOptimizer;
  readonly settings: RunState['settings'];
  /** Newest checkpoints that are kept. */
  readonly keep: number;
  /** Checkpoints of these steps and their multiples stay for ever; 0 for none. */
  readonly keepEvery: number;
  /** Hears of checkpoints that were passed over. */
  readonly onWarning: (message: string) => void;
}

/** A line of the metrics: numbers, or numbers under a name. */
export type MetricsLine = { readonly step: number } & Readonly<
  Record<string, number | Readonly<Record<string, number>>>
>;

export interface Run {
  /** Puts model and optimiser where the newest whole checkpoint has them. @returns undefined where there is none */
  resume(): Promise<Pick<RunState, 'step' | 'position'> | undefined>;
  /** @throws DataError when it cannot be written; those before are unharmed */
  checkpoint(step: number, position: RunState['position']): Promise<void>;
  /** Adds a line to the metrics, written with the next {@link flush} or checkpoint. */
  log(line: MetricsLine): void;
  flush(): Promise<void>;
  /** Writes the weights alone, as `ClippoModel.load` takes them. */
  saveModel(): Promise<void>;
}

const METRICS = 'metrics.jsonl';
const MODEL = 'model.safetensors';
const CHECKPOINT = /^checkpoint-(\d{9})\.npz$/;

export function createRun({
  folder,
  model,
  optimizer,
  settings,
  keep,
  keepEvery,
  onWarning,
}: RunOptions): Run {
  let lines: string[] = [];
  let events: Uint8Array[] = [];
  let eventFile: string | undefined;

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

  /** What was logged after the checkpoint will be logged again. */
  async function cutMetrics(step: number): Promise<void> {
    if (!(await folder.list()).includes(METRICS)) return;
    const text = new TextDecoder().decode(await folder.read(METRICS));
    const kept = text.split('\n').filter((line) => stepOf(line) <= step);
    await folder.write(METRICS, [new TextEncoder().encode(kept.map((line) => `${line}\n`).join(''))]);
  }

  async function removeOld(): Promise<void> {
    const rolling = (await stepsOnDisk()).filter((step) => keepEvery === 0 || step % keepEvery !== 0);
    for (const step of rolling.slice(keep)) await folder.remove(nameOf(step));
  }

  async function flush(): Promise<void> {
    if (lines.length === 0) return;
    const text = lines.join('');
    const records = events;
    lines = [];
    events = [];
    await folder.append(METRICS, new TextEncoder().encode(text));
    if (eventFile === undefined) {
      const seconds = Date.now() / 1000;
      eventFile = `events.out.tfevents.${seconds.toFixed(0)}.clippo`; // one for every start, as TensorBoard has it
      await folder.append(eventFile, tensorboardHeader(seconds));
    }
    for (const record of records) await folder.append(eventFile, record);
  }

  return {
    async resume() {
      const found = await newest();
      await cutMetrics(found?.state.step ?? 0);
      if (found === undefined) return undefined;
      await restore(found, model, optimizer, settings);
      return found.state;
    },
    async checkpoint(step, position) {
      await flush(); // first, so that metrics reach at least as far as the checkpoint
      await folder.write(
        nameOf(step),
        await checkpointChunks(model, optimizer, { step, position, settings }),
      );
      await removeOld();
    },
    log(line) {
      lines.push(`${JSON.stringify(line)}\n`);
      const { step, ...values } = line;
      events.push(tensorboardScalars(Date.now() / 1000, step, scalarsOf(values)));
    },
    flush,
    async saveModel() {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      await Promise.all([
        folder.write(MODEL, chunksOf(readable)),
        model.save(writable, { format: 'safetensors' }),
      ]);
    },
  };
}

/** `{ loss: 1, measured: { recall: 2 } }` → `{ loss: 1, 'measured/recall': 2 }` */
function scalarsOf(values: Omit<MetricsLine, 'step'>): Record<string, number> {
  const scalars: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number') scalars[name] = value;
    else for (const [inner, each] of Object.entries(value)) scalars[`${name}/${inner}`] = each;
  }
  return scalars;
}

function nameOf(step: number): string {
  return `checkpoint-${String(step).padStart(9, '0')}.npz`;
}

/** Of a line of metrics; Infinity for what is none, as the last one of a process that was killed. */
function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step: unknown };
    return typeof step === 'number' ? step : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
