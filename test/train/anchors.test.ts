// The loss against anchors, and training by it: the formula, both engines, resuming, and what is refused.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { createRandom } from '../../src/random.ts';
import {
  type Anchors,
  adafactor,
  anchorLoss,
  createAnchors,
  createTrainStep,
  type TrainOptions,
  type TrainResult,
  train,
} from '../../src/train/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { finiteDifferences, spread } from '../support/finite-differences.ts';
import { generateImage } from '../support/golden.ts';
import { memoryRunFolder } from '../support/memory-run-folder.ts';
import { wordBatches, wordSource } from '../support/record-sources.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;
const WORDS = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu'];
const source = await wordSource(WORDS);
const batches = wordBatches(source, { batchSize: 5 });

describe('anchorLoss', () => {
  expectNoLeaks();
  const [N, K, E] = [3, 5, 4];
  const random = createRandom(1, 'anchor test');
  const vectors = Float32Array.from({ length: K * E }, () => random.normal());
  const z = Float32Array.from({ length: N * E }, () => random.normal());
  for (let i = 0; i < N; i++) {
    const row = z.subarray(i * E, (i + 1) * E);
    const norm = Math.hypot(...row);
    row.forEach((x, j) => {
      row[j] = x / norm;
    });
  }
  const [t, rows] = [Math.log(5), [2, 0, 2]];

  /** In float64, as it stands in the docs. */
  function byHand(): { loss: number; ncorrect: number } {
    let [loss, hits] = [0, 0];
    for (let i = 0; i < N; i++) {
      const logits = Array.from({ length: K }, (_, k) => {
        const anchor = vectors.subarray(k * E, (k + 1) * E);
        const dot = anchor.reduce((sum, x, j) => sum + x * z[i * E + j]!, 0);
        return (5 * dot) / Math.hypot(...anchor);
      });
      const own = logits[rows[i]!]!;
      loss += (Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0)) - own) / N;
      hits += own === Math.max(...logits) ? 1 / N : 0;
    }
    return { loss, ncorrect: hits };
  }

  it('is a softmax over all anchors at length 1, times exp(t)', () => {
    const wanted = byHand();
    tf.tidy(() => {
      const labels = tf.tensor1d(rows, 'int32');
      const got = anchorLoss(tf.tensor2d(z, [N, E]), tf.tensor2d(vectors, [K, E]), tf.scalar(t), labels);
      expect(got.loss.arraySync()).toBeCloseTo(wanted.loss, 5);
      expect(got.ncorrect.arraySync()).toBeCloseTo(wanted.ncorrect, 5);
      expect(got.temperature.arraySync()).toBeCloseTo(5, 5);
    });
  });

  it('has the gradient that finite differences show', () => {
    tf.tidy(() => {
      const labels = tf.tensor1d(rows, 'int32');
      const gradient = tf.grad(
        (x) => anchorLoss(tf.tensor2d(z, [N, E]), x as tf.Tensor2D, tf.scalar(t), labels).loss,
      );
      const analytic = gradient(tf.tensor2d(vectors, [K, E])).dataSync();
      const indices = spread(K * E, 12);
      const numeric = finiteDifferences(() => byHand().loss, vectors, indices, 1e-3);
      indices.forEach((i, n) => {
        expect(analytic[i]).toBeCloseTo(numeric[n]!, 3);
      });
    });
  });
});

describe.each(['tfjs', 'onnx'] as const)('training against anchors by %s', (engine) => {
  expectNoLeaks();

  async function trainNew(
    options: Partial<TrainOptions>,
    count = 8,
  ): Promise<TrainResult & { met: string[] }> {
    const model = await ClippoModel.create(CONFIG, { seed: 3 });
    const anchors = createAnchors({ count, dim: 16, seed: 1 });
    const optimizer = adafactor({ learningRate: 1e-2 });
    try {
      const result = await train({ model, engine, batches, optimizer, anchors, steps: 10, ...options });
      return { ...result, met: anchors.keys() };
    } finally {
      optimizer.dispose();
      anchors.dispose();
      model.dispose();
    }
  }

  it('begins at ln K and learns what is what', async () => {
    const { history, met } = await trainNew({ steps: 60 });
    expect(history[0]!.chance).toBeCloseTo(Math.log(8), 6);
    expect(history[0]!.loss).toBeGreaterThan(1.5);
    expect(history.at(-1)!.loss).toBeLessThan(0.5);
    expect(history.at(-1)!.ncorrect).toBe(1);
    expect(met.sort()).toEqual(WORDS);
  });

  it('goes on bit for bit from a checkpoint', async () => {
    const { history, met } = await trainNew({});
    const folder = memoryRunFolder();
    class Killed extends Error {}
    const kill = trainNew({
      run: folder,
      checkpointEvery: 3,
      onStep: ({ step }) => {
        if (step === 5) throw new Killed();
      },
    });
    await expect(kill).rejects.toThrow(Killed);
    const rest = await trainNew({ run: folder, checkpointEvery: 3 });
    expect(rest.history.map(({ loss }) => loss)).toEqual(history.slice(3).map(({ loss }) => loss));
    expect(rest.met).toEqual(met);
    const model = await ClippoModel.load(folder.files.get('checkpoint-000000010.npz')!); // anchors do not disturb
    model.dispose();
  });

  it('says when there are more things than anchors', async () => {
    await expect(trainNew({}, 3)).rejects.toThrow(
      /is one thing more than there are anchors, 3\. Make more of them/,
    );
  });

  it('needs to know what the pairs are of', async () => {
    const picture = generateImage(1, 32);
    const unnamed = [{ images: [picture], texts: [picture] }];
    await expect(trainNew({ batches: unnamed, steps: 1 })).rejects.toThrow(
      'train step: training against anchors needs a key for each pair, got none for 1.',
    );
  });
});

describe('createAnchors', () => {
  expectNoLeaks();

  it.each([
    [{ count: 0, dim: 4 }, 'count: expected an integer from 1 to 1048576, got 0'],
    [{ count: 4, dim: 1.5 }, 'dim: expected an integer from 1 to 1048576, got 1.5'],
    [{ count: 4, dim: 4, seed: 0.5 }, 'seed: expected an integer, got 0.5'],
    [{ count: 4, dim: 4, size: 1 }, 'unknown option size'],
  ])('refuses %o', (options, message) => {
    expect(() => createAnchors(options)).toThrow(message);
  });

  it('is refused where it cannot work', async () => {
    const model = await ClippoModel.create(CONFIG);
    const optimizer = adafactor();
    const wrong = createAnchors({ count: 4, dim: 3 });
    const right = createAnchors({ count: 4, dim: 16 });
    const refused = async (anchors: unknown, chunk?: number): Promise<unknown> => {
      const options = {
        model,
        optimizer,
        anchors: anchors as Anchors,
        ...(chunk === undefined ? {} : { chunk }),
      };
      return createTrainStep(options).catch((error: Error) => error.message);
    };
    expect(await refused(wrong)).toContain('expected vectors of 16 numbers as the model');
    expect(await refused({})).toContain('expected what createAnchors() gives');
    expect(await refused(right, 2)).toContain('chunk has no use with anchors');
    for (const each of [model, optimizer, wrong, right, right]) each.dispose();
  });
});
