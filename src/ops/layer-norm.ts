// Layer normalisation over the last axis, as flax computes it: y = (x − μ)·rsqrt(σ² + ε)·scale + bias, with
// the population variance taken as max(0, E[x²] − E[x]²). The gradient is written by hand: one pass over the
// kept x̂ instead of the dozen small kernels autodiff would record.

import * as tf from '@tensorflow/tfjs-core';
import { FUSED_LAYER_NORM, runFused } from './fused.ts';

/**
 * Normalises each vector of the last axis, then scales and shifts it.
 *
 * @param x - float32 [..., D]
 * @param scale - float32 [D]
 * @param bias - float32 [D]
 * @param epsilon - added to the variance; default 1e-6 (flax)
 * @returns float32 [..., D]
 */
export function layerNorm<T extends tf.Tensor>(x: T, scale: tf.Tensor, bias: tf.Tensor, epsilon = 1e-6): T {
  const normalise = tf.customGrad((...args) => {
    const [x, scale, bias, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const fused = runFused(FUSED_LAYER_NORM, { x, scale, bias }, { epsilon });
    if (fused !== null) {
      const [y, mean, inverse] = fused as [tf.Tensor, tf.Tensor, tf.Tensor];
      save([x, mean, inverse, scale]);
      return {
        value: y,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x, mean, inverse, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          return gradient(dy, tf.mul(tf.sub(x, mean), inverse), inverse, scale);
        },
      };
    }
    const mean = tf.mean(x, -1, true); // [..., 1]
    const variance = tf.maximum(tf.sub(tf.mean(tf.square(x), -1, true), tf.square(mean)), 0);
    const inverse = tf.rsqrt(tf.add(variance, epsilon)); // [..., 1]
    const hat = tf.mul(tf.sub(x, mean), inverse); // x̂
    save([hat, inverse, scale]);
    return {
      value: tf.add(tf.mul(hat, scale), bias),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [hat, inverse, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        return gradient(dy, hat, inverse, scale);
      },
    };
  });
  // customGrad forgets the rank: normalising keeps the shape of x.
  return normalise(x, scale, bias) as T;
}

/** Gradients of x, scale and bias. */
function gradient(dy: tf.Tensor, hat: tf.Tensor, inverse: tf.Tensor, scale: tf.Tensor): tf.Tensor[] {
  const batchAxes = Array.from({ length: hat.rank - 1 }, (_, axis) => axis);
  const dHat = tf.mul(dy, scale);
  const dyHat = tf.mul(dy, hat);
  const along = tf.mean(tf.mul(dHat, hat), -1, true); // [..., 1]
  const dx = tf.mul(tf.sub(tf.sub(dHat, tf.mean(dHat, -1, true)), tf.mul(hat, along)), inverse);
  return [dx, tf.sum(dyHat, batchAxes), tf.sum(dy, batchAxes)];
}
