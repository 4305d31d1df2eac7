// Scores of a head and what they should be → the loss of each example: softmax cross-entropy, sigmoid cross-entropy or
// the squared error, with gradients written by hand, so that all backends have them and large scores stay finite.
// Reference: big_vision `utils.softmax_xent`, `utils.sigmoid_xent` (summed over the labels, as there).

import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../shape.ts';
import type { TargetKind } from '../tasks/index.ts';

/**
 * The loss of each example.
 *
 * - `classes`: −Σₖ tₖ·log softmax(s)ₖ
 * - `multi-label`: −Σₖ tₖ·log σ(sₖ) + (1 − tₖ)·log(1 − σ(sₖ))
 * - `regression`: Σₖ (sₖ − tₖ)²
 *
 * @param kind - which of them
 * @param scores - float32 [B, K]
 * @param targets - float32 [B, K]: shares that add up to 1, shares from 0 to 1 of their own, numbers
 * @returns float32 [B]; there is no gradient for the targets
 * @throws ShapeError
 */
export function exampleLosses(
  kind: TargetKind['kind'],
  scores: tf.Tensor2D,
  targets: tf.Tensor2D,
): tf.Tensor1D {
  assertShape('scores', scores.shape, ['B', 'K']);
  assertShape('targets', targets.shape, scores.shape);
  const { losses, slope } = LOSSES[kind];
  const loss = tf.customGrad((...args) => {
    const [scores, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    save([scores, targets]); // the targets may be gone when the gradient is asked for
    return {
      value: tf.sum(losses(scores, targets), 1),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [scores, targets] = saved as [tf.Tensor2D, tf.Tensor2D];
        return tf.mul(slope(scores, targets), tf.expandDims(dy, 1)); // [B, K]
      },
    };
  });
  return loss(scores) as tf.Tensor1D; // customGrad forgets the rank
}

/** [B, K] whose sum over the labels is the loss, and its derivative by the scores. */
interface Loss {
  losses(scores: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor;
  slope(scores: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor;
}

const LOSSES: Record<TargetKind['kind'], Loss> = {
  classes: {
    losses: (scores, targets) => tf.neg(tf.mul(tf.logSoftmax(scores), targets)),
    slope: (scores, targets) => tf.sub(tf.mul(tf.softmax(scores), tf.sum(targets, 1, true)), targets),
  },
  'multi-label': {
    // max(s, 0) − s·t + log(1 + exp(−|s|))
    losses: (scores, targets) =>
      tf.add(tf.sub(tf.relu(scores), tf.mul(scores, targets)), tf.log1p(tf.exp(tf.neg(tf.abs(scores))))),
    slope: (scores, targets) => tf.sub(tf.sigmoid(scores), targets),
  },
  regression: {
    losses: (scores, targets) => tf.square(tf.sub(scores, targets)),
    slope: (scores, targets) => tf.mul(tf.sub(scores, targets), 2),
  },
};
