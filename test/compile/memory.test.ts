// Hundreds of compiled steps: as many tensors, data ids and bytes outside of JavaScript's heap at the end as near the
// start, and none once everything is disposed.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { compile } from '../../src/compile/index.ts';
import { adafactor, createTrainStep } from '../../src/train/index.ts';
import { BACKENDS, useBackend } from '../support/backends.ts';
import { type CountingRuntime, countingRuntime } from '../support/counting-runtime.ts';
import { generateImage } from '../support/golden.ts';
import { changesOf, type TfjsState, tfjsState } from './tfjs-state.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // what the flag adds

interface Usage {
  readonly tensors: number;
  readonly bytes: number;
  readonly dataBuffers: number;
  /** Typed arrays, those of ONNX Runtime's results included. */
  readonly external: number;
}

async function usage(): Promise<Usage> {
  // Arrays that ONNX Runtime lent are freed by finalizers, which run in a later turn than the collection.
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const { external } = process.memoryUsage();
  return { tensors: numTensors, bytes: numBytes, dataBuffers: numDataBuffers, external };
}

/** Takes steps and holds the memory after some of them against that at the end. */
async function expectFlat(
  step: (i: number) => Promise<void>,
  { warm, steps }: { warm: number; steps: number },
): Promise<void> {
  let settled: Usage | undefined;
  for (let i = 0; i < steps; i++) {
    await step(i);
    if (i + 1 === warm) settled = await usage();
  }
  const { external, ...books } = await usage();
  const { external: before, ...booksBefore } = settled!;
  expect(books).toEqual(booksBefore);
  expect(external / before).toBeLessThan(1.05);
}

describe.each(BACKENDS)('memory, the variables on %s', (backend) => {
  let before: TfjsState;
  let runtime: CountingRuntime;
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  beforeEach(() => {
    before = tfjsState();
    runtime = countingRuntime();
  });
  afterEach(() => {
    expect(runtime.open(), 'open sessions').toBe(0);
    expect(changesOf(before), 'tfjs after the test').toEqual([]);
  });

  it('is flat over 1,000 steps of a small network with Adam, its weights looked at now and then', async () => {
    const wave = (size: number, phase: number): Float32Array =>
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + phase));
    const [w1, b1, w2] = tf.tidy(() => [
      tf.variable(tf.tensor2d(wave(8 * 64, 1), [8, 64])),
      tf.variable(tf.zeros([64])),
      tf.variable(tf.tensor2d(wave(64, 2), [64, 1])),
    ]) as [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>];
    const adam = tf.train.adam(0.01);
    const step = await compile(
      (x: tf.Tensor2D, y: tf.Tensor2D) =>
        adam.minimize(
          () => {
            const hidden = tf.tanh(tf.add(tf.matMul(x, w1), b1)) as tf.Tensor2D; // [B, 64]
            return tf.losses.meanSquaredError(y, tf.matMul(hidden, w2)) as tf.Scalar;
          },
          true,
          [w1, b1, w2],
        ),
      { runtime },
    );
    const [x, y] = [tf.tensor2d(wave(16 * 8, 3), [16, 8]), tf.tensor2d(wave(16, 4), [16, 1])];
    const losses: number[] = [];
    const one = async (i: number): Promise<void> => {
      const loss = (await step(x, y))!; // asked for
      losses.push((await loss.data())[0]!);
      loss.dispose();
      // tfjs takes the weights over, and the next call takes them back.
      if (i % 100 === 0) tf.tidy(() => tf.matMul(x, w1).dataSync());
    };
    await expectFlat(one, { warm: 200, steps: 1000 });
    expect(losses.at(-1)).toBeLessThan(0.01 * losses[0]!);
    expect(runtime.open()).toBe(1);
    await step.dispose();
    tf.dispose([x, y, w1, b1, w2]);
    adam.dispose();
  });

  it('is flat over 300 steps of a Transformer with Adafactor, in batches of two sizes', async () => {
    const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 });
    const optimizer = adafactor();
    const step = await createTrainStep({ model, optimizer, runtime });
    const images = [1, 2, 3, 4].map((seed) => generateImage(seed, 32));
    const texts = [5, 6, 7, 8].map((seed) => generateImage(seed, 32));
    const one = async (i: number): Promise<void> => {
      const pairs = i % 4 === 3 ? 3 : 4;
      await step.run({ images: images.slice(0, pairs), texts: texts.slice(0, pairs) });
    };
    await expectFlat(one, { warm: 60, steps: 300 });
    expect(runtime.open()).toBe(2);
    await step.dispose();
    optimizer.dispose();
    model.dispose();
  });

  it('goes back when a function that was compiled, called and dropped has been disposed', async () => {
    const weight = tf.tidy(() => tf.variable(tf.ones([1000, 100])));
    const x = tf.ones([100]);
    await expectFlat(
      async () => {
        const compiled = await compile((x: tf.Tensor) => weight.assign(tf.add(weight, x)) ?? tf.clone(x), {
          runtime,
        });
        tf.dispose(await compiled(x));
        await compiled.dispose();
      },
      { warm: 10, steps: 40 },
    );
    expect(weight.dataSync()[0]).toBe(41);
    tf.dispose([weight, x]);
  });
});
