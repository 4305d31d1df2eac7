// Pooling and its gradients against tfjs cpu.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, type Shape, sample } from './samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Shape, window, stride, padding. */
const CASES: readonly (readonly [Shape, number | [number, number], number, 'valid' | 'same' | number])[] = [
  [[2, 4, 6, 3], 2, 2, 'valid'],
  [[2, 5, 7, 3], 2, 2, 'valid'],
  [[2, 5, 7, 3], 3, 2, 'same'],
  [[2, 5, 7, 3], 3, 1, 'same'],
  [[1, 6, 6, 1], [3, 2], 1, 'valid'],
  [[2, 5, 5, 2], 3, 2, 1],
  [[2, 5, 7, 2], [3, 1], 1, 0],
  [[2, 5, 5, 2], 1, 1, 'valid'],
  [[2, 5, 5, 2], 1, 3, 'valid'],
  [[5, 7, 3], 2, 2, 'valid'],
];

describe.each([
  ['maxPool', tf.maxPool],
  ['avgPool', tf.avgPool],
] as const)('%s', (_, op) => {
  it.each(CASES)('of %j by %j, stride %d, %s', async (shape, size, stride, pad) => {
    const pool = (x: tf.Tensor): tf.Tensor => op(x as tf.Tensor4D, size, stride, pad);
    await compareWithCpu(pool, [sample(shape)]);
    await compareWithCpu(gradients(pool), [sample(shape)]);
  });
});

it('maxPool of integers', async () => {
  const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, 2, 2, 'same');
  await compareWithCpu(pool, [sample([2, 5, 4, 3], { dtype: 'int32' })]);
});

it('gives the gradient of equal maxima to the first', async () => {
  const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, 3, 1, 'same');
  await compareWithCpu(gradients(pool), [tf.floor(sample([2, 5, 5, 2], { to: 0 }))]);
});
