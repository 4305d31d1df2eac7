// The Vision Transformer as a functional tf.LayersModel, one layer a step of the paper's figure, so that any
// inner activation can be cut out with `getLayer(name).output`. Order and names: big_vision `models/vit.py`.

import type * as tf from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type ResolvedVitConfig, resolveVitConfig, type VitConfig } from './config.ts';
import { initialValues, type ParameterSource } from './initial-values.ts';
import {
  ClassToken,
  LayerNormalization,
  MapHead,
  MlpBlock,
  PatchEmbedding,
  PositionEmbedding,
  Projection,
  SelfAttention,
  TokenPool,
} from './layers.ts';
import { parameterPath } from './vit-layer.ts';

/** A layer of one input gives one symbolic tensor. */
type Step = (x: SymbolicTensor) => SymbolicTensor;

/** Symbolic images [B, H, W, 3] for a model of this size; H may be any multiple of the patch size up to W. */
export function imageInput(config: ResolvedVitConfig): SymbolicTensor {
  return input({ shape: [null, config.imageSize, 3], name: 'images' });
}

/**
 * The whole tower: images [B, H, W, 3] → `pre_logits` [B, D], and the head's [B, outputDim] if there is one.
 * Activations bear big_vision's names: `encoderblock_0/residual_sa`, `encoder_norm`, `pre_logits`, `head`.
 */
export function applyVit(
  images: SymbolicTensor,
  config: ResolvedVitConfig,
  source: ParameterSource,
): SymbolicTensor {
  const { width, depth, mlpDim, numHeads, patchSize, imageSize, pool, outputDim } = config;
  const positions = (imageSize / patchSize) ** 2;
  const through =
    (layer: layers.Layer): Step =>
    (x) =>
      layer.apply(x) as SymbolicTensor;
  const residual =
    (name: string, branch: Step): Step =>
    (x) =>
      layers.add({ name }).apply([x, branch(x)]) as SymbolicTensor;

  let x = through(
    new PatchEmbedding({ name: 'embedding', settings: { width, patchSize, imageSize }, source }),
  )(images);
  x = through(new PositionEmbedding({ name: 'pos_embedding', settings: { positions }, source }))(x);
  if (pool === 'tok') x = through(new ClassToken({ name: 'cls', settings: {}, source }))(x);

  for (let i = 0; i < depth; i++) {
    const block = `Transformer/encoderblock_${i}`;
    x = residual(`${block}/residual_sa`, (x) => {
      const normed = through(new LayerNormalization({ name: `${block}/LayerNorm_0`, settings: {}, source }))(
        x,
      );
      const name = `${block}/MultiHeadDotProductAttention_0`;
      return through(new SelfAttention({ name, settings: { numHeads }, source }))(normed);
    })(x);
    x = residual(`${block}/residual_mlp`, (x) => {
      const normed = through(new LayerNormalization({ name: `${block}/LayerNorm_1`, settings: {}, source }))(
        x,
      );
      return through(new MlpBlock({ name: `${block}/MlpBlock_0`, settings: { mlpDim }, source }))(normed);
    })(x);
  }
  x = through(new LayerNormalization({ name: 'Transformer/encoder_norm', settings: {}, source }))(x);

  if (pool === 'map')
    x = through(new MapHead({ name: 'MAPHead_0', settings: { numHeads, mlpDim }, source }))(x);
  else x = through(new TokenPool({ name: 'pool', settings: { pool } }))(x);
  x = through(layers.activation({ activation: 'linear', name: 'pre_logits' }))(x);
  return outputDim === 0
    ? x
    : through(new Projection({ name: 'head', settings: { units: outputDim }, source }))(x);
}

/**
 * A Vision Transformer with big_vision's names and initialisers.
 *
 * @param config - sizes; with `numClasses` it ends in a head of logits, without in `pre_logits`
 * @param options - `seed` of the start values (default 0), or a `source` that gives them
 * @returns images float32 [B, H, W, 3] in [-1, 1] → float32 [B, numClasses], or [B, D] without a head.
 *   The caller disposes it.
 * @throws ConfigError
 * @example const classifier = buildVit({ variant: 'Ti/16', numClasses: 10 });
 */
export function buildVit(
  config: VitConfig,
  options: { readonly seed?: number; readonly source?: ParameterSource } = {},
): LayersModel {
  const resolved = resolveVitConfig(config);
  const images = imageInput(resolved);
  const outputs = applyVit(images, resolved, options.source ?? initialValues(options.seed ?? 0));
  return model({ inputs: images, outputs, name: 'vit' });
}

/** Path → variable of every weight of a network made by {@link buildVit} or cut from one. */
export function networkParameters(network: LayersModel): Map<string, tf.Variable> {
  const parameters = new Map<string, tf.Variable>();
  for (const layer of network.layers) {
    for (const weight of layer.weights) {
      const path = parameterPath(layer.name, weight.originalName.slice(layer.name.length + 1));
      parameters.set(path, weight.read() as tf.Variable); // a LayerVariable wraps a tf.Variable
    }
  }
  return parameters;
}
