// What is learned for labels of one's own: a head of dense layers on what the network makes of a picture, as a
// tf.LayersModel of its own, which can be stacked on the network or trained by itself on features that were kept.

import * as tf from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  model,
  type SymbolicTensor,
  type layers as tfLayers,
} from '@tensorflow/tfjs-layers';
import { gelu } from '../ops/index.ts';
import { sizeOf } from '../shape.ts';
import { initialValues, type ParameterSource } from './initial-values.ts';
import { Projection } from './layers.ts';
import type { Inputs } from './vit-layer.ts';

export interface HeadConfig {
  /** D: size of a feature */
  readonly inputs: number;
  /** Units of the hidden layers, each followed by GELU; none for a linear head. */
  readonly hidden: readonly number[];
  /** K: scores */
  readonly outputs: number;
}

/** gelu(x·K + b): [B, D] → [B, units]. */
class HiddenLayer extends Projection {
  static override readonly className: string = 'ClippoHiddenLayer';

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => gelu(super.call(inputs)));
  }
}
tf.serialization.registerClass(HiddenLayer as tf.serialization.SerializableConstructor<tfLayers.Layer>);

/** The layers in order, `hidden_0` … and `output`, which gives the scores. */
export function headLayerNames({ hidden }: Pick<HeadConfig, 'hidden'>): string[] {
  return [...hidden.map((_, i) => `hidden_${i}`), 'output'];
}

/**
 * Features float32 [B, D] → scores [B, K], before any softmax. Weights are named by layer, `output/kernel`.
 *
 * @returns a model named `classifier`; the caller disposes its weights
 */
export function buildHead({ inputs, hidden, outputs }: HeadConfig, source: ParameterSource): LayersModel {
  const features = input({ shape: [inputs], name: 'features' });
  const names = headLayerNames({ hidden });
  let x = features;
  for (const [i, name] of names.entries()) {
    const units = hidden[i] ?? outputs;
    const layer =
      i < hidden.length
        ? new HiddenLayer({ name, settings: { units }, source })
        : new Projection({ name, settings: { units }, source });
    x = layer.apply(x) as SymbolicTensor; // one in, one out
  }
  return model({ inputs: features, outputs: x, name: 'classifier' });
}

/** Path → shape of every weight of such a head. */
export function headParameterShapes({ inputs, hidden, outputs }: HeadConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  let from = inputs;
  for (const [i, name] of headLayerNames({ hidden }).entries()) {
    const units = hidden[i] ?? outputs;
    shapes.set(`${name}/kernel`, [from, units]).set(`${name}/bias`, [units]);
    from = units;
  }
  return shapes;
}

/**
 * Start values: hidden layers as those of the network, the last one zero, so that every label is as likely as the
 * others at first (as big_vision's `head_zeroinit` for transfer).
 */
export function headValues(seed: number): ParameterSource {
  const fresh = initialValues(seed);
  return (path, shape) => (path.startsWith('output/') ? new Float32Array(sizeOf(shape)) : fresh(path, shape));
}
