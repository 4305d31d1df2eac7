// y = x·K + b over the last axis. Written by hand because tfjs's own gradient asks matMul to transpose its
// operands, which sends the wasm backend to an unvectorised loop: with the transposes spelled out the two
// products of the gradient run about ten times as fast there, and no slower elsewhere.

import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../shape.ts';

/**
 * A dense layer without activation.
 *
 * @param x - float32 [..., I]
 * @param kernel - float32 [I, O]
 * @param bias - float32 [O]
 * @returns float32 [..., O]
 */
export function linear<T extends tf.Tensor>(x: T, kernel: tf.Tensor2D, bias: tf.Tensor1D): T {
  const [inputs, outputs] = kernel.shape;
  const leading = x.shape.slice(0, -1);
  const rows = tf.reshape(x, [sizeOf(leading), inputs]);
  const project = tf.customGrad((...args) => {
    const [rows, kernel, bias, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    save([rows, kernel]);
    return {
      value: tf.add(tf.matMul(rows, kernel), bias),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [rows, kernel] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [tf.matMul(dy, tf.transpose(kernel)), tf.matMul(tf.transpose(rows), dy), tf.sum(dy, 0)];
      },
    };
  });
  // The leading axes are those of x.
  return tf.reshape(project(rows, kernel, bias), [...leading, outputs]) as T;
}
