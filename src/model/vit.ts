// The Vision Transformer as a functional tf.LayersModel, one layer a step of the paper's figure, so that any
// inner activation can be cut out with `getLayer(name).output`. Order and names: big_vision `models/vit.py`.

import type * as tf from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Pool, type ResolvedVitConfig, resolveVitConfig, type VitConfig } from './config.ts';
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
import type { TextPool } from './text-input.ts';
import { parameterPath } from './vit-layer.ts';
import type { VitShape } from './vit-shape.ts';

/** A layer of one input gives one symbolic tensor. */
export type Step = (x: SymbolicTensor) => SymbolicTensor;

/**
 * The way from an input to the head, in steps that each hold their layers: applied to two inputs, they share the weights.
 * Activations bear big_vision's names: `encoderblock_0/residual_sa`, `encoder_norm`, `pre_logits`, `head`.
 */
export interface Road {
  readonly input: SymbolicTensor;
  /** → [B, N, D] */
  readonly embed: Step;
  readonly addPositions: Step;
  readonly encode: Step;
  /** → `pre_logits` [B, D] */
  readonly pool: Step;
  /** → [B, outputDim]; undefined: the road ends before it */
  readonly head: Step | undefined;
}

/** Symbolic images [B, H, W, 3] for a model of this size; H may be any multiple of the patch size up to W. */
export function imageInput(config: ResolvedVitConfig): SymbolicTensor {
  return input({ shape: [null, config.imageSize, 3], name: 'images' });
}

/** The road of pictures [B, H, W, 3]. */
export function imageRoad(config: ResolvedVitConfig, source: ParameterSource): Road {
  const { patchSize, imageSize, pool, outputDim } = config;
  const positions = (imageSize / patchSize) ** 2;
  const encode = encoder('Transformer', config, source);
  const addClass = through(new ClassToken({ name: 'cls', settings: {}, source }));
  return {
    input: imageInput(config),
    embed: patchEmbedding(config, source),
    addPositions: positionEmbedding(positions, source),
    encode: pool === 'tok' ? (x) => encode(addClass(x)) : encode,
    pool: pooling(pool, config, source),
    head: outputDim === 0 ? undefined : projection(outputDim, source),
  };
}

export function through(layer: layers.Layer): Step {
  return (x) => layer.apply(x) as SymbolicTensor;
}

export function patchEmbedding(
  { width, patchSize, imageSize }: ResolvedVitConfig,
  source: ParameterSource,
): Step {
  return through(
    new PatchEmbedding({ name: 'embedding', settings: { width, patchSize, imageSize }, source }),
  );
}

export function positionEmbedding(positions: number, source: ParameterSource): Step {
  return through(new PositionEmbedding({ name: 'pos_embedding', settings: { positions }, source }));
}

/** All blocks and the norm behind them: [B, N, D] → [B, N, D]. */
export function encoder(path: string, { depth, mlpDim, numHeads }: VitShape, source: ParameterSource): Step {
  const norm = (name: string): Step => through(new LayerNormalization({ name, settings: {}, source }));
  const residual = (name: string, branch: Step): Step => {
    const sum = layers.add({ name });
    return (x) => sum.apply([x, branch(x)]) as SymbolicTensor;
  };
  const steps = Array.from({ length: depth }, (_, i): Step[] => {
    const block = `${path}/encoderblock_${i}`;
    const [normBefore, normBetween] = [norm(`${block}/LayerNorm_0`), norm(`${block}/LayerNorm_1`)];
    const name = `${block}/MultiHeadDotProductAttention_0`;
    const attend = through(new SelfAttention({ name, settings: { numHeads }, source }));
    const refine = through(new MlpBlock({ name: `${block}/MlpBlock_0`, settings: { mlpDim }, source }));
    return [
      residual(`${block}/residual_sa`, (x) => attend(normBefore(x))),
      residual(`${block}/residual_mlp`, (x) => refine(normBetween(x))),
    ];
  });
  return chain([...steps.flat(), norm(`${path}/encoder_norm`)]);
}

/** [B, N, D] → `pre_logits` [B, D] */
export function pooling(
  pool: Pool | TextPool,
  { numHeads, mlpDim }: VitShape,
  source: ParameterSource,
): Step {
  const pooled =
    pool === 'map'
      ? through(new MapHead({ name: 'MAPHead_0', settings: { numHeads, mlpDim }, source }))
      : through(new TokenPool({ name: 'pool', settings: { pool } }));
  return chain([pooled, through(layers.activation({ activation: 'linear', name: 'pre_logits' }))]);
}

export function projection(units: number, source: ParameterSource): Step {
  return through(new Projection({ name: 'head', settings: { units }, source }));
}

export function chain(steps: readonly Step[]): Step {
  return (x) => steps.reduce((reached, step) => step(reached), x);
}

/** The whole way: the head's [B, outputDim], or `pre_logits` [B, D] where there is none. */
export function walk({ input, embed, addPositions, encode, pool, head = (x) => x }: Road): SymbolicTensor {
  return chain([embed, addPositions, encode, pool, head])(input);
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
  const road = imageRoad(resolved, options.source ?? initialValues(options.seed ?? 0));
  return model({ inputs: road.input, outputs: walk(road), name: 'vit' });
}

/** Path → variable of every weight of a network made by {@link buildVit} or cut from one. */
export function networkParameters(network: LayersModel): Map<string, tf.Variable> {
  return new Map(network.layers.flatMap(layerParameters));
}

export function layerParameters(layer: layers.Layer): [path: string, tf.Variable][] {
  return layer.weights.map((weight) => [
    parameterPath(layer.name, weight.originalName.slice(layer.name.length + 1)),
    weight.read() as tf.Variable, // a LayerVariable wraps a tf.Variable
  ]);
}

/**
 * What a layer gives within this network. A layer that two networks share gives something in each, of which tfjs's own
 * `layer.output` would not know which is meant.
 */
export function layerOutput(network: LayersModel, name: string): SymbolicTensor {
  const layer = network.getLayer(name);
  const node = layer.inboundNodes.findIndex((_, i) => network.containerNodes.has(`${name}_ib-${i}`));
  return layer.getOutputAt(node) as SymbolicTensor; // every layer here has one
}
