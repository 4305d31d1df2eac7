// Any number of tensors → their sum, first to last as tf.addN adds them. A shader of tfjs's webgpu backend reads at most
// seven tensors, and tf.addN there hands it all at once: of more the result is zeros, and nothing but the console says so.

import * as tf from '@tensorflow/tfjs-core';

/** Storage buffers that every WebGPU device grants a shader are eight; one of them takes the sum. */
const AT_ONCE = 7;

/**
 * @param tensors - of one shape, one at least
 * @example const norm = tf.sqrt(addAll(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
 */
export function addAll<T extends tf.Tensor>(tensors: readonly T[]): T {
  return tf.tidy(() => {
    let sum = tf.addN(tensors.slice(0, AT_ONCE));
    for (let i = AT_ONCE; i < tensors.length; i += AT_ONCE - 1) {
      sum = tf.addN([sum, ...tensors.slice(i, i + AT_ONCE - 1)]);
    }
    return sum;
  });
}
