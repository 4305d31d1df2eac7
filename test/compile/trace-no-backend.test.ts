// Recording before anybody has chosen a backend, or where none is there at all: it needs none.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { expect, it } from 'vitest';
import { exportOnnx } from '../../src/compile/index.ts';
import { changesOf, tfjsState } from './tfjs-state.ts';

const INPUTS = { inputs: [{ shape: ['batch', 3] }] } as const;

function gradient(x: tf.Tensor): tf.Tensor {
  return tf.grad((x) => tf.mean(tf.square(x)))(x);
}

it('records without any backend', () => {
  const before = tfjsState();
  expect(before.backend).toBeFalsy();
  expect(exportOnnx(gradient, INPUTS).length).toBeGreaterThan(100);
  expect(() => exportOnnx((x) => x.dataSync(), INPUTS)).toThrow(/reads the data/);
  expect(tf.engine().backendName).toBeFalsy();
  expect(changesOf({ ...before, backend: tf.engine().backendName })).toEqual([]);
});

it('leaves the choice of the backend open', async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  expect(tf.engine().backendName).toBeFalsy();
  expect(exportOnnx(gradient, INPUTS).length).toBeGreaterThan(100);
  expect(tf.engine().backendName).toBeFalsy();
  const x = tf.tensor2d([[1, 2, 3]]);
  expect(exportOnnx((y) => tf.add(y, x), INPUTS).length).toBeGreaterThan(100);
  expect(Array.from(x.dataSync())).toEqual([1, 2, 3]);
  expect(tf.getBackend()).toBe('cpu');
});
