// The non-linear functions of networks against tfjs cpu.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, onEach, onPairs, PAIRS, SHAPES, sample, special, useCpu } from './samples.ts';

useCpu();

type Unary = (x: tf.Tensor) => tf.Tensor;

describe.each([
  ['relu', tf.relu],
  ['relu6', tf.relu6],
  ['step', tf.step],
  ['step from 0.3', (x) => tf.step(x, 0.3)],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.1)],
  ['elu', tf.elu],
  ['selu', tf.selu],
  ['sigmoid', tf.sigmoid],
  ['logSigmoid', tf.logSigmoid],
  ['softplus', tf.softplus],
  ['swish', (x) => tf.mul(x, tf.sigmoid(x))],
  ['clipByValue', (x) => tf.clipByValue(x, -1, 2)],
  ['clipByValue from below', (x) => tf.clipByValue(x, 0.5, Infinity)],
] as readonly (readonly [string, Unary])[])('%s', (_, fn) => {
  const inputs = (): tf.Tensor[] => SHAPES.map((shape, seed) => sample(shape, { seed, from: -8, to: 8 }));

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

it.each([
  ['relu', tf.relu],
  ['relu6', tf.relu6],
  ['step', tf.step],
  ['step from −2', (x) => tf.step(x, -2)],
  ['leakyRelu', tf.leakyRelu],
  ['selu', tf.selu],
  ['softplus', tf.softplus],
  ['clipByValue', (x) => tf.clipByValue(x, -2.5, 1.5)],
  ['clipByValue from above', (x) => tf.clipByValue(x, -Infinity, 1.5)],
] as readonly (readonly [string, Unary])[])('%s of integers', async (_, fn) => {
  await compareWithCpu(fn, [tf.tensor1d([0, 1, -1, 5, -7, 2, -2, -3], 'int32')]);
});

it('prelu', async () => {
  const inputs = PAIRS.flatMap(([x, alpha], seed) => [
    sample(x, { seed }),
    sample(alpha, { seed: seed + 100 }),
  ]);
  await compareWithCpu(onPairs(tf.prelu), inputs);
  // tfjs does not sum the gradient of an x that was stretched.
  const pair = [sample([2, 3, 4]), sample([3, 1], { seed: 1 })];
  await compareWithCpu(gradients(tf.prelu), pair);
});

describe.each([
  ['softmax', (x) => tf.softmax(x)],
  ['logSoftmax', (x) => tf.logSoftmax(x)],
  ['logSumExp', (x) => tf.logSumExp(x, -1)],
] as readonly (readonly [string, Unary])[])('%s', (name, fn) => {
  it('values', async () => {
    const lists = SHAPES.filter((shape) => shape.length > 0);
    const inputs = lists.map((shape, seed) => sample(shape, { seed, from: -20, to: 20 }));
    await compareWithCpu(onEach(fn), inputs);
  });
  it('gradients', async () => {
    // tfjs cannot differentiate the logSumExp of nothing.
    const lists = SHAPES.filter((shape) => shape.length > 0 && shape.at(-1) !== 0);
    const inputs = lists.map((shape, seed) => sample(shape, { seed }));
    await compareWithCpu(onEach(gradients(fn)), inputs);
  });
  if (name === 'logSumExp') return; // ∞ − ∞ in tfjs
  it('rows with infinities', async () => {
    const rows = [
      [1, 2, -Infinity],
      [Infinity, 0, 1],
      [NaN, 1, 2],
      [-Infinity, -Infinity, -Infinity],
      [1e30, -1e30, 0],
    ];
    await compareWithCpu(fn, [tf.tensor2d(rows)]);
  });
});

it('the LogSoftmax kernel is what tf.logSoftmax computes', async () => {
  const kernel = (logits: tf.Tensor): tf.Tensor =>
    tf.engine().runKernel('LogSoftmax', { logits }, { axis: -1 });
  const fn: Unary = (x) => (tf.getBackend() === 'cpu' ? tf.logSoftmax(x) : kernel(x));
  await compareWithCpu(fn, [sample([3, 5], { from: -20, to: 20 })]);
});

it('refuses bools', async () => {
  await expect(compareWithCpu(tf.relu, [sample([2], { dtype: 'bool' })])).rejects.toThrow(
    /Relu got a tensor of bools/,
  );
});
