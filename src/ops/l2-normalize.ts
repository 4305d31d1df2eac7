// L2 normalisation as big_vision does it: z = x / (‖x‖ + ε), with ε added to the norm and not under the root.
// The gradient by hand, dx = dz/s − x·(x·dz)/(n·s²) with n = ‖x‖ and s = n + ε, stays finite where x = 0.

import * as tf from '@tensorflow/tfjs-core';

/**
 * Scales each vector of the last axis to length 1.
 *
 * @param x - float32 [..., D]
 * @param epsilon - added to the norm; default 1e-8 (big_vision)
 * @returns float32 [..., D]
 */
export function l2Normalize<T extends tf.Tensor>(x: T, epsilon = 1e-8): T {
  const normalise = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const norm = tf.sqrt(tf.sum(tf.square(x), -1, true)); // [..., 1]
    const inverse = tf.reciprocal(tf.add(norm, epsilon));
    save([x, norm, inverse]);
    return {
      value: tf.mul(x, inverse),
      gradFunc: (dz: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, norm, inverse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const along = tf.sum(tf.mul(x, dz), -1, true); // x·dz
        // At x = 0 the second term vanishes; the floor only keeps 0/0 out.
        const factor = tf.div(tf.mul(along, tf.square(inverse)), tf.maximum(norm, 1e-30));
        return tf.sub(tf.mul(dz, inverse), tf.mul(x, factor));
      },
    };
  });
  // customGrad forgets the rank: normalising keeps the shape of x.
  return normalise(x) as T;
}
