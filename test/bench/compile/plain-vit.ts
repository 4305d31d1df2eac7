// The tower of src/model once more in plain tfjs: its own operators by the textbook formulas, its own gradients,
// nothing of src/ops. It is what a tfjs program looks like that nobody has tuned for the wasm backend.
// Simplified: MAP head only.

import * as tf from '@tensorflow/tfjs-core';
import type { VitShape } from '../../../src/model/index.ts';
import type { Parameters } from '../../../src/train/index.ts';

const EPSILON = 1e-6;

/**
 * Images [B, H, W, 3] → unit embeddings [B, E].
 *
 * @param parameters - of a ClippoModel
 */
export function plainEmbed(
  images: tf.Tensor4D,
  parameters: Parameters,
  { depth, numHeads, patchSize: P }: Pick<VitShape, 'depth' | 'numHeads'> & { readonly patchSize: number },
): tf.Tensor2D {
  const weight = (path: string): tf.Tensor => parameters.get(`img/${path}`)!;

  function dense(x: tf.Tensor, path: string): tf.Tensor {
    const inputs = x.shape.at(-1)!;
    const kernel = tf.reshape(weight(`${path}/kernel`), [inputs, -1]);
    const y = tf.matMul(tf.reshape(x, [-1, inputs]), kernel);
    return tf.reshape(tf.add(y, tf.reshape(weight(`${path}/bias`), [-1])), [...x.shape.slice(0, -1), -1]);
  }

  function norm(x: tf.Tensor, path: string): tf.Tensor {
    const { mean, variance } = tf.moments(x, -1, true);
    const hat = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
    return tf.add(tf.mul(hat, weight(`${path}/scale`)), weight(`${path}/bias`));
  }

  const mlp = (x: tf.Tensor, path: string): tf.Tensor =>
    dense(gelu(dense(x, `${path}/Dense_0`)), `${path}/Dense_1`);

  function attend(from: tf.Tensor, to: tf.Tensor, path: string): tf.Tensor {
    const width = to.shape[2]!;
    const split = (x: tf.Tensor, part: string): tf.Tensor =>
      tf.transpose(
        tf.reshape(dense(x, `${path}/${part}`), [-1, x.shape[1]!, numHeads, width / numHeads]),
        [0, 2, 1, 3],
      ); // [B, A, N, D/A]
    const scores = tf.matMul(split(from, 'query'), split(to, 'key'), false, true);
    const weights = tf.softmax(tf.div(scores, Math.sqrt(width / numHeads)));
    const mixed = tf.transpose(tf.matMul(weights, split(to, 'value')), [0, 2, 1, 3]);
    return dense(tf.reshape(mixed, [-1, from.shape[1]!, width]), `${path}/out`);
  }

  const [B, H, W] = images.shape;
  const grid = tf.reshape(images, [B, H / P, P, W / P, P * 3]);
  const patches = tf.reshape(tf.transpose(grid, [0, 1, 3, 2, 4]), [B, (H / P) * (W / P), P * P * 3]);
  let x = tf.add(dense(patches, 'embedding'), weight('pos_embedding')); // [B, N, D]
  for (let i = 0; i < depth; i++) {
    const block = `Transformer/encoderblock_${i}`;
    x = tf.tidy(() => {
      const normed = norm(x, `${block}/LayerNorm_0`);
      const attended = tf.add(x, attend(normed, normed, `${block}/MultiHeadDotProductAttention_0`));
      return tf.add(attended, mlp(norm(attended, `${block}/LayerNorm_1`), `${block}/MlpBlock_0`));
    });
  }
  x = norm(x, 'Transformer/encoder_norm');
  const probe = tf.tile(weight('MAPHead_0/probe'), [B, 1, 1]);
  x = attend(probe, x, 'MAPHead_0/MultiHeadDotProductAttention_0');
  x = tf.add(x, mlp(norm(x, 'MAPHead_0/LayerNorm_0'), 'MAPHead_0/MlpBlock_0'));
  const z = dense(tf.reshape(x, [B, -1]), 'head'); // [B, E]
  return tf.div(z, tf.add(tf.norm(z, 2, 1, true), 1e-8));
}

/** 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) */
function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** The contrastive loss from tfjs's own log-softmax. */
export function plainLoss(zImage: tf.Tensor2D, zText: tf.Tensor2D, t: tf.Tensor): tf.Scalar {
  const scores = tf.mul(tf.matMul(zImage, zText, false, true), tf.exp(t));
  const eye = tf.eye(zImage.shape[0]);
  const own = (x: tf.Tensor): tf.Tensor => tf.sum(tf.mul(tf.logSoftmax(x), eye), 1);
  return tf.mul(tf.mean(tf.add(own(scores), own(tf.transpose(scores)))), -0.5);
}
