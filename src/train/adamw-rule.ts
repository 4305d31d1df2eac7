// The arithmetic of AdamW for one parameter, as functions on tensors. Adam divides its running means by 1 − βᵗ, because
// they begin at zero; here they are kept as means that need no correction, of which the first is the first gradient
// itself. The numbers are the same: m̂ₜ = mₜ / (1 − β₁ᵗ) is the mean of all gradients so far, weighed by β₁ a step.
// Reference: Kingma & Ba 2015; Loshchilov & Hutter 2019; optax `scale_by_adam`.

import * as tf from '@tensorflow/tfjs-core';

/** What is kept of a parameter of this shape, part by part in the order in which it is saved. */
export function momentShapes(shape: readonly number[]): [part: string, shape: number[]][] {
  return [
    ['m', [...shape]],
    ['v', [...shape]],
    ['weight', []],
  ];
}

/** What is kept of one parameter. */
export interface Moments<T extends tf.Tensor = tf.Tensor> {
  /** m̂, the mean of the gradients */
  readonly m: T;
  /** v̂, that of their squares */
  readonly v: T;
  /** 0-d: 1 + β₁ + … + β₁ᵗ⁻¹, what the gradients in m̂ weigh together */
  readonly weight: T;
}

/** The parts of {@link momentShapes} by name → the moments. */
export function momentsOf<T extends tf.Tensor>(parts: ReadonlyMap<string, T>): Moments<T> {
  return { m: parts.get('m')!, v: parts.get('v')!, weight: parts.get('weight')! };
}

/**
 * The decay by which v̂ goes from a step (from 0) to the next: β₂(1 − β₂ᵗ)/(1 − β₂ᵗ⁺¹), which is 0 at first and comes
 * to β₂.
 */
export function squaresDecay(step: number, beta2: number): number {
  // expm1: a difference of numbers near 1 would lose its digits.
  const missing = (power: number): number => -Math.expm1(power * Math.log(beta2));
  return beta2 === 0 ? 0 : (beta2 * missing(step)) / missing(step + 1);
}

/**
 * m̂ / (√v̂ + ε), with the moments that already hold the gradient.
 *
 * @param gradient - of any shape
 * @param moments - from the step before; zeros at the first
 * @param beta2 - of {@link squaresDecay}
 * @returns tensors for the caller's tidy to dispose
 */
export function scaleByAdam(
  gradient: tf.Tensor,
  moments: Moments,
  { beta1, epsilon, beta2 }: { readonly beta1: number; readonly epsilon: number; readonly beta2: tf.Scalar },
): { scaled: tf.Tensor; moments: Moments } {
  const weight = tf.add(tf.mul(moments.weight, beta1), 1);
  const m = tf.add(moments.m, tf.div(tf.sub(gradient, moments.m), weight));
  const v = tf.add(tf.mul(moments.v, beta2), tf.mul(tf.square(gradient), tf.sub(1, beta2)));
  return { scaled: tf.div(m, tf.add(tf.sqrt(v), epsilon)), moments: { m, v, weight } };
}
