// One learned vector for each thing that pictures and texts are of, its anchor, and the loss against those: every
// picture and every text must find the anchor of its own thing among all of them, in place of its partner in the batch.
// A network that knows nothing yet learns from that in minutes, since what it is compared with keeps still, and all
// things are there in every step. Afterwards the anchors are thrown away and the contrastive loss takes over.
// Reference: Movshovitz-Attias et al. 2017, "No Fuss Distance Metric Learning Using Proxies".

import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, DataError } from '../errors.ts';
import { l2Normalize } from '../ops/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { createRandom } from '../random.ts';
import { assertShape } from '../shape.ts';
import type { ContrastiveMetrics } from './loss.ts';

/** How many anchors there are, of what size, and from which seed. */
export interface AnchorsOptions {
  /** How many things there can be, 1 … 1,048,576; those that never come cost a little time. */
  readonly count: number;
  /** E: size of an embedding. */
  readonly dim: number;
  /** Of the start values; an integer, default 0. */
  readonly seed?: number;
}

/** Whoever makes them disposes them. */
export interface Anchors {
  /** float32 [K, E]; only the directions count */
  readonly vectors: tf.Variable<tf.Rank.R2>;
  /** The things that were met, in that order: the number of each is its row. */
  keys(): string[];
  /** Takes those of an earlier run in place of what was met. @throws DataError when there are more than anchors */
  setKeys(keys: readonly string[]): void;
  /** Row of each; new ones take the next free row. @throws DataError when there are more than anchors */
  rowsOf(keys: readonly string[]): Int32Array;
  /** Harmless when called twice. */
  dispose(): void;
}

const MOST = 2 ** 20;
/** Short, so that a step of usual size turns them far: long ones hold up the start. */
const DEVIATION = 0.01;

/**
 * @throws ConfigError
 * @example
 * const anchors = createAnchors({ count: 2000, dim: model.config.embeddingDim });
 * await train({ model, batches, steps: 5000, anchors });
 * anchors.dispose();
 */
export function createAnchors(options: AnchorsOptions): Anchors {
  const { count, dim, seed } = checkAnchorsOptions(options);
  const random = createRandom(seed, 'anchors');
  const values = Float32Array.from({ length: count * dim }, () => DEVIATION * random.normal());
  const vectors = tf.tidy(() => tf.variable(tf.tensor2d(values, [count, dim])));
  const rows = new Map<string, number>();

  function add(key: string): number {
    if (rows.size === count) {
      throw new DataError(
        `anchors: ${JSON.stringify(key)} is one thing more than there are anchors, ${count}. Make more of them.`,
      );
    }
    rows.set(key, rows.size);
    return rows.size - 1;
  }

  return {
    vectors,
    keys: () => [...rows.keys()],
    setKeys(keys) {
      rows.clear();
      for (const key of keys) add(key);
    },
    rowsOf: (keys) => Int32Array.from(keys, (key) => rows.get(key) ?? add(key)),
    dispose: () => vectors.dispose(),
  };
}

/** What can be said without tfjs having begun. @throws ConfigError */
export function checkAnchorsOptions(options: AnchorsOptions): Required<AnchorsOptions> {
  refuseUnknown('createAnchors', options, ['count', 'dim', 'seed']);
  const { count, dim, seed = 0 } = options;
  for (const [name, value] of Object.entries({ count, dim })) {
    if (!(Number.isSafeInteger(value) && value >= 1 && value <= MOST)) {
      throw new ConfigError(
        `createAnchors: ${name}: expected an integer from 1 to ${MOST}, got ${describeValue(value)}.`,
      );
    }
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(`createAnchors: seed: expected an integer, got ${describeValue(seed)}.`);
  }
  return { count, dim, seed };
}

/** @throws ConfigError */
export function assertAnchors(door: string, anchors: Anchors, dim: number): void {
  if (!(anchors?.vectors instanceof tf.Variable) || typeof anchors.rowsOf !== 'function') {
    throw new ConfigError(
      `${door}: anchors: expected what createAnchors() gives, got ${describeValue(anchors)}.`,
    );
  }
  const [, size] = anchors.vectors.shape;
  if (size !== dim) {
    throw new ConfigError(
      `${door}: anchors: expected vectors of ${dim} numbers as the model's embeddings, got ${size}.`,
    );
  }
}

/**
 * mean_i −log softmax(exp(t) · z_i · Âᵀ)_row(i), Â the anchors at length 1.
 *
 * @param z - float32 [N, E], rows of length 1
 * @param vectors - float32 [K, E], of any length
 * @param t - float32 [] or [1], logarithm of the temperature
 * @param rows - int32 [N], the anchor of each
 * @returns the mean loss, ln K when nothing is known; the share that is nearest to its own anchor; exp(t)
 * @throws ShapeError
 */
export function anchorLoss(
  z: tf.Tensor2D,
  vectors: tf.Tensor2D,
  t: tf.Tensor,
  rows: tf.Tensor1D,
): ContrastiveMetrics & { readonly loss: tf.Scalar } {
  assertShape('z', z.shape, ['N', 'E']);
  assertShape('rows', rows.shape, [z.shape[0]]);
  const logits = tf.matMul(tf.mul<tf.Tensor2D>(z, tf.exp(t)), tf.transpose(l2Normalize(vectors))); // [N, K]
  // A product instead of gather, whose gradient adds up rows one by one.
  const own = tf.sum<tf.Tensor1D>(tf.mul(logits, tf.oneHot(rows, vectors.shape[0])), 1); // [N]
  const hits = tf.cast(tf.equal<tf.Tensor1D>(tf.argMax(logits, 1), rows), 'float32');
  return {
    loss: tf.mean<tf.Scalar>(tf.sub(tf.logSumExp(logits, 1), own)),
    ncorrect: tf.mean<tf.Scalar>(hits),
    temperature: tf.reshape(tf.exp(t), []),
  };
}
