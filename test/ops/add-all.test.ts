import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { addAll } from '../../src/ops/index.ts';

beforeAll(() => tf.setBackend('cpu'));

it.each([1, 6, 7, 8, 13, 14, 40])(
  'the sum of %i tensors is that of tf.addN, never of more than seven at once',
  async (count) => {
    const before = tf.memory().numTensors;
    const tensors = Array.from({ length: count }, (_, i) => tf.tensor1d([Math.sin(i), 1 / (i + 1), 1e8 * i]));
    let sum!: tf.Tensor;
    const { kernels } = await tf.profile(() => {
      sum = addAll(tensors);
      return sum;
    });
    const widths = kernels.filter(({ name }) => name === 'AddN').map(({ inputShapes }) => inputShapes.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(7);
    const known = tf.addN(tensors);
    expect(await sum.data()).toEqual(await known.data());
    tf.dispose([...tensors, sum, known]);
    expect(tf.memory().numTensors).toBe(before);
  },
);
