// A run that is interrupted and goes on: the same losses bit for bit, nothing lost to a full disk or a damaged file.

import { afterEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import {
  adafactor,
  type PairBatch,
  schedule,
  type TrainOptions,
  type TrainResult,
  train,
} from '../../src/train/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { generateImage } from '../support/golden.ts';
import { type MemoryRunFolder, memoryRunFolder } from '../support/memory-run-folder.ts';
import { wordBatches, wordSource } from '../support/record-sources.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;
const WORDS = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu'];

const source = await wordSource(WORDS);
const batches = wordBatches(source, { batchSize: 3, seed: 5, augment: { rotate: 10 } });

interface Trained extends TrainResult {
  readonly losses: readonly number[];
}

/** A model of its own, trained and thrown away. */
async function trainNew(
  folder: MemoryRunFolder | undefined,
  options: Partial<TrainOptions> & Pick<TrainOptions, 'steps'>,
  config: Parameters<typeof ClippoModel.create>[0] = CONFIG,
): Promise<Trained> {
  const model = await ClippoModel.create(config, { seed: 3 });
  const rate = schedule({ decay: 'cosine', total: 12, warmup: 2 });
  const optimizer = adafactor({ learningRate: 1e-2, schedule: rate });
  try {
    const run = folder === undefined ? {} : { run: folder };
    const result = await train({ model, batches, optimizer, ...run, ...options });
    return { ...result, losses: result.history.map(({ loss }) => loss) };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

function metricsIn({ files }: MemoryRunFolder): { step: number; loss?: number }[] {
  const text = new TextDecoder().decode(files.get('metrics.jsonl'));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Ends the process at a step, as far as the folder can tell. */
class Killed extends Error {}
const killAt = (step: number): Pick<TrainOptions, 'onStep'> => ({
  onStep(metrics) {
    if (metrics.step === step) throw new Killed();
  },
});

describe.each(['tfjs', 'onnx'] as const)('a run by %s', (engine) => {
  expectNoLeaks();

  it('goes on bit for bit from its last checkpoint, with the same examples', async () => {
    const { losses } = await trainNew(undefined, { engine, steps: 10 });
    const folder = memoryRunFolder();
    const every = { engine, steps: 10, checkpointEvery: 3 };
    await expect(trainNew(folder, { ...every, ...killAt(5) })).rejects.toThrow(Killed);
    expect(folder.isOpen()).toBe(false);
    const second = await trainNew(folder, every);
    expect(second.losses).toEqual(losses.slice(3));
    expect(second).toMatchObject({ step: 10, aborted: false });
    expect(metricsIn(folder).map(({ step, loss }) => [step, loss])).toEqual(
      losses.map((loss, i) => [i + 1, loss]),
    );
    const third = await trainNew(folder, every);
    expect(third).toMatchObject({ step: 10, history: [] });
  });

  it('does so with batches that have no position, and in chunks', async () => {
    function* repeat(): Generator<PairBatch> {
      for (let k = 0; ; k++) {
        const images = [0, 1, 2].map((i) => generateImage((i + k) % 5, 32));
        yield { images, texts: [...images].reverse() };
      }
    }
    const options = { engine, steps: 6, checkpointEvery: 2, chunk: 2 };
    const { losses } = await trainNew(undefined, { ...options, batches: repeat() });
    const folder = memoryRunFolder();
    await expect(trainNew(folder, { ...options, batches: repeat(), ...killAt(3) })).rejects.toThrow(Killed);
    const { losses: rest } = await trainNew(folder, { ...options, batches: repeat });
    expect(rest).toEqual(losses.slice(2));
  });
});

describe('a run', () => {
  expectNoLeaks();
  const controller = { current: new AbortController() };
  afterEach(() => {
    controller.current = new AbortController();
  });

  it('keeps the newest checkpoints and those that are to stay, and the model at the end', async () => {
    const folder = memoryRunFolder();
    await trainNew(folder, { steps: 9, checkpointEvery: 1, keep: 2, keepEvery: 4 });
    expect([...folder.files.keys()].sort()).toEqual([
      'checkpoint-000000004.npz',
      'checkpoint-000000007.npz',
      'checkpoint-000000008.npz',
      'checkpoint-000000009.npz',
      expect.stringMatching(/^events\.out\.tfevents\.\d+\.clippo$/),
      'metrics.jsonl',
      'model-card.md',
      'model.safetensors',
      'report.html',
    ]);
    const [saved, checkpoint] = [
      await ClippoModel.load(folder.files.get('model.safetensors')!),
      await ClippoModel.load(folder.files.get('checkpoint-000000009.npz')!),
    ];
    const [a, b] = [await saved.encodeText(['ant']), await checkpoint.encodeText(['ant'])];
    expect(a.data).toEqual(b.data);
    saved.dispose();
    checkpoint.dispose();
  });

  it('ends with a checkpoint when aborted, and goes on from there', async () => {
    const { losses } = await trainNew(undefined, { steps: 6 });
    const folder = memoryRunFolder();
    const { signal } = controller.current;
    const first = await trainNew(folder, {
      steps: 6,
      signal,
      onStep: ({ step }) => step === 4 && controller.current.abort(),
    });
    expect(first).toMatchObject({ step: 4, aborted: true });
    expect([...folder.files.keys()]).toContain('checkpoint-000000004.npz');
    expect((await trainNew(folder, { steps: 6 })).losses).toEqual(losses.slice(4));
  });

  it('takes the checkpoint before a damaged one, and says so', async () => {
    const folder = memoryRunFolder();
    const { losses } = await trainNew(folder, { steps: 6, checkpointEvery: 2, keep: 3 });
    const newest = folder.files.get('checkpoint-000000006.npz')!;
    for (const damaged of [newest.subarray(0, newest.length / 2), flipped(newest), new Uint8Array(0)]) {
      folder.files.set('checkpoint-000000006.npz', damaged);
      const warnings: string[] = [];
      const again = await trainNew(folder, { steps: 6, onWarning: (message) => warnings.push(message) });
      expect(again.losses).toEqual(losses.slice(4));
      expect(warnings).toEqual([
        expect.stringContaining('checkpoint-000000006.npz is damaged, the one before'),
      ]);
    }
  });

  it('names every setting that differs', async () => {
    const folder = memoryRunFolder();
    await trainNew(folder, { steps: 2, settings: { batchSize: 3, data: { seed: 5 } } });
    const other = trainNew(
      folder,
      { steps: 4, settings: { batchSize: 4, data: { seed: 6 } } },
      { ...CONFIG, embeddingDim: 8 },
    );
    await expect(other).rejects.toThrow(
      'train: the run was begun with other settings: model.embeddingDim was 16 and is now 8; batchSize was 3 and is now 4; data.seed was 5 and is now 6.',
    );
    expect((await trainNew(folder, { steps: 4, settings: { batchSize: 3, data: { seed: 5 } } })).step).toBe(
      4,
    );
  });

  it('says when the disk is full, and loses nothing that was there', async () => {
    const folder = memoryRunFolder();
    const { losses } = await trainNew(undefined, { steps: 6 });
    const full = trainNew(folder, {
      steps: 6,
      checkpointEvery: 2,
      onStep({ step }) {
        folder.isFull = step === 4;
      },
    });
    await expect(full).rejects.toThrow('the disk is full');
    folder.isFull = false;
    expect((await trainNew(folder, { steps: 6 })).losses).toEqual(losses.slice(2));
  });

  it('measures on the way and at the end', async () => {
    const folder = memoryRunFolder();
    const seen: [number, number][] = [];
    await trainNew(folder, {
      steps: 5,
      measureEvery: 2,
      measure: async ({ step, model }) => ({ recall: step / 10 + model.config.imageSize }),
      onMeasure: ({ step, values }) => seen.push([step, values.recall!]),
    });
    expect(seen).toEqual([
      [2, 32.2],
      [4, 32.4],
      [5, 32.5],
    ]);
    expect(metricsIn(folder).filter((line) => 'measured' in line)).toEqual(
      seen.map(([step, recall]) => ({ step, measured: { recall } })),
    );
  });

  it('tells where the checkpoint before a spoilt step is', async () => {
    const folder = memoryRunFolder();
    const model = await ClippoModel.create(CONFIG);
    const optimizer = adafactor({ learningRate: 1, schedule: (step) => (step < 4 ? 0 : 1e30) });
    const run = train({ model, batches, optimizer, steps: 20, run: folder, checkpointEvery: 2 });
    await expect(run).rejects.toThrow(
      /the loss is \S+ at step \d+; .* The checkpoint of step 4 is from before/,
    );
    optimizer.dispose();
    model.dispose();
  });
});

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length >> 1]! ^= 1;
  return copy;
}
