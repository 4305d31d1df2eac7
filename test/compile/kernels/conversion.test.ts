// Casts and clones against tfjs cpu.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { type DType, gradients, onEach, SHAPES, SPECIAL, sample, useCpu } from './samples.ts';

useCpu();

const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];

describe.each(DTYPES)('cast from %s', (dtype) => {
  it.each(DTYPES)('to %s', async (target) => {
    const inputs = SHAPES.map((shape, seed) => sample(shape, { seed, from: -4, to: 4, dtype }));
    await compareWithCpu(
      onEach((x) => tf.cast(x, target)),
      inputs,
    );
  });
});

it('casts special numbers that fit', async () => {
  const fits = tf.tensor1d(SPECIAL.filter((x) => Math.abs(x) < 2 ** 31));
  await compareWithCpu((x) => tf.cast(x, 'int32'), [fits]);
  await compareWithCpu((x) => tf.cast(x, 'bool'), [tf.tensor1d(SPECIAL)]);
});

it('casts and clones have gradients', async () => {
  const inputs = SHAPES.map((shape, seed) => sample(shape, { seed }));
  await compareWithCpu(onEach(gradients((x) => tf.cast(x, 'float32'))), inputs);
  await compareWithCpu(onEach(tf.clone), inputs);
  await compareWithCpu(onEach(gradients(tf.clone)), inputs);
});

it('refuses types that ONNX graphs of ours have not', async () => {
  await expect(compareWithCpu((x) => tf.cast(x, 'complex64'), [sample([2])])).rejects.toThrow(
    'compile: cannot cast to complex64. Expected float32, int32 or bool.',
  );
});
