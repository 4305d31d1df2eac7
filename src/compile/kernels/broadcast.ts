// The shape that two shapes have in common: tfjs and ONNX broadcast by the same rule.

import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph.ts';

/** The shape of an elementwise result. tfjs has refused shapes that do not fit before it calls a kernel. */
export function broadcastShape(a: Pick<Value, 'shape'>, b: Pick<Value, 'shape'>): number[] {
  return tf.broadcast_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
}
