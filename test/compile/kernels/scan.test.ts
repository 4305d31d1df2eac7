// Running sums and products, and counts, against tfjs cpu.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, onEach, SHAPES, sample, useCpu } from './samples.ts';

useCpu();

const LISTS = SHAPES.filter((shape) => shape.length > 0);
const DIRECTIONS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

describe.each([
  ['cumsum', tf.cumsum],
  ['cumprod', tf.cumprod],
] as const)('%s', (name, scan) => {
  describe.each(DIRECTIONS)('exclusive %s, reverse %s', (exclusive, reverse) => {
    it.each(['float32', 'int32', 'bool'] as const)('of %s', async (dtype) => {
      const xs = LISTS.map((shape, seed) => sample(shape, { seed, dtype }));
      const alongAll = (x: tf.Tensor): tf.Tensor[] =>
        x.shape.map((_, axis) => scan(x, axis, exclusive, reverse));
      await compareWithCpu(onEach(alongAll), xs);
    });
    if (name === 'cumprod') return; // has no gradient in tfjs
    it('gradients', async () => {
      // Along other axes tfjs leaves the gradient transposed.
      const alongLast = (x: tf.Tensor): tf.Tensor => scan(x, x.rank - 1, exclusive, reverse);
      const xs = LISTS.map((shape, seed) => sample(shape, { seed }));
      await compareWithCpu(onEach(gradients(alongLast)), xs);
    });
  });
  it('a long row', async () => {
    await compareWithCpu((x) => scan(x, 0), [sample([1000], { from: 0.99, to: 1.01 })]);
  });
});

describe.each(['float32', 'int32'] as const)('counts with weights of %s', (dtype) => {
  const numbers = [0, 3, 3, 1, 9, 2];
  const list = (): tf.Tensor1D => tf.tensor1d(numbers, 'int32');
  const rows = (): tf.Tensor2D => tf.tensor2d(numbers, [2, 3], 'int32');
  const weights = (shape: number[]): tf.Tensor => sample(shape, { from: 1, to: 5, dtype });
  const none = (): tf.Tensor1D => tf.tensor1d([], dtype);

  it.each([0, 4, 12])('bincount up to %d', async (size) => {
    // The casts are to ranks that tfjs's types ask for.
    const count = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
      tf.bincount(x as tf.Tensor1D, w as tf.Tensor1D, size);
    await compareWithCpu(count, [list(), weights([6])]);
    await compareWithCpu(count, [list(), none()]);
    await compareWithCpu(count, [tf.tensor1d([], 'int32'), none()]);
  });
  it.each([false, true])('denseBincount, binary %s', async (binaryOutput) => {
    const count = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
      tf.denseBincount(x as tf.Tensor2D, w as tf.Tensor2D, 5, binaryOutput);
    await compareWithCpu(count, [list(), weights([6])]);
    await compareWithCpu(count, [list(), none()]);
    await compareWithCpu(count, [rows(), weights([2, 3])]);
    await compareWithCpu(count, [rows(), none()]);
  });
});

it('refuses to add up weights that are bools', async () => {
  const count = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.bincount(x as tf.Tensor1D, w as tf.Tensor1D, 4);
  const inputs = [tf.tensor1d([1, 2], 'int32'), tf.tensor1d([1, 1], 'bool')];
  await expect(compareWithCpu(count, inputs)).rejects.toThrow(/Bincount got a tensor of bools/);
});
