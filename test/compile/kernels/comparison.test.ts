// Comparisons, logic and choices against tfjs cpu, for all three element types.

import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import {
  type DType,
  gradients,
  onEach,
  onPairs,
  PAIRS,
  SHAPES,
  sample,
  special,
  specialPairs,
  useCpu,
} from './samples.ts';

useCpu();

const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];

describe.each([
  ['equal', tf.equal],
  ['notEqual', tf.notEqual],
  ['less', tf.less],
  ['lessEqual', tf.lessEqual],
  ['greater', tf.greater],
  ['greaterEqual', tf.greaterEqual],
] as const)('%s', (_, fn) => {
  it.each(DTYPES)('of %s', async (dtype) => {
    const inputs = PAIRS.flatMap(([a, b], seed) => [
      sample(a, { seed, from: 0, to: 2, dtype }),
      sample(b, { seed: seed + 100, from: 0, to: 2, dtype }),
    ]);
    await compareWithCpu(onPairs(fn), inputs);
  });
  it('special numbers', async () => {
    await compareWithCpu(fn, specialPairs());
  });
});

it.each([
  ['logicalAnd', tf.logicalAnd],
  ['logicalOr', tf.logicalOr],
  ['logicalXor', tf.logicalXor],
] as const)('%s', async (_, fn) => {
  const inputs = PAIRS.flatMap(([a, b], seed) => [
    sample(a, { seed, dtype: 'bool' }),
    sample(b, { seed: seed + 100, dtype: 'bool' }),
  ]);
  await compareWithCpu(onPairs(fn), inputs);
});

it('logicalNot', async () => {
  const inputs = SHAPES.map((shape, seed) => sample(shape, { seed, dtype: 'bool' }));
  await compareWithCpu(onEach(tf.logicalNot), inputs);
});

it.each([
  ['isNaN', tf.isNaN],
  ['isInf', tf.isInf],
  ['isFinite', tf.isFinite],
] as const)('%s', async (_, fn) => {
  const inputs = SHAPES.map((shape, seed) => sample(shape, { seed }));
  await compareWithCpu(onEach(fn), [special(), ...inputs, tf.tensor1d([1, 0], 'int32')]);
});

describe('where', () => {
  const choose = (condition: tf.Tensor, t: tf.Tensor, e: tf.Tensor): tf.Tensor => tf.where(condition, t, e);

  it.each(DTYPES)('of %s', async (dtype) => {
    for (const [seed, shape] of SHAPES.entries()) {
      const sides = [sample(shape, { seed, dtype }), sample(shape, { seed: seed + 100, dtype })];
      await compareWithCpu(choose, [sample(shape, { seed, dtype: 'bool' }), ...sides]);
    }
  });
  it('broadcasts, with gradients', async () => {
    const condition = sample([3, 1], { dtype: 'bool' });
    const sides = [sample([4]), sample([2, 1, 1], { seed: 1 })];
    await compareWithCpu(choose, [condition, ...sides]);
    await compareWithCpu((c, ...xs) => gradients((t, e) => choose(c, t!, e!))(...xs), [condition, ...sides]);
  });
  it('NaN on the side that is not chosen', async () => {
    const x = special();
    await compareWithCpu((value) => choose(tf.isFinite(value), value, tf.zerosLike(value)), [x]);
  });
  it('two element types become the wider one', async () => {
    const condition = sample([5], { dtype: 'bool' });
    await compareWithCpu(choose, [condition, sample([5], { dtype: 'int32' }), sample([5])]);
    await compareWithCpu(choose, [
      condition,
      sample([5], { dtype: 'bool' }),
      sample([5], { dtype: 'int32' }),
    ]);
  });
});
