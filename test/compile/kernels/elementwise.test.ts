// Functions of one number against tfjs cpu: every rank, their gradients, and the numbers at the ends of their domains.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, onEach, onPairs, PAIRS, SHAPES, sample, special, useCpu } from './samples.ts';

useCpu();

type Unary = (x: tf.Tensor) => tf.Tensor;

/** A function, and the interval in which it and its gradient are defined and tame. */
const FUNCTIONS: readonly (readonly [string, Unary, number, number])[] = [
  ['abs', tf.abs, -3, 3],
  ['acos', tf.acos, -0.9, 0.9],
  ['acosh', tf.acosh, 1.2, 5],
  ['asin', tf.asin, -0.9, 0.9],
  ['asinh', tf.asinh, -3, 3],
  ['atan', tf.atan, -3, 3],
  ['atanh', tf.atanh, -0.9, 0.9],
  ['ceil', tf.ceil, -3, 3],
  ['cos', tf.cos, -3, 3],
  ['cosh', tf.cosh, -3, 3],
  ['erf', tf.erf, -3, 3],
  ['exp', tf.exp, -3, 3],
  ['expm1', tf.expm1, -3, 3],
  ['floor', tf.floor, -3, 3],
  ['log', tf.log, 0.1, 4],
  ['log1p', tf.log1p, -0.9, 4],
  ['neg', tf.neg, -3, 3],
  ['reciprocal', tf.reciprocal, 0.2, 3],
  ['round', tf.round, -3, 3],
  ['rsqrt', tf.rsqrt, 0.1, 4],
  ['sign', tf.sign, -3, 3],
  ['sin', tf.sin, -3, 3],
  ['sinh', tf.sinh, -3, 3],
  ['sqrt', tf.sqrt, 0.1, 4],
  ['square', tf.square, -3, 3],
  ['tan', tf.tan, -1, 1],
  ['tanh', tf.tanh, -3, 3],
];

describe.each(FUNCTIONS)('%s', (_, fn, from, to) => {
  const inputs = (): tf.Tensor[] => SHAPES.map((shape, seed) => sample(shape, { seed, from, to }));

  it('values', async () => {
    await compareWithCpu(onEach(fn), inputs());
  });
  it('gradients', async () => {
    await compareWithCpu(onEach(gradients(fn)), inputs());
  });
  it('special numbers', async () => {
    await compareWithCpu(fn, [special()]);
  });
});

describe.each([
  ['abs', tf.abs],
  ['atan', tf.atan],
  ['erf', tf.erf],
  ['exp', tf.exp],
  ['neg', tf.neg],
  ['round', tf.round],
  ['sign', tf.sign],
  ['sinh', tf.sinh],
  ['square', tf.square],
] as readonly (readonly [string, Unary])[])('%s of integers', (_, fn) => {
  it('has the type and values of tfjs', async () => {
    await compareWithCpu(fn, [tf.tensor1d([0, 1, -1, 5, -7, 2, -2], 'int32')]);
  });
});

it.each([
  ['expm1', tf.expm1],
  ['log1p', tf.log1p],
] as readonly (readonly [string, Unary])[])('%s keeps its digits near zero', async (_, fn) => {
  // Made large, because the comparison is relative to 1 at least.
  const tiny = tf.tensor1d([1e-7, -1e-7, 3e-5, -3e-5, 0.01, -0.01]);
  await compareWithCpu((x) => tf.div(fn(x), x), [tiny]);
});

describe('atan2', () => {
  it('values and gradients', async () => {
    const inputs = (pairs: typeof PAIRS): tf.Tensor[] =>
      pairs.flatMap(([a, b], seed) => [sample(a, { seed }), sample(b, { seed: seed + 100 })]);
    await compareWithCpu(onPairs(tf.atan2), inputs(PAIRS));
    // tfjs itself cannot sum a gradient of size zero.
    const filled = PAIRS.filter((pair) => !pair.flat().includes(0));
    await compareWithCpu(onPairs(gradients(tf.atan2)), inputs(filled));
  });
  it('axes, the origin and the far ends', async () => {
    const places = [0, 1, -1, 1e30, -1e30, 1e-30, NaN];
    await compareWithCpu(tf.atan2, [tf.tensor2d(places, [7, 1]), tf.tensor2d(places, [1, 7])]);
    const far = [tf.tensor1d([Infinity, -Infinity, 1, -1]), tf.tensor1d([1, 1, Infinity, -Infinity])];
    await compareWithCpu(tf.atan2, far);
  });
});

it('refuses to count with bools', async () => {
  await expect(compareWithCpu(tf.neg, [sample([2], { dtype: 'bool' })])).rejects.toThrow(
    /Neg got a tensor of bools.*Cast it to int32/,
  );
  await expect(compareWithCpu(tf.log1p, [sample([2], { dtype: 'bool' })])).rejects.toThrow(
    /Log1p got a tensor of bools/,
  );
  const pair = [tf.tensor1d([1], 'bool'), tf.tensor1d([0], 'bool')];
  await expect(compareWithCpu(tf.atan2, pair)).rejects.toThrow(/Atan2 got a tensor of bools/);
});
