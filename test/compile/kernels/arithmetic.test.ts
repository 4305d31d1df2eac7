// Arithmetic of two numbers against tfjs cpu: broadcasts of every rank, integers, gradients, special numbers.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import {
  type DType,
  gradients,
  onPairs,
  PAIRS,
  SPECIAL,
  sample,
  special,
  specialPairs,
  useCpu,
} from './samples.ts';

useCpu();

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** An operation, and the interval in which it and its gradient are defined and tame. */
const OPERATIONS: readonly (readonly [string, Binary, number, number])[] = [
  ['add', tf.add, -3, 3],
  ['sub', tf.sub, -3, 3],
  ['mul', tf.mul, -3, 3],
  ['div', tf.div, 0.5, 3],
  ['floorDiv', tf.floorDiv, 0.5, 9],
  ['mod', tf.mod, -9, 9],
  ['pow', tf.pow, 0.3, 2],
  ['maximum', tf.maximum, -3, 3],
  ['minimum', tf.minimum, -3, 3],
  ['squaredDifference', tf.squaredDifference, -3, 3],
];
/** Whose gradients tfjs does not sum over what was broadcast. */
const UNSUMMED = ['maximum', 'minimum', 'squaredDifference'];
const EQUAL_SHAPES = [
  [[], []],
  [[3], [3]],
  [
    [2, 0],
    [2, 0],
  ],
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
] satisfies typeof PAIRS;

function operands(pairs: typeof PAIRS, from: number, to: number, dtype: DType = 'float32'): tf.Tensor[] {
  return pairs.flatMap(([a, b], seed) => [
    sample(a, { seed, from, to, dtype }),
    sample(b, { seed: seed + 100, from, to, dtype }),
  ]);
}

describe.each(OPERATIONS)('%s', (name, fn, from, to) => {
  it('values', async () => {
    await compareWithCpu(onPairs(fn), operands(PAIRS, from, to));
  });
  it('integers', async () => {
    const [low, high] = name === 'pow' ? [0, 5] : [-9, 9]; // zeros too
    await compareWithCpu(onPairs(fn), operands(PAIRS, low, high, 'int32'));
  });
  if (name === 'floorDiv') return; // a step
  it('gradients', async () => {
    // tfjs itself cannot sum a gradient of size zero.
    const filled = PAIRS.filter((pair) => !pair.flat().includes(0));
    const pairs = UNSUMMED.includes(name) ? EQUAL_SHAPES : filled;
    await compareWithCpu(onPairs(gradients(fn)), operands(pairs, from, to));
  });
});

describe('special numbers', () => {
  it.each(OPERATIONS.filter(([name]) => !['floorDiv', 'mod', 'pow'].includes(name)))('%s', async (_, fn) => {
    await compareWithCpu(fn, specialPairs());
  });
  it.each([2, 3, 0.5, 0, 1, -1, -2])('pow %d', async (exponent) => {
    await compareWithCpu((x) => tf.pow(x, exponent), [special()]);
    const inputs = [sample([3, 5], { from: 0.5, to: 2 })];
    await compareWithCpu(
      gradients((x) => tf.pow(x, exponent)),
      inputs,
    );
  });
  it('pow of a square that stretches its base', async () => {
    const row = sample([1, 3], { from: -2, to: 2 });
    await compareWithCpu((x) => tf.pow(x, tf.fill([4, 3], 2)), [row]);
    await compareWithCpu((x) => tf.pow(tf.sum(x), tf.fill([1, 1], 2)), [row]);
  });
  it('pow of two numbers, except where JavaScript differs from C', async () => {
    const bases = SPECIAL.filter((x) => Math.abs(x) !== 1);
    await compareWithCpu(tf.pow, [tf.tensor2d(bases, [bases.length, 1]), special()]);
  });
  it('mod and floorDiv of numbers that are not too far apart', async () => {
    const numbers = [0.1, -0.1, 0.3, 0.7, -0.7, 1, -1, 2.5, -20, 100];
    const [column, row] = [tf.tensor2d(numbers, [10, 1]), tf.tensor2d(numbers, [1, 10])];
    await compareWithCpu(tf.mod, [column, row]);
    await compareWithCpu(tf.floorDiv, [column, row]);
    await compareWithCpu(tf.mod, [
      tf.tensor1d([NaN, 1, 0, Infinity, 1]),
      tf.tensor1d([1, NaN, 0, 2, Infinity]),
    ]);
  });
  it('integers at the ends of their range', async () => {
    const ends = [0, 1, -1, 7, -7, 2 ** 31 - 1, -(2 ** 31)];
    const [column, row] = [tf.tensor2d(ends, [7, 1], 'int32'), tf.tensor2d(ends, [1, 7], 'int32')];
    for (const fn of [tf.add, tf.sub, tf.maximum, tf.mod]) await compareWithCpu(fn, [column, row]);
    // −2³¹ / −1 does not fit; all else does.
    const negative = tf.tensor2d([-7, -2, 3, 2 ** 31 - 1], [1, 4], 'int32');
    await compareWithCpu(tf.floorDiv, [column, negative]);
  });
});

it('bitwiseAnd', async () => {
  const a = tf.tensor1d([0, -1, 5, -(2 ** 31), 2 ** 31 - 1, 12345, -777], 'int32');
  const b = tf.tensor1d([3, -1, 12, -(2 ** 31), -1, -98765, 123456], 'int32');
  await compareWithCpu(tf.bitwiseAnd, [a, b]);
  await compareWithCpu(tf.bitwiseAnd, [tf.reshape(a, [7, 1]), tf.reshape(b, [7, 1])]);
});

it.each([1, 2, 3, 5])('addN of %d', async (count) => {
  const terms = (dtype: DType): tf.Tensor[] =>
    Array.from({ length: count }, (_, seed) => sample([2, 3], { seed, dtype }));
  const fn = (...xs: tf.Tensor[]): tf.Tensor => tf.addN(xs);
  await compareWithCpu(fn, terms('float32'));
  await compareWithCpu(fn, terms('int32'));
  await compareWithCpu(gradients(fn), terms('float32'));
});

it('multiplies bools, and refuses to add them', async () => {
  const bools = [sample([3, 4], { dtype: 'bool' }), sample([4], { seed: 1, dtype: 'bool' })];
  await compareWithCpu(tf.mul, bools);
  await expect(compareWithCpu(tf.add, bools)).rejects.toThrow(/Add got a tensor of bools/);
});
