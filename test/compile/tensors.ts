// Variables and results as tests of compiled functions make and look at them.

import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

export function variable(values: tf.TensorLike, name?: string): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values), true, name));
}

/** Elements of a result that must be a tensor, which is disposed. */
export function read(result: unknown): number[] {
  expect(result).toBeInstanceOf(tf.Tensor);
  const tensor = result as tf.Tensor; // checked above
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}
