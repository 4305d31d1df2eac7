// The Vision Transformer's parts as tf.layers classes. Weight names are big_vision's, so that loading a
// checkpoint is a loop; the arithmetic lives in ops/. All are registered, so tfjs's own save and load work.
// Simplified: no dropout (CLIPPO trains without), no masks.

import * as tf from '@tensorflow/tfjs-core';
import { type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../errors.ts';
import { attention, gelu, l2Normalize, layerNorm, linear } from '../ops/index.ts';
import { initialValues, type ParameterSource } from './initial-values.ts';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;
type Inputs = tf.Tensor | tf.Tensor[];
type Initializer = Parameters<layers.Layer['addWeight']>[3];

interface VitLayerArgs extends LayerArgs {
  /** Where start values come from; a layer revived by tfjs gets its weights right after and needs none. */
  readonly source?: ParameterSource;
}

/** A layer whose weights are named by paths below its own name. */
abstract class VitLayer extends layers.Layer {
  readonly #source: ParameterSource;
  readonly #weights = new Map<string, LayerVariable>();

  constructor(args: VitLayerArgs) {
    const { source = initialValues(0), ...rest } = args;
    super(rest);
    this.#source = source;
  }

  protected declareWeight(name: string, shape: readonly number[]): void {
    const initializer = {
      apply: (): tf.Tensor => tf.tensor(this.#source(parameterPath(this.name, name), shape), [...shape]),
    };
    // tfjs calls nothing but `apply` on it while building; its own base class is not exported.
    const weight = this.addWeight(name, [...shape], 'float32', initializer as unknown as Initializer);
    this.#weights.set(name, weight);
  }

  protected declareDense(name: string, inputs: number, outputs: number): void {
    this.declareWeight(join(name, 'kernel'), [inputs, outputs]);
    this.declareWeight(join(name, 'bias'), [outputs]);
  }

  protected declareLayerNorm(name: string, width: number): void {
    this.declareWeight(join(name, 'scale'), [width]);
    this.declareWeight(join(name, 'bias'), [width]);
  }

  protected declareAttention(name: string, width: number, heads: number): void {
    for (const part of ['query', 'key', 'value']) {
      this.declareWeight(join(name, `${part}/kernel`), [width, heads, width / heads]);
      this.declareWeight(join(name, `${part}/bias`), [heads, width / heads]);
    }
    this.declareWeight(join(name, 'out/kernel'), [heads, width / heads, width]);
    this.declareWeight(join(name, 'out/bias'), [width]);
  }

  protected weight(name: string): tf.Tensor {
    return this.#weights.get(name)!.read();
  }

  /** x·kernel + bias; kernels of three axes are flattened to [inputs, outputs]. */
  protected dense(x: tf.Tensor, name: string, outputs: number): tf.Tensor {
    const kernel = tf.reshape(this.weight(join(name, 'kernel')), [x.shape[x.rank - 1]!, outputs]);
    const bias = tf.reshape(this.weight(join(name, 'bias')), [outputs]);
    return linear(x, kernel as tf.Tensor2D, bias as tf.Tensor1D); // reshape forgets the rank
  }

  protected norm(x: tf.Tensor, name: string): tf.Tensor {
    return layerNorm(x, this.weight(join(name, 'scale')), this.weight(join(name, 'bias')));
  }

  protected mlp(x: tf.Tensor, name: string, hidden: number): tf.Tensor {
    const width = x.shape[x.rank - 1]!;
    return this.dense(gelu(this.dense(x, join(name, 'Dense_0'), hidden)), join(name, 'Dense_1'), width);
  }

  /** `from` [B, Q, D] attends to `to` [B, N, D]. */
  protected attend(from: tf.Tensor, to: tf.Tensor, name: string, heads: number): tf.Tensor {
    const width = to.shape[2]!;
    const split = (x: tf.Tensor, part: string): tf.Tensor4D => {
      const projected = this.dense(x, join(name, part), width);
      const perHead = tf.reshape(projected, [-1, x.shape[1]!, heads, width / heads]);
      return tf.transpose(perHead, [0, 2, 1, 3]) as tf.Tensor4D; // [B, A, N, D/A]
    };
    const mixed = attention(split(from, 'query'), split(to, 'key'), split(to, 'value'));
    const merged = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, from.shape[1]!, width]);
    return this.dense(merged, join(name, 'out'), width);
  }
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}

/**
 * The big_vision path of a layer's weight. A layer that only holds one array bears the array's name
 * (`pos_embedding`, `cls`), which is not repeated.
 */
export function parameterPath(layerName: string, weightName: string): string {
  return layerName === weightName ? layerName : `${layerName}/${weightName}`;
}

function single(inputs: Inputs): tf.Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}

/** tfjs hands layers one shape or a list of them; these layers have one input. */
function singleShape(shape: Shape | Shape[]): Shape {
  return Array.isArray(shape[0]) ? shape[0] : (shape as Shape);
}

/** The last axis, which is never free. */
function widthOf(shape: Shape | Shape[]): number {
  return singleShape(shape).at(-1)!;
}

/** Cuts a picture into P × P patches and projects each: images [B, H, W, 3] → tokens [B, H/P · W/P, D]. */
export class PatchEmbedding extends VitLayer {
  static readonly className = 'ClippoPatchEmbedding';
  readonly #width: number;
  readonly #patchSize: number;
  readonly #imageSize: number;

  constructor(args: VitLayerArgs & { width: number; patchSize: number; imageSize: number }) {
    const { width, patchSize, imageSize, ...rest } = args;
    super(rest);
    this.#width = width;
    this.#patchSize = patchSize;
    this.#imageSize = imageSize;
  }

  override build(inputShape: Shape | Shape[]): void {
    const P = this.#patchSize;
    this.declareWeight('kernel', [P, P, 3, this.#width]);
    this.declareWeight('bias', [this.#width]);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch = null, height = null] = singleShape(inputShape);
    const columns = this.#imageSize / this.#patchSize;
    return [batch, height === null ? null : (height / this.#patchSize) * columns, this.#width];
  }

  override call(inputs: Inputs): tf.Tensor {
    const images = single(inputs);
    const P = this.#patchSize;
    const [B, H, W] = images.shape as [number, number, number];
    if (H % P !== 0 || H > this.#imageSize || W !== this.#imageSize) {
      throw new ShapeError(
        `images: expected [B, H, ${this.#imageSize}, 3] with H a multiple of ${P} up to ${this.#imageSize}, got [${images.shape.join(', ')}]. Resize with toTensor(rasters, { size: ${this.#imageSize} }).`,
      );
    }
    return tf.tidy(() => {
      // A patch's pixels lie in P rows of P·3 neighbouring values: [B·H/P, P, W/P, P·3] holds them as two axes.
      const strips = tf.reshape(images, [(B * H) / P, P, W / P, P * 3]);
      const patches = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [B, (H / P) * (W / P), P * P * 3]);
      return this.dense(patches, '', this.#width);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const sizes = { width: this.#width, patchSize: this.#patchSize, imageSize: this.#imageSize };
    return { ...super.getConfig(), ...sizes };
  }
}

/** Adds the learned position embedding; fewer tokens than the full grid get its top rows. */
export class PositionEmbedding extends VitLayer {
  static readonly className = 'ClippoPositionEmbedding';
  readonly #positions: number;

  constructor(args: VitLayerArgs & { positions: number }) {
    const { positions, ...rest } = args;
    super(rest);
    this.#positions = positions;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.declareWeight('pos_embedding', [1, this.#positions, widthOf(inputShape)]);
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs); // [B, N, D]
      const embedding = this.weight('pos_embedding');
      const [, count, width] = tokens.shape as [number, number, number];
      const rows = count === this.#positions ? embedding : tf.slice(embedding, [0, 0, 0], [1, count, width]);
      return tf.add(tokens, rows);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), positions: this.#positions };
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
      return tf.concat([tf.tile(this.weight('cls'), [tokens.shape[0]!, 1, 1]), tokens], 1);
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
export class SelfAttention extends VitLayer {
  static readonly className = 'ClippoSelfAttention';
  readonly #numHeads: number;

  constructor(args: VitLayerArgs & { numHeads: number }) {
    const { numHeads, ...rest } = args;
    super(rest);
    this.#numHeads = numHeads;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.declareAttention('', widthOf(inputShape), this.#numHeads);
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs);
      return this.attend(tokens, tokens, '', this.#numHeads);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), numHeads: this.#numHeads };
  }
}

/** Dense D → M, GELU, Dense M → D. */
export class MlpBlock extends VitLayer {
  static readonly className = 'ClippoMlpBlock';
  readonly #mlpDim: number;

  constructor(args: VitLayerArgs & { mlpDim: number }) {
    const { mlpDim, ...rest } = args;
    super(rest);
    this.#mlpDim = mlpDim;
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = widthOf(inputShape);
    this.declareDense('Dense_0', width, this.#mlpDim);
    this.declareDense('Dense_1', this.#mlpDim, width);
    super.build(inputShape);
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => this.mlp(single(inputs), '', this.#mlpDim));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), mlpDim: this.#mlpDim };
  }
}

/**
 * Multi-head attention pooling: a learned probe attends to all tokens, p ← p + MLP(LN(p)); no residual from
 * the probe. [B, N, D] → [B, D].
 */
export class MapHead extends VitLayer {
  static readonly className = 'ClippoMapHead';
  readonly #numHeads: number;
  readonly #mlpDim: number;

  constructor(args: VitLayerArgs & { numHeads: number; mlpDim: number }) {
    const { numHeads, mlpDim, ...rest } = args;
    super(rest);
    this.#numHeads = numHeads;
    this.#mlpDim = mlpDim;
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = widthOf(inputShape);
    this.declareWeight('probe', [1, 1, width]);
    this.declareAttention('MultiHeadDotProductAttention_0', width, this.#numHeads);
    this.declareLayerNorm('LayerNorm_0', width);
    this.declareDense('MlpBlock_0/Dense_0', width, this.#mlpDim);
    this.declareDense('MlpBlock_0/Dense_1', this.#mlpDim, width);
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
      const probe = tf.tile(this.weight('probe'), [B, 1, 1]); // [B, 1, D]
      const pooled = this.attend(probe, tokens, 'MultiHeadDotProductAttention_0', this.#numHeads);
      const refined = this.mlp(this.norm(pooled, 'LayerNorm_0'), 'MlpBlock_0', this.#mlpDim);
      return tf.reshape(tf.add(pooled, refined), [B, D]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), numHeads: this.#numHeads, mlpDim: this.#mlpDim };
  }
}

/** The mean of all tokens (`gap`), or the first one (`tok`): [B, N, D] → [B, D]. */
export class TokenPool extends VitLayer {
  static readonly className = 'ClippoTokenPool';
  readonly #pool: 'gap' | 'tok';

  constructor(args: VitLayerArgs & { pool: 'gap' | 'tok' }) {
    const { pool, ...rest } = args;
    super(rest);
    this.#pool = pool;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch = null, , width = null] = singleShape(inputShape);
    return [batch, width];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const tokens = single(inputs);
      const [B, , D] = tokens.shape as [number, number, number];
      if (this.#pool === 'gap') return tf.mean(tokens, 1);
      return tf.reshape(tf.slice(tokens, [0, 0, 0], [B, 1, D]), [B, D]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), pool: this.#pool };
  }
}

/** x·K + b: [B, D] → [B, E]. */
export class Projection extends VitLayer {
  static readonly className = 'ClippoProjection';
  readonly #units: number;

  constructor(args: VitLayerArgs & { units: number }) {
    const { units, ...rest } = args;
    super(rest);
    this.#units = units;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.declareDense('', widthOf(inputShape), this.#units);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...singleShape(inputShape).slice(0, -1), this.#units];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => this.dense(single(inputs), '', this.#units));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.#units };
  }
}

/** x / (‖x‖ + 1e-8) over the last axis. */
export class L2Normalization extends VitLayer {
  static readonly className = 'ClippoL2Normalization';

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => l2Normalize(single(inputs)));
  }
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
