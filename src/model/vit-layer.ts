// What the Vision Transformer's layers share: weights named by big_vision's paths, and the blocks every part is
// built of (dense, layer norm, MLP, attention) on top of ops/.

import * as tf from '@tensorflow/tfjs-core';
import { type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import { attention, gelu, layerNorm, linear } from '../ops/index.ts';
import { initialValues, type ParameterSource } from './initial-values.ts';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;
export type Inputs = tf.Tensor | tf.Tensor[];
type Initializer = Parameters<layers.Layer['addWeight']>[3];

/** What makes a layer the one it is; kept in its config, so it must survive JSON. */
type Settings = Readonly<Record<string, number | string>>;

interface VitLayerArgs<S extends Settings> extends LayerArgs {
  readonly settings: S;
  /** Where start values come from; a layer revived by tfjs gets its weights right after and needs none. */
  readonly source?: ParameterSource;
}

/** A layer whose weights are named by paths below its own name. */
export abstract class VitLayer<S extends Settings = Record<string, never>> extends layers.Layer {
  protected readonly settings: S;
  #source: ParameterSource | undefined;
  readonly #weights = new Map<string, LayerVariable>();

  constructor(args: VitLayerArgs<S>) {
    const { source = initialValues(0), settings, ...rest } = args;
    super(rest);
    this.settings = settings;
    this.#source = source;
  }

  override build(inputShape: Shape | Shape[]): void {
    super.build(inputShape);
    this.#source = undefined; // it may hold a whole checkpoint
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), settings: this.settings };
  }

  protected declareWeight(name: string, shape: readonly number[]): void {
    const source = this.#source!; // layers are built once
    const initializer = {
      apply: (): tf.Tensor => tf.tensor(source(parameterPath(this.name, name), shape), [...shape]),
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

export function single(inputs: Inputs): tf.Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}

/** tfjs hands layers one shape or a list of them; these layers have one input. */
export function singleShape(shape: Shape | Shape[]): Shape {
  return Array.isArray(shape[0]) ? shape[0] : (shape as Shape);
}

/** The last axis, which is never free. */
export function widthOf(shape: Shape | Shape[]): number {
  return singleShape(shape).at(-1)!;
}
