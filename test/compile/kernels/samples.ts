// Tensors for tables of kernels: every rank, sizes of one and zero, numbers that are easy to get wrong.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { sizeOf } from '../../../src/shape.ts';

export type Shape = number[];
export type DType = 'float32' | 'int32' | 'bool';

export const SHAPES: readonly Shape[] = [
  [],
  [7],
  [0],
  [3, 5],
  [2, 0, 3],
  [2, 3, 4],
  [2, 1, 3, 2],
  [1, 2, 3, 1, 2],
  [2, 1, 2, 3, 1, 2],
];

/** Pairs that broadcast. */
export const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[7], []],
  [[], [2, 3]],
  [[3, 5], [5]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [[4], [2, 3, 1]],
  [[0], [1]],
  [[2, 0, 3], [3]],
  [
    [2, 1, 3, 2],
    [5, 1, 1],
  ],
  [
    [1, 2, 3, 1, 2],
    [2, 1, 3, 1, 1],
  ],
  [
    [2, 1, 2, 3, 1, 2],
    [3, 1, 2],
  ],
];

/** Zeros of both signs, what is not a number, what is too large, and ordinary ones on both sides of it all. */
export const SPECIAL = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  1e30,
  -1e30,
  1e-6,
  -1e-6,
  1,
  -1,
  0.5,
  -1.5,
  2.5,
  3.5,
  20,
  -20,
  100,
  -100,
];

/** Uniform random numbers; integers and bools for those types. */
export function sample(
  shape: readonly number[],
  {
    seed = 0,
    from = -3,
    to = 3,
    dtype = 'float32',
  }: { seed?: number; from?: number; to?: number; dtype?: DType } = {},
): tf.Tensor {
  const random = createRandom(seed, `${dtype} ${shape}`);
  const draw = {
    float32: () => from + (to - from) * random.next(),
    int32: () => Math.floor(from + (to - from) * random.next()),
    bool: () => random.integer(2),
  }[dtype];
  return tf.tensor(Float32Array.from({ length: sizeOf(shape) }, draw), [...shape], dtype);
}

/** Every special number. */
export function special(): tf.Tensor {
  return tf.tensor1d(SPECIAL);
}

/** A column and a row, which make every pair of special numbers. */
export function specialPairs(): [tf.Tensor, tf.Tensor] {
  return [tf.tensor2d(SPECIAL, [SPECIAL.length, 1]), tf.tensor2d(SPECIAL, [1, SPECIAL.length])];
}

/** A function of one tensor on each of many, for one graph of them all. */
export function onEach(fn: (x: tf.Tensor) => tf.Tensor | tf.Tensor[]): (...xs: tf.Tensor[]) => tf.Tensor[] {
  return (...xs) => xs.flatMap((x) => fn(x));
}

/** A function of two tensors on the first and second, the third and fourth … */
export function onPairs(
  fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor | tf.Tensor[],
): (...xs: tf.Tensor[]) => tf.Tensor[] {
  return (...xs) => xs.flatMap((a, i) => (i % 2 === 0 ? fn(a, xs[i + 1]!) : []));
}

/** The function's gradients by all of its inputs, for an upstream gradient that differs from place to place. */
export function gradients(
  fn: (...inputs: tf.Tensor[]) => tf.Tensor,
): (...inputs: tf.Tensor[]) => tf.Tensor[] {
  return (...inputs) => tf.grads((...xs: tf.Tensor[]) => tf.sin(fn(...xs)))(inputs);
}

/** Every test of the file runs on tfjs cpu, and the tensors it makes die with it. */
export function useCpu(): void {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());
}
