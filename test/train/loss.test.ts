// The contrastive loss against golden values, its gradient against finite differences, and its behaviour where
// a plain softmax would overflow.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { contrastiveLoss, contrastiveMetrics, maskedContrastiveLoss } from '../../src/train/loss.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { finiteDifferences, spread } from '../support/finite-differences.ts';
import { readGoldenJson, readGoldenNpz } from '../support/golden.ts';

interface LossCase {
  readonly loss: number;
  readonly ncorrect: number;
  readonly temperature: number;
}

interface MaskedCase {
  readonly mask: number[];
  readonly per_example_loss: number[];
  readonly per_example_hit_times_mask: number[];
  readonly reduced_loss: number;
  readonly reduced_ncorrect: number;
  readonly sums: { readonly loss: number; readonly ncorrect: number; readonly n: number };
}

interface Golden {
  readonly cases: Record<string, LossCase>;
  readonly masked: Record<string, MaskedCase>;
}

const golden = readGoldenJson<Golden>('loss/contrastive.json');
const arrays = readGoldenNpz('loss/contrastive.npz');

function values(name: string): Float32Array {
  return Float32Array.from(arrays.get(name)!.data, Number);
}

function tensor(name: string): tf.Tensor {
  return tf.tensor(values(name), [...arrays.get(name)!.shape]);
}

/** Borrowed for the length of `use`, then disposed. */
function withPairs<T>(name: string, use: (zImage: tf.Tensor2D, zText: tf.Tensor2D, t: tf.Tensor) => T): T {
  const [zImage, zText, t] = ['zimg', 'ztxt', 't'].map((part) => tensor(`${name}/${part}`));
  try {
    return use(zImage as tf.Tensor2D, zText as tf.Tensor2D, t!);
  } finally {
    tf.dispose([zImage!, zText!, t!]);
  }
}

function read(x: tf.Tensor): number {
  const [value] = x.dataSync();
  x.dispose();
  return value!;
}

/** Rows of length 1. */
function unitRows(stream: string, N: number, E: number): Float32Array {
  const random = createRandom(1, stream);
  const rows = Float32Array.from({ length: N * E }, () => random.normal());
  for (let i = 0; i < N; i++) {
    const row = rows.subarray(i * E, (i + 1) * E);
    const norm = Math.hypot(...row);
    for (let j = 0; j < E; j++) row[j]! /= norm;
  }
  return rows;
}

/** The formula in float64, term by term. */
function formula(zImage: Float32Array, zText: Float32Array, t: number, N: number): number {
  const E = zImage.length / N;
  const S = (i: number, j: number): number => {
    let dot = 0;
    for (let k = 0; k < E; k++) dot += zImage[i * E + k]! * zText[j * E + k]!;
    return Math.exp(t) * dot;
  };
  let loss = 0;
  for (let i = 0; i < N; i++) {
    let [row, column] = [0, 0];
    for (let j = 0; j < N; j++) {
      row += Math.exp(S(i, j) - S(i, i));
      column += Math.exp(S(j, i) - S(i, i));
    }
    loss += (0.5 * (Math.log(row) + Math.log(column))) / N;
  }
  return loss;
}

describe.each(BACKENDS)('contrastive loss on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it.each(Object.entries(golden.cases))('%s: loss, metrics and gradients', (name, expected) => {
    withPairs(name, (zImage, zText, t) => {
      const { value, grads } = tf.valueAndGrads((a, b, c) =>
        contrastiveLoss(a as tf.Tensor2D, b as tf.Tensor2D, c!),
      )([zImage, zText, t]);
      expect(Math.abs(read(value) - expected.loss)).toBeLessThanOrEqual(1e-5 * Math.max(1, expected.loss));
      for (const [i, part] of ['d_zimg', 'd_ztxt', 'd_t'].entries()) {
        const gradient = values(`${name}/${part}`);
        const scale = Math.max(1, ...gradient.map(Math.abs));
        expect(grads[i]!.shape).toEqual([zImage, zText, t][i]!.shape);
        expect(maxAbsDifference(grads[i]!.dataSync(), gradient), part).toBeLessThanOrEqual(1e-5 * scale);
      }
      tf.dispose(grads);
      const metrics = contrastiveMetrics(zImage, zText, t);
      expect(read(metrics.ncorrect)).toBeCloseTo(expected.ncorrect, 6);
      expect(read(metrics.temperature) / expected.temperature).toBeCloseTo(1, 6);
    });
  });

  it.each(Object.entries(golden.masked))('%s: masked rows take no part', (name, expected) => {
    withPairs(name, (zImage, zText, t) => {
      const mask = tf.tensor1d(expected.mask);
      const masked = maskedContrastiveLoss(zImage, zText, t, mask);
      mask.dispose();
      expect(maxAbsDifference(masked.losses.dataSync(), expected.per_example_loss)).toBeLessThanOrEqual(1e-5);
      expect([...masked.hits.dataSync()]).toEqual(expected.per_example_hit_times_mask);
      tf.dispose([masked.losses, masked.hits]);
      expect(Math.abs(read(masked.loss) - expected.reduced_loss)).toBeLessThanOrEqual(1e-5);
      expect(Math.abs(read(masked.ncorrect) - expected.reduced_ncorrect)).toBeLessThanOrEqual(1e-5);
      expect(Math.abs(read(masked.sums.loss) / expected.sums.loss - 1)).toBeLessThanOrEqual(1e-5);
      expect(read(masked.sums.ncorrect)).toBe(expected.sums.ncorrect);
      expect(read(masked.sums.n)).toBe(expected.sums.n);
    });
  });

  it('gives zeros, not NaN, when everything is masked', () => {
    withPairs('n8', (zImage, zText, t) => {
      const masked = tf.tidy(() => maskedContrastiveLoss(zImage, zText, t, tf.zeros([8])));
      expect([...masked.losses.dataSync()]).toEqual(new Array(8).fill(0));
      expect(masked.loss.dataSync()[0]).toBe(0);
      tf.dispose(masked);
    });
  });

  it('has the gradient that finite differences find, for a scalar t too', () => {
    const [N, E] = [5, 7];
    const zImage = unitRows('image', N, E);
    const zText = unitRows('text', N, E);
    const t = Float32Array.of(1.5);
    const grads = tf.tidy(() =>
      tf.grads((a, b, c) => contrastiveLoss(a as tf.Tensor2D, b as tf.Tensor2D, c!))([
        tf.tensor2d(zImage, [N, E]),
        tf.tensor2d(zText, [N, E]),
        tf.scalar(t[0]!),
      ]),
    );
    expect(grads[2]!.shape).toEqual([]);
    for (const [i, x] of [zImage, zText, t].entries()) {
      const indices = spread(x.length, 12);
      const expected = finiteDifferences(() => formula(zImage, zText, t[0]!, N), x, indices, 1e-3);
      const gradient = grads[i]!.dataSync();
      expect(
        maxAbsDifference(
          indices.map((index) => gradient[index]!),
          expected,
        ),
      ).toBeLessThan(1e-5);
    }
    tf.dispose(grads);
  });

  it('is scaled by the gradient that comes from outside', () => {
    withPairs('n8_hot', (zImage, zText, t) => {
      const of = (factor: number): number =>
        read(tf.tidy(() => tf.grad((c) => tf.mul(contrastiveLoss(zImage, zText, c), factor))(t)));
      expect(of(3)).toBeCloseTo(3 * of(1), 4);
    });
  });

  it.each([-80, -5, 10, 40, 80])('stays finite at t = %d', (t) => {
    const [zImage, zText] = [unitRows('image', 6, 8), unitRows('text', 6, 8)];
    const [loss, gradient] = tf.tidy(() => {
      const inputs = [tf.tensor2d(zImage, [6, 8]), tf.tensor2d(zText, [6, 8]), tf.scalar(t)];
      const { value, grads } = tf.valueAndGrads((a, b, c) =>
        contrastiveLoss(a as tf.Tensor2D, b as tf.Tensor2D, c!),
      )(inputs);
      return [value.dataSync()[0]!, grads.flatMap((x) => [...x.dataSync()])];
    });
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
    // At a high temperature only the largest logit counts, at a low one all weigh the same.
    if (t < -70) expect(loss).toBeCloseTo(Math.log(6), 6);
    if (t > 30)
      expect(Math.abs(loss / formula(zImage, zText, 6, 6) / Math.exp(t - 6) - 1)).toBeLessThan(1e-3);
  });

  it('is 0 for a single pair, whatever the embeddings', () => {
    const loss = tf.tidy(() =>
      contrastiveLoss(tf.tensor2d([[0.6, 0.8]]), tf.tensor2d([[1, 0]]), tf.scalar(3)),
    );
    expect(read(loss)).toBeCloseTo(0, 6);
  });

  it('refuses what is no tensor', () => {
    tf.tidy(() => {
      const [z, t] = [tf.ones<tf.Rank.R2>([4, 8]), tf.scalar(0)];
      const loss = contrastiveLoss as (...args: unknown[]) => tf.Scalar; // wrong on purpose
      const refusal = (what: string, got: string, make: string): ShapeError =>
        new ShapeError(`${what}: expected a tensor, got ${got}. Make one with ${make}.`);
      expect(() => loss(z, z, 2)).toThrow(refusal('t', '2', 'tf.scalar(t)'));
      expect(() => loss(z, z)).toThrow(refusal('t', 'undefined', 'tf.scalar(t)'));
      expect(() => loss([[1, 0]], [[1, 0]], t)).toThrow(refusal('zImage', 'an array', 'tf.tensor2d(rows)'));
      expect(() => loss(z, new Float32Array(32), t)).toThrow(
        refusal('zText', 'Float32Array', 'tf.tensor2d(rows)'),
      );
      expect(() => maskedContrastiveLoss(z, z, t, [1, 1, 1, 0] as unknown as tf.Tensor1D)).toThrow(
        refusal('mask', 'an array', 'tf.tensor1d(mask)'),
      );
    });
  });

  it('refuses batches that do not belong together', () => {
    tf.tidy(() => {
      const [z, t] = [tf.ones<tf.Rank.R2>([4, 8]), tf.scalar(0)];
      const longer = tf.ones<tf.Rank.R2>([5, 8]);
      const remedy = 'Row i of zText must belong to row i of zImage.';
      expect(() => contrastiveLoss(z, longer, t)).toThrow(`zText: expected [4, 8], got [5, 8]. ${remedy}`);
      expect(() => contrastiveMetrics(z, longer, t)).toThrow('zText: expected [4, 8], got [5, 8].');
      expect(() => contrastiveLoss(z, z, tf.ones([2]))).toThrow('t: expected [1], got [2].');
      expect(() => maskedContrastiveLoss(z, z, t, tf.ones([5]))).toThrow('mask: expected [4], got [5].');
      const cube = tf.ones([4, 8, 1]) as unknown as tf.Tensor2D; // wrong on purpose
      expect(() => contrastiveLoss(cube, cube, t)).toThrow('zImage: expected [N, E], got [4, 8, 1].');
    });
  });
});
