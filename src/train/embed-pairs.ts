// Pictures and texts of a batch → their embeddings: one call of a network a kind and size, rows put back in order. CLIPPO
// maps images to unit vectors, pictures and drawn text alike, so two slots of one size go through together.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import type { TextBatch } from '../data/index.ts';
import { networkFor, toInputTensor } from '../model/index.ts';
import { type ArrangedBatch, arrangePairs } from './arranged-batch.ts';
import { createStepFunctions } from './step-functions.ts';

/** An arranged batch as tensors. */
export interface PairTensors {
  /** One for each kind and size: float32 [n, H, W, 3], or what else the model makes of texts. */
  readonly groups: readonly tf.Tensor[];
  /** int32 [2B], see ArrangedBatch */
  readonly order: tf.Tensor1D;
  /** int32 [Σ n] */
  readonly inverse: tf.Tensor1D;
}

/** @returns tensors the caller disposes. @throws ShapeError, DataError */
export function pairTensors({ groups, order, inverse }: ArrangedBatch): PairTensors {
  return tf.tidy(() => ({
    groups: groups.map(toInputTensor),
    order: tf.tensor1d(order, 'int32'),
    inverse: tf.tensor1d(inverse, 'int32'),
  }));
}

/** @returns unit vectors [B, E] of either slot */
export function embedPairs(
  model: ClippoModel,
  { groups, order, inverse }: PairTensors,
): [zImage: tf.Tensor2D, zText: tf.Tensor2D] {
  const rows = groups.map((input) => embedTensor(model, input));
  const inOrder = rows.length === 1 ? rows[0]! : pickRows(tf.concat(rows), order, inverse); // [2B, E]
  return tf.split(inOrder, 2) as [tf.Tensor2D, tf.Tensor2D]; // into two
}

/** What one of the networks reads, n inputs → [n, E] */
export function embedTensor({ network, textNetwork }: ClippoModel, input: tf.Tensor): tf.Tensor2D {
  const reader = networkFor({ images: network, texts: textNetwork }, input);
  return reader.apply(input, { training: true }) as tf.Tensor2D; // one tensor in, one out
}

/**
 * Rows `order` of x. No row is picked twice, so the gradient picks too, where tfjs's own adds rows up one by one, by a
 * kernel that wasm lacks.
 */
function pickRows(x: tf.Tensor2D, order: tf.Tensor1D, inverse: tf.Tensor1D): tf.Tensor2D {
  const pick = tf.customGrad((x) => ({
    value: tf.gather(x as tf.Tensor2D, order),
    gradFunc: (dy: tf.Tensor) => {
      const none = tf.zeros([1, dy.shape[1]!]); // of rows that were not picked
      return tf.gather(tf.concat([dy as tf.Tensor2D, none as tf.Tensor2D]), inverse);
    },
  }));
  return pick(x) as tf.Tensor2D; // customGrad forgets the rank
}

type EmbedFunctions = {
  embed(order: tf.Tensor1D, inverse: tf.Tensor1D, ...groups: tf.Tensor[]): tf.Tensor2D;
};

/**
 * Embeds batches with the weights as they are, by the engine of the step.
 *
 * @param runtime - undefined for tfjs
 */
export function createPairEmbedder(model: ClippoModel, runtime: OrtRuntime | undefined) {
  const functions = createStepFunctions<EmbedFunctions>(runtime);
  return {
    /** @returns 2B · E numbers: the pictures, then the texts */
    async embed(batch: TextBatch): Promise<Float32Array> {
      const { embed } = await functions.prepare([...model.parameters().values()], () => ({
        embed: (order, inverse, ...groups) => tf.concat(embedPairs(model, { groups, order, inverse })),
      }));
      const { groups, order, inverse } = pairTensors(await arrangePairs(model, batch, true));
      try {
        const rows = await embed(order, inverse, ...groups);
        try {
          return (await rows.data()) as Float32Array; // float32 as all embeddings
        } finally {
          rows.dispose();
        }
      } finally {
        tf.dispose([order, inverse, ...groups]);
      }
    },
    dispose: () => functions.dispose(),
  };
}
