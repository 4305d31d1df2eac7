// GELU in its tanh form, the default of flax: 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
// Because 0.5·(1 + tanh(u)) = sigmoid(2u), it is computed as x·sigmoid(2u): the same function, and sigmoid is a
// vectorised kernel on the wasm backend where tanh is not.

import * as tf from '@tensorflow/tfjs-core';
import { FUSED_GELU, runFused } from './fused.ts';

const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = LINEAR * 0.044715;

/**
 * Gaussian error linear unit (tanh form), element by element.
 *
 * @param x - float32, any shape
 * @returns float32, the same shape
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  const activate = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const fused = runFused(FUSED_GELU, { x });
    const gate = fused === null ? gateOf(x) : null;
    save(gate === null ? [x] : [x, gate]);
    return {
      value: fused?.[0] ?? tf.mul(x, gate!),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, gate = gateOf(x!)] = saved as [tf.Tensor, tf.Tensor?];
        const slope = tf.mul(x, tf.add(tf.mul(tf.square(x), 3 * CUBIC), LINEAR)); // x·d(2u)/dx
        const dGate = tf.mul(slope, tf.sub(1, gate));
        return tf.mul(dy, tf.mul(gate, tf.add(dGate, 1)));
      },
    };
  });
  // customGrad forgets the rank: the activation keeps the shape of x.
  return activate(x) as T;
}

/** sigmoid(2u) */
function gateOf(x: tf.Tensor): tf.Tensor {
  return tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), CUBIC), LINEAR)));
}
