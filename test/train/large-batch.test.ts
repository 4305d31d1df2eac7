// A batch in chunks against the same batch at once: the same loss, the same gradient of every parameter, whatever the
// sizes of rasters, on tfjs and in ONNX Runtime.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { ConfigError, DataError } from '../../src/errors.ts';
import { createRenderer } from '../../src/render/index.ts';
import {
  adafactor,
  createTrainStep,
  largeBatchStep,
  type PairBatch,
  type Parameters,
  type RecordableOptimizer,
  trainStep,
} from '../../src/train/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';
import { generateImage } from '../support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;
const WORDS = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu', 'hen', 'ibis', 'jay', 'kea', 'lynx', 'moth'];

/** Thirteen pairs, of which every third text is 16 px high and one more slot is a text on the left. */
async function mixedBatch(): Promise<PairBatch> {
  const [low, high] = [
    await createRenderer({ size: { width: 32, height: 16 } }),
    await createRenderer({ size: 32 }),
  ];
  const texts = WORDS.map((word, k) => (k % 3 === 0 ? low : high).render(word));
  const images = WORDS.map((word, k) => (k === 4 ? low.render(`the ${word}`) : generateImage(k, 32)));
  return { images, texts };
}

/** Changes nothing; keeps the gradients it is given, as state where a step is recorded. */
class GradientKeeper implements RecordableOptimizer {
  stepCount = 0;
  readonly seen = new Map<string, tf.Variable>();

  isFrozen(path: string): boolean {
    return path === 'img/pos_embedding';
  }

  stepNumbers(): { beta2: number; schedule: number } {
    return { beta2: 0.5, schedule: 2 };
  }

  prepare(parameters: Parameters): readonly tf.Variable[] {
    for (const [path, { shape }] of parameters) {
      if (!this.seen.has(path))
        this.seen.set(
          path,
          tf.tidy(() => tf.variable(tf.zeros(shape), false)),
        );
    }
    return [...this.seen.values()];
  }

  apply(parameters: Parameters, gradients: ReadonlyMap<string, tf.Tensor>) {
    this.prepare(parameters);
    const metrics = this.update(parameters, gradients, { beta2: tf.scalar(0.5), schedule: tf.scalar(2) });
    this.stepCount++;
    return metrics;
  }

  update(
    _: Parameters,
    gradients: ReadonlyMap<string, tf.Tensor>,
    scalars: { beta2: tf.Scalar; schedule: tf.Scalar },
  ) {
    for (const [path, gradient] of gradients) this.seen.get(path)!.assign(gradient);
    // both numbers must have come through
    return {
      gradNorm: tf.add<tf.Scalar>(scalars.beta2, 1),
      updateNorm: tf.mul<tf.Scalar>(scalars.schedule, 3),
    };
  }

  async gradients(): Promise<Map<string, Float32Array>> {
    const entries = [...this.seen].map(
      async ([path, v]) => [path, Float32Array.from(await v.data())] as const,
    );
    return new Map(await Promise.all(entries));
  }

  dispose(): void {
    tf.dispose([...this.seen.values()]);
  }
}

/** To 1e-5 of the largest; what is zero but for rounding, as the gradient of a bias of keys, to 1e-7. */
function expectSame(a: Map<string, Float32Array>, b: Map<string, Float32Array>): void {
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
  for (const [path, values] of a) {
    const scale = b.get(path)!.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(maxAbsDifference(values, b.get(path)!), path).toBeLessThanOrEqual(1e-5 * scale + 1e-7);
  }
}

describe.each(BACKENDS)('a batch in chunks, variables on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks();
  let model: ClippoModel;
  let batch: PairBatch;
  const keepers: GradientKeeper[] = [];
  const keeper = (): GradientKeeper => {
    const made = new GradientKeeper();
    keepers.push(made);
    return made;
  };
  beforeEach(async () => {
    model = await ClippoModel.create(CONFIG, { seed: 3 });
    batch = await mixedBatch();
  });
  afterEach(() => {
    model.dispose();
    for (const made of keepers.splice(0)) made.dispose();
  });

  it.each(['tfjs', 'onnx'] as const)('has the gradients of the whole batch, engine %s', async (engine) => {
    const [whole, parts] = [keeper(), keeper()];
    const expected = await trainStep({ model, optimizer: whole, batch });
    const runtime = engine === 'onnx' ? { runtime: countingRuntime() } : {};
    const got = await largeBatchStep({ model, optimizer: parts, batch, chunk: 4, engine, ...runtime });
    const gradients = await parts.gradients();
    expect(gradients.has('img/pos_embedding')).toBe(false); // frozen by this optimiser
    expect(gradients.has('img/embedding/kernel')).toBe(true);
    expect(gradients.get('t')![0]).not.toBe(0);
    expectSame(gradients, await whole.gradients());
    for (const name of ['loss', 'ncorrect', 'temperature', 'gradNorm', 'updateNorm'] as const) {
      expect(got[name], name).toBeCloseTo(expected[name], 5);
    }
    expect(parts.stepCount).toBe(1);
  });

  it('goes on from step to step with the same graphs, and takes a small batch at once', async () => {
    const runtime = countingRuntime();
    const [optimizer, byTfjs] = [adafactor(), adafactor()];
    const other = await ClippoModel.create(CONFIG, { seed: 3 });
    const step = await createTrainStep({ model, optimizer, chunk: 4, engine: 'onnx', runtime });
    await step.run(batch);
    const sessions = runtime.opened();
    const second = await step.run(batch);
    expect(runtime.opened()).toBe(sessions);
    await trainStep({ model: other, optimizer: byTfjs, batch });
    const expected = await trainStep({ model: other, optimizer: byTfjs, batch });
    expect(second.loss).toBeCloseTo(expected.loss, 4);
    expect(optimizer.stepCount).toBe(2);
    const few = { images: batch.images.slice(0, 3), texts: batch.texts.slice(0, 3) };
    const small = await step.run(few);
    const smallByTfjs = await trainStep({ model: other, optimizer: byTfjs, batch: few });
    expect(small.loss).toBeCloseTo(smallByTfjs.loss, 4);
    await step.dispose();
    other.dispose();
    optimizer.dispose();
    byTfjs.dispose();
  });

  it('leaves weights, optimiser and sums as they were when it fails half-way', async () => {
    const optimizer = keeper();
    const whole = keeper();
    await trainStep({ model, optimizer: whole, batch });
    const broken = { images: batch.images, texts: [...batch.texts.slice(0, -1), generateImage(1, 48)] };
    const step = await createTrainStep({ model, optimizer, chunk: 4, engine: 'tfjs' });
    await expect(step.run(broken)).rejects.toThrow();
    await step.run(batch);
    expectSame(await optimizer.gradients(), await whole.gradients());
    expect(optimizer.stepCount).toBe(1);
    await step.dispose();
  });
});

describe('what a step in chunks refuses', () => {
  let model: ClippoModel;
  beforeAll(async () => {
    model = await ClippoModel.create(CONFIG, { seed: 3 });
  });
  afterAll(() => model.dispose());

  it('names what is wrong with its options', async () => {
    const optimizer = adafactor();
    const batch = await mixedBatch();
    await expect(largeBatchStep({ model, optimizer, batch, chunk: 0 })).rejects.toThrow(
      new ConfigError('largeBatchStep: chunk: expected a positive integer, got 0.'),
    );
    await expect(createTrainStep({ model, optimizer, chunk: 1.5 })).rejects.toThrow(
      /chunk: expected a positive/,
    );
    await expect(
      largeBatchStep({ model, optimizer, batch: { images: batch.images, texts: [] } }),
    ).rejects.toThrow(DataError);
    const { apply, update, isFrozen } = adafactor();
    const plain = { apply, update, isFrozen };
    await expect(
      largeBatchStep({ model, optimizer: plain, batch, engine: 'onnx', runtime: countingRuntime() }),
    ).rejects.toThrow(/optimi[sz]er/);
  });
});
