// The Vision Transformer's parts as tf.layers classes. Weight names are big_vision's, so that loading a
// checkpoint is a loop; the arithmetic lives in ops/. All are registered, so tfjs's own save and load work.
// Simplified: no dropout (CLIPPO trains without), no masks.

import * as tf from '@tensorflow/tfjs-core';
import type { layers, Shape } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../errors.ts';
import { l2Normalize } from '../ops/index.ts';
import { type Inputs, single, singleShape, VitLayer, widthOf } from './vit-layer.ts';

/** Cuts a picture into P × P patches and projects each: images [B, H, W, 3] → tokens [B, H/P · W/P, D]. */
export class PatchEmbedding extends VitLayer<{ width: number; patchSize: number; imageSize: number }> {
  static readonly className = 'ClippoPatchEmbedding';

  override build(inputShape: Shape | Shape[]): void {
    const { patchSize: P, width: D } = this.settings;
    this.declareWeight('kernel', [P, P, 3, D]);
    this.declareWeight('bias', [D]);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const { patchSize: P, imageSize, width: D } = this.settings;
    const [batch = null, height = null] = singleShape(inputShape);
    return [batch, height === null ? null : (height / P) * (imageSize / P), D];
  }

  override call(inputs: Inputs): tf.Tensor {
    const { patchSize: P, imageSize: S, width: D } = this.settings;
    const images = single(inputs);
    const [B, H, W] = images.shape as [number, number, number];
    if (H % P !== 0 || H > S || W !== S) {
      throw new ShapeError(
        `images: expected [B, H, ${S}, 3] with H a multiple of ${P} up to ${S}, got [${images.shape.join(', ')}]. Resize with toTensor(rasters, { size: ${S} }).`,
      );
    }
    return tf.tidy(() => {
      // A patch's pixels lie in P rows of P·3 neighbouring values: [B·H/P, P, W/P, P·3] holds them as two axes.
      const strips = tf.reshape(images, [(B * H) / P, P, W / P, P * 3]);
      const patches = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [B, (H / P) * (W / P), P * P * 3]);
      return this.dense(patches, '', D);
    });
  }
}

/** Adds the learned position embedding; fewer tokens than the full grid get its top rows. */
export class PositionEmbedding extends VitLayer<{ positions: number }> {
  static readonly className = 'ClippoPositionEmbedding';

  override build(inputShape: Shape | Shape[]): void {
    this.declareWeight('pos_embedding', [1, this.settings.positions, widthOf(inputShape)]);
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs); // [B, N, D]
      const embedding = this.weight('pos_embedding');
      const [, count, width] = tokens.shape as [number, number, number];
      const rows =
        count === this.settings.positions ? embedding : tf.slice(embedding, [0, 0, 0], [1, count, width]);
      return tf.add(tokens, rows);
    });
  }
}

/** Puts the class token in front: [B, N, D] → [B, 1 + N, D]. */
export class ClassToken extends VitLayer {
  static readonly className = 'ClippoClassToken';

  override build(inputShape: Shape | Shape[]): void {
    this.declareWeight('cls', [1, 1, widthOf(inputShape)]);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch = null, count = null, width = null] = singleShape(inputShape);
    return [batch, count === null ? null : count + 1, width];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs);
      return tf.concat([perExample(tokens, this.weight('cls')), tokens], 1);
    });
  }
}

/** Layer normalisation over the last axis, ε = 1e-6. */
export class LayerNormalization extends VitLayer {
  static readonly className = 'ClippoLayerNormalization';

  override build(inputShape: Shape | Shape[]): void {
    this.declareLayerNorm('', widthOf(inputShape));
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => this.norm(single(inputs), ''));
  }
}

/** Multi-head self-attention [B, N, D] → [B, N, D]. */
export class SelfAttention extends VitLayer<{ numHeads: number }> {
  static readonly className = 'ClippoSelfAttention';

  override build(inputShape: Shape | Shape[]): void {
    this.declareAttention('', widthOf(inputShape), this.settings.numHeads);
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs);
      return this.attend(tokens, tokens, '', this.settings.numHeads);
    });
  }
}

/** Dense D → M, GELU, Dense M → D. */
export class MlpBlock extends VitLayer<{ mlpDim: number }> {
  static readonly className = 'ClippoMlpBlock';

  override build(inputShape: Shape | Shape[]): void {
    const width = widthOf(inputShape);
    this.declareDense('Dense_0', width, this.settings.mlpDim);
    this.declareDense('Dense_1', this.settings.mlpDim, width);
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => this.mlp(single(inputs), '', this.settings.mlpDim));
  }
}

/**
 * Multi-head attention pooling: a learned probe attends to all tokens, p ← p + MLP(LN(p)); no residual from
 * the probe. [B, N, D] → [B, D].
 */
export class MapHead extends VitLayer<{ numHeads: number; mlpDim: number }> {
  static readonly className = 'ClippoMapHead';

  override build(inputShape: Shape | Shape[]): void {
    const width = widthOf(inputShape);
    this.declareWeight('probe', [1, 1, width]);
    this.declareAttention('MultiHeadDotProductAttention_0', width, this.settings.numHeads);
    this.declareLayerNorm('LayerNorm_0', width);
    this.declareDense('MlpBlock_0/Dense_0', width, this.settings.mlpDim);
    this.declareDense('MlpBlock_0/Dense_1', this.settings.mlpDim, width);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch = null, , width = null] = singleShape(inputShape);
    return [batch, width];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs);
      const [B, , D] = tokens.shape as [number, number, number];
      const probe = perExample(tokens, this.weight('probe')); // [B, 1, D]
      const pooled = this.attend(probe, tokens, 'MultiHeadDotProductAttention_0', this.settings.numHeads);
      const refined = this.mlp(this.norm(pooled, 'LayerNorm_0'), 'MlpBlock_0', this.settings.mlpDim);
      return tf.reshape(tf.add(pooled, refined), [B, D]);
    });
  }
}

/** One vector of all tokens without weights: [B, N, D] → [B, D]. `gap` is another name for `mean`, `tok` for `first`. */
export class TokenPool extends VitLayer<{ pool: 'gap' | 'tok' | 'mean' | 'first' | 'last' | 'max' }> {
  static readonly className = 'ClippoTokenPool';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch = null, , width = null] = singleShape(inputShape);
    return [batch, width];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs);
      const [B, N, D] = tokens.shape as [number, number, number];
      const { pool } = this.settings;
      if (pool === 'gap' || pool === 'mean') return tf.mean(tokens, 1);
      if (pool === 'max') return tf.max(tokens, 1);
      return tf.reshape(tf.slice(tokens, [0, pool === 'last' ? N - 1 : 0, 0], [B, 1, D]), [B, D]);
    });
  }
}

/** x·K + b: [B, D] → [B, E]. */
export class Projection extends VitLayer<{ units: number }> {
  static readonly className: string = 'ClippoProjection';

  override build(inputShape: Shape | Shape[]): void {
    this.declareDense('', widthOf(inputShape), this.settings.units);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...singleShape(inputShape).slice(0, -1), this.settings.units];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => this.dense(single(inputs), '', this.settings.units));
  }
}

/** x / (‖x‖ + 1e-8) over the last axis. */
export class L2Normalization extends VitLayer {
  static readonly className = 'ClippoL2Normalization';

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => l2Normalize(single(inputs)));
  }
}

/** A token [1, 1, D] for each of a batch [B, …]: by adding zeros, because the gradient of tile is a slice per example. */
function perExample(batch: tf.Tensor, token: tf.Tensor): tf.Tensor {
  return tf.add(token, tf.zeros([batch.shape[0]!, 1, 1])); // [B, 1, D]
}

for (const layer of [
  PatchEmbedding,
  PositionEmbedding,
  ClassToken,
  LayerNormalization,
  SelfAttention,
  MlpBlock,
  MapHead,
  TokenPool,
  Projection,
  L2Normalization,
]) {
  tf.serialization.registerClass(layer as tf.serialization.SerializableConstructor<layers.Layer>);
}
