// Tensors out of nothing against tfjs cpu.

import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { onEach, SHAPES, sample, useCpu } from './samples.ts';

useCpu();

it.each([
  ['fill', () => tf.fill([2, 3], 2.5)],
  ['fill of integers', () => tf.fill([2, 3], 7, 'int32')],
  ['fill of no elements', () => tf.fill([2, 0], 3)],
  ['fill of one', () => tf.fill([], -1)],
  ['ones', () => tf.ones([3, 2])],
  ['zeros, bool', () => tf.zeros([4], 'bool')],
  ['range', () => tf.range(0, 10, 0.3)],
  ['range downwards by itself', () => tf.range(5, 0, 1, 'int32')],
  ['range downwards', () => tf.range(5, 0, -2)],
  ['range that runs away', () => tf.range(0, 5, -1)],
  ['range that runs away downwards', () => tf.range(5, 0, 2)],
  ['range of nothing', () => tf.range(3, 3)],
  ['linspace', () => tf.linspace(-1, 1, 7)],
  ['linspace of one', () => tf.linspace(3, 3, 1)],
] as const)('%s', async (_, make) => {
  await compareWithCpu(make, []);
});

it.each(['float32', 'int32', 'bool'] as const)('zerosLike and onesLike of %s', async (dtype) => {
  const inputs = SHAPES.map((shape, seed) => sample(shape, { seed, dtype }));
  await compareWithCpu(
    onEach((x) => [tf.zerosLike(x), tf.onesLike(x)]),
    inputs,
  );
});

it('refuses to draw lots', async () => {
  const draw = (logits: tf.Tensor): tf.Tensor => tf.multinomial(logits as tf.Tensor2D, 3);
  await expect(compareWithCpu(draw, [sample([2, 4])])).rejects.toThrow(
    /tf.multinomial draws its numbers while it runs.*hand the result in as an input/,
  );
});
