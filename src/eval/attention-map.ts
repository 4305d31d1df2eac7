// An input → where the model looks when it makes one vector of all patches: the attention of the probe of its MAP head,
// softmax(q·kᵀ/√d) from the tokens that the head reads and the head's own weights.
// Reference: MAPHead of big_vision `models/vit.py`; Zhai et al. 2022, "Scaling Vision Transformers".

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel } from '@tensorflow/tfjs-layers';
import type { ClippoModel } from '../clippo-model.ts';
import { ConfigError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { layerOutput, resolveClippoConfig, toTensor } from '../model/index.ts';
import type { PatchMap } from './patch-map.ts';

export interface AttentionMap extends PatchMap {
  /** The mean over all heads; sums to 1. */
  readonly values: Float32Array;
  /** What each head looks at, rows · columns values that sum to 1. */
  readonly perHead: readonly Float32Array[];
}

const HEAD = 'img/MAPHead_0';

/**
 * How much each patch counts in the pooling of an input. It does not depend on what the input is compared with; for
 * that see {@link occlusionMap}. Computed by tfjs, also for a compiled model.
 *
 * @param input - a text, as the model draws it, or a picture
 * @returns one value a patch of the rows that are encoded, which may be fewer for a text than for a picture
 * @throws ConfigError for a model that does not pool by attention, and as `model.encode`
 * @example
 * const { rows, columns, values } = await attentionMap(model, 'a photo of a dog');
 */
export async function attentionMap(model: ClippoModel, input: string | ImageLike): Promise<AttentionMap> {
  const { pool, patchSize, numHeads: A, width: D } = resolveClippoConfig(model.config);
  if (pool !== 'map') {
    throw new ConfigError(
      `attentionMap: the model pools with '${pool}', where no probe looks at the patches. Use a model with pool 'map', or occlusionMap, which works with every model.`,
    );
  }
  const raster = await model.toRaster(input);
  const [rows, columns] = [raster.height / patchSize, raster.width / patchSize];
  const N = rows * columns;
  const { inputs } = model.network;
  const tower = cutModel({ inputs, outputs: layerOutput(model.network, 'Transformer/encoder_norm') });
  const parameters = model.parameters();
  const weight = (path: string): tf.Tensor => parameters.get(`${HEAD}/${path}`)!;

  /** [n, D] → [A, n, D/A] */
  const project = (x: tf.Tensor, part: 'query' | 'key'): tf.Tensor => {
    const path = `MultiHeadDotProductAttention_0/${part}`;
    const kernel = tf.reshape(weight(`${path}/kernel`), [D, D]);
    const projected = tf.add(tf.matMul(x, kernel), tf.reshape(weight(`${path}/bias`), [D]));
    return tf.transpose(tf.reshape(projected, [-1, A, D / A]), [1, 0, 2]);
  };
  const attention = tf.tidy(() => {
    const tokens = tf.reshape(tower.apply(toTensor(raster)) as tf.Tensor, [N, D]);
    const query = project(tf.reshape(weight('probe'), [1, D]), 'query'); // [A, 1, D/A]
    const key = project(tokens, 'key'); // [A, N, D/A]
    return tf.softmax(tf.mul(tf.matMul(query, key, false, true), Math.sqrt(A / D))); // [A, 1, N]
  });
  const data = await attention.data();
  attention.dispose();

  const perHead = Array.from({ length: A }, (_, head) =>
    Float32Array.from(data.subarray(head * N, (head + 1) * N)),
  );
  const values = new Float32Array(N);
  for (const head of perHead) for (let i = 0; i < N; i++) values[i]! += head[i]! / A;
  return { rows, columns, patchSize, values, perHead };
}
