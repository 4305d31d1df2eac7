// The arithmetic of Adafactor for one parameter, as functions on tensors: the second moment of a matrix is kept
// as one mean per row and one per column, the momentum in bfloat16.
// Reference: big_vision `optax.scale_by_adafactor`, optax `_src/factorized.py`; Shazeer & Stern 2018.
// Simplified: no scaling by the size of the parameter and no clipping of single updates, both off in big_vision.

import * as tf from '@tensorflow/tfjs-core';

/** Which two axes a second moment is averaged over: `largest` gives one mean per row, `second` one per column. */
export interface FactoredAxes {
  readonly largest: number;
  readonly second: number;
}

/**
 * The two largest axes of a shape, or null where factoring does not pay; among equals the later axis is larger.
 *
 * @example factoredAxes([768, 12, 64]) // { largest: 0, second: 2 }
 */
export function factoredAxes(shape: readonly number[], minDimSizeToFactor = 32): FactoredAxes | null {
  const ascending = shape.map((_, axis) => axis).sort((a, b) => shape[a]! - shape[b]!);
  const largest = ascending.at(-1);
  const second = ascending.at(-2);
  if (largest === undefined || second === undefined || shape[second]! < minDimSizeToFactor) return null;
  return { largest, second };
}

export interface SecondMomentDecay {
  readonly beta2Cap: number;
  readonly decayRate: number;
  readonly decayOffset: number;
}

/** The decay of the second moment at a step (from 0): min(cap, 1 − (step − offset + 1)^−rate), 0 before the offset. */
export function secondMomentDecay(step: number, options: SecondMomentDecay): number {
  const count = Math.max(1, step - options.decayOffset + 1);
  return Math.min(options.beta2Cap, 1 - count ** -options.decayRate);
}

/** The second moment of a parameter: means over rows and over columns where it is factored, else all of it. */
export type SecondMoment<T extends tf.Tensor = tf.Tensor> =
  | { readonly axes: FactoredAxes; readonly parts: readonly [rows: T, columns: T] }
  | { readonly axes: null; readonly parts: readonly [all: T] };

/** What is kept of one parameter. */
export interface ParameterState<T extends tf.Tensor = tf.Tensor> {
  readonly moment: SecondMoment<T>;
  /** Running mean of the updates; its values lie on the grid of bfloat16. */
  readonly ema: T;
}

/** What is kept of a parameter of this shape, part by part in the order in which it is saved; the names are optax's. */
export function partShapes(
  shape: readonly number[],
  minDimSizeToFactor: number,
): [part: string, shape: number[]][] {
  const axes = factoredAxes(shape, minDimSizeToFactor);
  if (axes === null) {
    return [
      ['v', [...shape]],
      ['ema', [...shape]],
    ];
  }
  return [
    ['v_row', shape.toSpliced(axes.largest, 1)],
    ['v_col', shape.toSpliced(axes.second, 1)],
    ['ema', [...shape]],
  ];
}

/** The parts of {@link partShapes} by name → the state. */
export function stateOfParts<T extends tf.Tensor>(
  parts: ReadonlyMap<string, T>,
  minDimSizeToFactor: number,
): ParameterState<T> {
  const ema = parts.get('ema')!;
  const axes = factoredAxes(ema.shape, minDimSizeToFactor);
  if (axes === null) return { ema, moment: { axes, parts: [parts.get('v')!] } };
  return { ema, moment: { axes, parts: [parts.get('v_row')!, parts.get('v_col')!] } };
}

/**
 * g / √(second moment), with the moment that already holds g.
 *
 * Factored: R ← β₂R + (1−β₂)·mean_largest(g² + ε), C ← β₂C + (1−β₂)·mean_second(g² + ε),
 * g·(R / mean_second R)^−½·C^−½. Otherwise V ← β₂V + (1−β₂)(g² + ε), g·V^−½.
 *
 * @param gradient - of any shape
 * @param moment - from the step before; zeros at the first
 * @param beta2 - 0…1
 * @param epsilon - added to g²
 * @returns tensors for the caller's tidy to dispose
 */
export function scaleByAdafactor(
  gradient: tf.Tensor,
  moment: SecondMoment,
  beta2: tf.Scalar,
  epsilon: number,
): { scaled: tf.Tensor; moment: SecondMoment } {
  const { axes, parts } = moment;
  const squared = tf.add(tf.square(gradient), epsilon);
  const fresh = tf.sub(1, beta2);
  const blend = (old: tf.Tensor, now: tf.Tensor): tf.Tensor => tf.add(tf.mul(old, beta2), tf.mul(now, fresh));
  if (axes === null) {
    const all = blend(parts[0], squared);
    return { scaled: tf.mul(gradient, tf.rsqrt(all)), moment: { axes, parts: [all] } };
  }
  const rows = blend(parts[0], tf.mean(squared, axes.largest)); // the shape without `largest`
  const columns = blend(parts[1], tf.mean(squared, axes.second)); // the shape without `second`
  const rowMean = tf.mean(rows, axes.second > axes.largest ? axes.second - 1 : axes.second, true);
  const perRow = tf.expandDims(tf.rsqrt(tf.div(rows, rowMean)), axes.largest);
  const perColumn = tf.expandDims(tf.rsqrt(columns), axes.second);
  return { scaled: tf.mul(tf.mul(gradient, perRow), perColumn), moment: { axes, parts: [rows, columns] } };
}

/** momentum·mean + (1 − momentum)·update in float32, from the mean as it is stored. No bias correction. */
export function accumulate(mean: tf.Tensor, update: tf.Tensor, momentum: number): tf.Tensor {
  // Strict JAX promotion would round 0.9 and the product to bfloat16 first; this line is the place to change it.
  return tf.add(tf.mul(update, 1 - momentum), tf.mul(mean, momentum));
}

/**
 * Nearest bfloat16 (ties to even), as a float32. Veltkamp's splitting, because tfjs can look at no bits: with
 * c = x·(2¹⁶ + 1), c − (c − x) has the upper 8 of the 24 significant bits. Equal to rounding by bits for all
 * normal |x| < 2¹¹¹ and zero; above it overflows to NaN; below 2⁻¹²⁶ it keeps 8 bits where bfloat16 has fewer.
 */
export function roundToBfloat16(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const spread = tf.mul(x, 2 ** 16 + 1);
    return tf.sub(spread, tf.sub(spread, x));
  });
}
