// Primitives that a backend may run as one kernel of its own. tfjs's registry says whether it can; the recording
// backend of compile/ does.

import * as tf from '@tensorflow/tfjs-core';

/** x [..., D], scale [D], bias [D]; epsilon → y [..., D], mean [..., 1], 1/√(variance + ε) [..., 1] */
export const FUSED_LAYER_NORM = 'ClippoLayerNorm';
/** x → gelu(x), tanh form */
export const FUSED_GELU = 'ClippoGelu';

/** What the current backend's own kernel gives, or null where it has none. */
export function runFused(
  kernel: string,
  inputs: tf.NamedTensorMap,
  attributes: tf.NamedAttrMap = {},
): tf.Tensor[] | null {
  if (!tf.getKernel(kernel, tf.getBackend())) return null;
  return [tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(kernel, inputs, attributes)].flat();
}
