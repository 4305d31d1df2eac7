// Three steps of training as the golden runs took them: images and drawn texts through one model, loss, gradients,
// the whole update pipeline.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { toTensor } from '../../src/model/index.ts';
import type { Raster } from '../../src/raster/index.ts';
import { renderText } from '../../src/render/index.ts';
import {
  adafactor,
  contrastiveLoss,
  createTrainStep,
  type PairBatch,
  schedule,
} from '../../src/train/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { generateImage, readGolden, readGoldenJson, readGoldenNpz } from '../support/golden.ts';

interface Golden {
  readonly model: { readonly image_size: number };
  readonly images: { readonly kind: 'generated_image'; readonly k: number }[];
  readonly texts: string[];
  readonly hyper: { readonly lr: number; readonly wd: number; readonly clip: number };
  readonly schedule: {
    readonly total_steps: number;
    readonly decay_type: 'cosine' | 'rsqrt';
    readonly timescale?: number;
    readonly warmup_steps?: number;
    readonly cooldown_steps?: number;
  };
  readonly steps: {
    readonly loss: number;
    readonly ncorrect: number;
    readonly grad_norm: number;
    readonly t_after: number;
    readonly grads: Record<string, [sum: number, l2: number]>;
    readonly params_after: Record<string, [sum: number, l2: number]>;
  }[];
  readonly zero_gradient_params: string[];
}

function scheduleOf({ schedule: s }: Golden): (step: number) => number {
  const common = { total: s.total_steps, warmup: s.warmup_steps ?? 0, cooldown: s.cooldown_steps ?? 0 };
  return s.decay_type === 'cosine'
    ? schedule({ decay: 'cosine', ...common })
    : schedule({ decay: 'rsqrt', ...common, timescale: s.timescale! });
}

async function batchOf(golden: Golden): Promise<PairBatch> {
  const size = golden.model.image_size;
  const texts: Raster[] = [];
  for (const text of golden.texts) texts.push(await renderText(text, { size }));
  return { images: golden.images.map(({ k }) => generateImage(k, size)), texts };
}

function sumAndNorm(values: Float32Array): [number, number] {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return [sum, Math.sqrt(squares)];
}

const ENGINES = [...BACKENDS.map((backend) => [backend, 'tfjs'] as const), ['wasm', 'onnx'] as const];

describe.each(ENGINES)('golden training on %s, steps by %s', (backend, engine) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks();

  it.each(['mu_cosine', 'mu_rsqrt'])('%s', async (name) => {
    const golden = readGoldenJson<Golden>(`train/${name}.json`);
    const arrays = readGoldenNpz(`train/${name}.npz`);
    const { lr, wd, clip } = golden.hyper;
    const noise = new Set(golden.zero_gradient_params);
    const model = await ClippoModel.load(readGolden('vit/mu16_64_map.ckpt.npz'));
    const parameters = model.parameters();
    const optimizer = adafactor({
      learningRate: lr,
      weightDecay: wd,
      clipNorm: clip,
      schedule: scheduleOf(golden),
    });
    const batch = await batchOf(golden);
    const step = await createTrainStep({ model, optimizer, engine });

    for (const [slot, stored] of [
      ['images', 'image_u8'],
      ['texts', 'text_u8'],
    ] as const) {
      const pixels = arrays.get(stored)?.data;
      if (pixels === undefined) continue;
      const ours = batch[slot].flatMap((raster) =>
        raster.channels === 3 ? [...raster.data] : [...raster.data].flatMap((v) => [v, v, v]),
      );
      expect(ours).toEqual([...(pixels as Uint8Array)]);
    }
    for (const [slot, stored] of [
      ['images', 'zimg0'],
      ['texts', 'ztxt0'],
    ] as const) {
      const z = await model.encode(batch[slot]);
      expect(maxAbsDifference(z.data, arrays.get(stored)!.data as Float32Array)).toBeLessThanOrEqual(5e-6);
    }

    for (const [index, expected] of golden.steps.entries()) {
      const { value, grads } = tf.tidy(() => {
        const loss = (): tf.Scalar => {
          const [zImage, zText] = [batch.images, batch.texts].map(
            (slot) => model.network.apply(toTensor(slot)) as tf.Tensor2D,
          ) as [tf.Tensor2D, tf.Tensor2D];
          return contrastiveLoss(zImage, zText, parameters.get('t')!);
        };
        return tf.variableGrads(loss, [...parameters.values()]);
      });
      const G = expected.grad_norm;
      for (const [path, [sum, l2]] of Object.entries(expected.grads)) {
        if (noise.has(path)) continue;
        const gradient = grads[parameters.get(path)!.name]!.dataSync() as Float32Array;
        const [ourSum, ourL2] = sumAndNorm(gradient);
        expect(Math.abs(ourSum - sum), `sum of d ${path}`).toBeLessThanOrEqual(1e-5 * G);
        expect(Math.abs(ourL2 - l2), `l2 of d ${path}`).toBeLessThanOrEqual(1e-4 * l2 + 1e-6 * G);
        const stored = index === 0 ? arrays.get(`grad0/${path}`) : undefined;
        if (stored) {
          expect(maxAbsDifference(gradient, stored.data as Float32Array), `d ${path}`).toBeLessThanOrEqual(
            1e-5 * G,
          );
        }
      }
      tf.dispose([value, grads]);

      const metrics = await step.run(batch);
      expect(Math.abs(metrics.loss - expected.loss)).toBeLessThanOrEqual(2e-5);
      expect(metrics.ncorrect).toBeCloseTo(expected.ncorrect, 6);
      expect(Math.abs(metrics.gradNorm / G - 1)).toBeLessThanOrEqual(1e-4);
      for (const [path, [sum, l2]] of Object.entries(expected.params_after)) {
        if (noise.has(path)) continue;
        const [ourSum, ourL2] = sumAndNorm(parameters.get(path)!.dataSync() as Float32Array);
        expect(Math.abs(ourSum - sum), `sum of ${path}`).toBeLessThanOrEqual(0.5 * lr);
        expect(Math.abs(ourL2 - l2), `l2 of ${path}`).toBeLessThanOrEqual(0.02 * lr);
      }
      expect(Math.abs(parameters.get('t')!.dataSync()[0]! - expected.t_after)).toBeLessThanOrEqual(0.01 * lr);

      const after = `params_after${index + 1}/`;
      for (const [key, array] of arrays) {
        const path = key.slice(after.length);
        if (!key.startsWith(after) || noise.has(path)) continue;
        const ours = parameters.get(path)!.dataSync();
        const far = ours.filter(
          (value: number, i: number) => Math.abs(value - Number(array.data[i])) > 0.01 * lr,
        );
        expect(far.length / ours.length, path).toBeLessThanOrEqual(0.01);
      }
    }
    await step.dispose();
    optimizer.dispose();
    model.dispose();
  });
});
