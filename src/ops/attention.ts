// Scaled dot-product attention: softmax(Q·Kᵀ/√d)·V, with the gradient written by hand from the kept
// probabilities: dS = P∘(dP − Σ dP∘P). Built of matMul and softmax because tfjs has no gradient for einsum.

import * as tf from '@tensorflow/tfjs-core';

/**
 * Every query looks at every key; no mask.
 *
 * @param query - float32 [B, A, Q, d]
 * @param key - float32 [B, A, N, d]
 * @param value - float32 [B, A, N, d]
 * @returns float32 [B, A, Q, d]
 */
export function attention(query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D {
  const scale = 1 / Math.sqrt(query.shape[3]);
  const attend = tf.customGrad((...args) => {
    const [query, key, value, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const scaled = tf.mul(query, scale);
    const weights = tf.softmax(tf.matMul(scaled, key, false, true)); // [B, A, Q, N]
    save([scaled, key, value, weights]);
    return {
      value: tf.matMul(weights, value),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [scaled, key, value, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const dWeights = tf.mul(tf.matMul(dy, value, false, true), weights);
        const dScores = tf.sub(dWeights, tf.mul(weights, tf.sum(dWeights, -1, true))); // [B, A, Q, N]
        return [
          tf.mul(tf.matMul(dScores, key), scale),
          tf.matMul(dScores, scaled, true, false),
          tf.matMul(weights, dy, true, false),
        ];
      },
    };
  });
  // customGrad forgets the rank.
  return attend(query, key, value) as tf.Tensor4D;
}
