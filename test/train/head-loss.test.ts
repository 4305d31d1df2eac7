// The losses of a head against their formulas in float64, and their gradients against finite differences.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/random.ts';
import type { TargetKind } from '../../src/tasks/index.ts';
import { exampleLosses } from '../../src/train/head-loss.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { finiteDifferences } from '../support/finite-differences.ts';

const [B, K] = [3, 4];
const KINDS = ['classes', 'multi-label', 'regression'] as const;

function logSumExp(scores: readonly number[]): number {
  const most = Math.max(...scores);
  return most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
}

const FORMULAS: Record<TargetKind['kind'], (scores: number[], targets: number[]) => number> = {
  classes: (s, t) => t.reduce((sum, target, k) => sum - target * (s[k]! - logSumExp(s)), 0),
  'multi-label': (s, t) =>
    t.reduce((sum, target, k) => {
      const share = 1 / (1 + Math.exp(-s[k]!));
      return sum - target * Math.log(share) - (1 - target) * Math.log(1 - share);
    }, 0),
  regression: (s, t) => t.reduce((sum, target, k) => sum + (s[k]! - target) ** 2, 0),
};

function data(kind: TargetKind['kind']): { scores: Float32Array; targets: Float32Array } {
  const random = createRandom(4, kind);
  const scores = Float32Array.from({ length: B * K }, () => 2 * random.normal());
  const targets = Float32Array.from({ length: B * K }, () => random.next());
  for (let i = 0; kind === 'classes' && i < B; i++) {
    const row = targets.subarray(i * K, (i + 1) * K);
    const sum = row.reduce((a, b) => a + b, 0);
    for (let k = 0; k < K; k++) row[k]! /= sum;
  }
  return { scores, targets };
}

describe.each(BACKENDS)('losses on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it.each(KINDS)('%s: what the formula says', (kind) => {
    const { scores, targets } = data(kind);
    const losses = tf.tidy(() =>
      exampleLosses(kind, tf.tensor2d(scores, [B, K]), tf.tensor2d(targets, [B, K])).dataSync(),
    );
    const expected = Array.from({ length: B }, (_, i) =>
      FORMULAS[kind]([...scores.slice(i * K, (i + 1) * K)], [...targets.slice(i * K, (i + 1) * K)]),
    );
    expect(maxAbsDifference(losses, expected)).toBeLessThan(1e-5);
  });

  it.each(KINDS)('%s: the gradient is that of finite differences', (kind) => {
    const { scores, targets } = data(kind);
    const weights = [0.5, 2, 0.1];
    const loss = (x: tf.Tensor): tf.Scalar =>
      tf.sum(tf.mul(exampleLosses(kind, x as tf.Tensor2D, tf.tensor2d(targets, [B, K])), weights));
    const gradient = tf.tidy(() =>
      tf
        .grad(loss)(tf.tensor2d(scores, [B, K]))
        .dataSync(),
    );
    const value = (): number => {
      let sum = 0;
      for (let i = 0; i < B; i++) {
        const rows = [scores, targets].map((all) => [...all.slice(i * K, (i + 1) * K)]) as [
          number[],
          number[],
        ];
        sum += weights[i]! * FORMULAS[kind](...rows);
      }
      return sum;
    };
    const indices = Array.from({ length: B * K }, (_, i) => i);
    expect(maxAbsDifference(gradient, finiteDifferences(value, scores, indices, 1e-3))).toBeLessThan(1e-5);
  });

  it('stays finite where scores are large', () => {
    const scores = [500, -500, 0, 90];
    for (const kind of ['classes', 'multi-label'] as const) {
      const values = tf.tidy(() => {
        const targets = tf.tensor2d([1, 0, 0, 0], [1, 4]);
        const f = (x: tf.Tensor): tf.Scalar => tf.sum(exampleLosses(kind, x as tf.Tensor2D, targets));
        const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d(scores, [1, 4]));
        return tf.concat([tf.reshape(value, [1]), tf.reshape(grad, [4])]).dataSync();
      });
      expect(values.every(Number.isFinite), kind).toBe(true);
    }
  });

  it('refuses targets of another shape', () => {
    expect(() => tf.tidy(() => exampleLosses('classes', tf.zeros([2, 3]), tf.zeros([2, 4])))).toThrow(
      'targets: expected [2, 3], got [2, 4].',
    );
  });
});
