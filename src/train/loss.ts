// Two matching batches of embeddings → the contrastive loss: every picture must find its text among all texts
// of the batch, and every text its picture. S = exp(t)·Zimg·Ztxtᵀ, softmax over rows and over columns.
// Reference: big_vision `utils.bidirectional_contrastive_loss`, `evaluators/proj/image_text/contrastive.py`.
// Simplified: one device, so the batch is the global batch and nothing is gathered.

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { assertShape } from '../shape.ts';

/** What the gradient keeps besides zImage. */
type Quintet = [tf.Tensor2D, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

// Stands for −∞ in masked logits: far below every logit, and unlike −∞ it never makes an ∞ − ∞.
const MASKED = -1e30;

/**
 * The contrastive loss of N pairs, a symmetric softmax over the whole batch.
 *
 * mean_i ½·(−log softmax_row(S)_ii − log softmax_col(S)_ii), S = exp(t)·Zimg·Ztxtᵀ. Stable as long as exp(t)
 * is a float32 (t < 88); the gradient (P_row + P_col − 2I)/2N is analytic.
 *
 * @param zImage - float32 [N, E], rows of length 1
 * @param zText - float32 [N, E], row i belongs to row i of `zImage`
 * @param t - float32 [] or [1], logarithm of the temperature
 * @returns the mean loss; ln N when nothing is known
 * @throws ShapeError
 * @example
 * const loss = contrastiveLoss(tf.eye(4), tf.eye(4), tf.scalar(Math.log(10)));
 */
export function contrastiveLoss(zImage: tf.Tensor2D, zText: tf.Tensor2D, t: tf.Tensor): tf.Scalar {
  assertPairs(zImage, zText, t);
  const loss = tf.customGrad((...args) => {
    const [zImage, zText, t, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Tensor, tf.GradSaveFunc];
    const logits = similarities(zImage, zText, t);
    const { losses, rows, columns } = pairLosses(logits);
    save([zImage, zText, t, logits, rows, columns]);
    return {
      value: tf.mean(losses),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [zImage, zText, t, logits, rows, columns] = saved as [tf.Tensor2D, ...Quintet];
        const N = zImage.shape[0];
        const both = tf.add(tf.exp(tf.sub(logits, rows)), tf.exp(tf.sub(logits, columns))); // P_row + P_col
        const dLogits = tf.mul(tf.sub(both, tf.mul(tf.eye(N), 2)), tf.mul(dy, 0.5 / N)); // [N, N]
        const dScaled = tf.matMul(dLogits, zText); // [N, E]
        const scale = tf.exp(t);
        return [
          tf.mul(dScaled, scale),
          tf.matMul(tf.transpose(dLogits), tf.mul(zImage, scale)),
          // Σ dS∘S, summed over [N, E] instead of [N, N]
          tf.reshape(tf.mul(tf.sum(tf.mul(dScaled, zImage)), scale), t.shape),
        ];
      },
    };
  });
  // customGrad forgets the rank: a mean over all pairs is 0-d.
  return loss(zImage, zText, t) as tf.Scalar;
}

/** What {@link contrastiveMetrics} measures: 0-d tensors, to be read when a step is logged. */
export type ContrastiveMetrics = {
  /** Share of pictures whose most similar text is their own, 0…1. */
  readonly ncorrect: tf.Scalar;
  /** exp(t) */
  readonly temperature: tf.Scalar;
};

/**
 * What is logged beside the loss; takes what {@link contrastiveLoss} takes.
 *
 * @returns tensors the caller disposes
 * @throws ShapeError
 */
export function contrastiveMetrics(
  zImage: tf.Tensor2D,
  zText: tf.Tensor2D,
  t: tf.Tensor,
): ContrastiveMetrics {
  assertPairs(zImage, zText, t);
  return tf.tidy(() => ({
    ncorrect: tf.mean(hits(similarities(zImage, zText, t))),
    temperature: tf.reshape(tf.exp(t), []),
  }));
}

/** The loss of a padded batch, summed and averaged over the pairs that are real. */
export type MaskedContrastive = {
  /** [N] loss of each pair, 0 where masked. */
  readonly losses: tf.Tensor1D;
  /** [N] 1 where a picture found its text, 0 where it did not or is masked. */
  readonly hits: tf.Tensor1D;
  /** Totals, to be added up over the batches of a data set. */
  readonly sums: { readonly loss: tf.Scalar; readonly ncorrect: tf.Scalar; readonly n: tf.Scalar };
  /** Σ loss / (n + 1e-8) */
  readonly loss: tf.Scalar;
  /** Σ hits / (n + 1e-8) */
  readonly ncorrect: tf.Scalar;
};

/**
 * The evaluator's contrastive loss: rows and columns with mask 0 take no part in either softmax.
 *
 * @param zImage - float32 [N, E], rows of length 1
 * @param zText - float32 [N, E]
 * @param t - float32 [] or [1], logarithm of the temperature
 * @param mask - [N], 1 for a real pair, 0 for padding
 * @returns tensors the caller disposes
 * @throws ShapeError
 * @example
 * const { sums } = maskedContrastiveLoss(zImage, zText, t, tf.tensor1d([1, 1, 1, 0]));
 */
export function maskedContrastiveLoss(
  zImage: tf.Tensor2D,
  zText: tf.Tensor2D,
  t: tf.Tensor,
  mask: tf.Tensor1D,
): MaskedContrastive {
  assertPairs(zImage, zText, t);
  assertTensor('mask', mask, 'tf.tensor1d(mask)');
  assertShape('mask', mask.shape, [zImage.shape[0]]);
  return tf.tidy(() => {
    const real: tf.Tensor1D = tf.cast(mask, 'float32');
    const both = tf.cast(tf.mul(tf.expandDims(real, 1), tf.expandDims(real, 0)), 'bool'); // [N, N]
    const logits = tf.where(both, similarities(zImage, zText, t), MASKED);
    const losses = tf.mul<tf.Tensor1D>(pairLosses(logits).losses, real);
    const found = tf.mul<tf.Tensor1D>(hits(logits), real);
    const sums = {
      loss: tf.sum<tf.Scalar>(losses),
      ncorrect: tf.sum<tf.Scalar>(found),
      n: tf.sum<tf.Scalar>(real),
    };
    const count = tf.add(sums.n, 1e-8);
    return {
      losses,
      hits: found,
      sums,
      loss: tf.div<tf.Scalar>(sums.loss, count),
      ncorrect: tf.div<tf.Scalar>(sums.ncorrect, count),
    };
  });
}

function assertPairs(zImage: tf.Tensor, zText: tf.Tensor, t: tf.Tensor): void {
  assertTensor('zImage', zImage, 'tf.tensor2d(rows)');
  assertTensor('zText', zText, 'tf.tensor2d(rows)');
  assertTensor('t', t, 'tf.scalar(t)');
  assertShape('zImage', zImage.shape, ['N', 'E']);
  assertShape('zText', zText.shape, zImage.shape, 'Row i of zText must belong to row i of zImage.');
  if (t.rank > 0) assertShape('t', t.shape, [1]);
}

/** Arrays and numbers are refused: a gradient can only flow back to a tensor. */
function assertTensor(what: string, value: unknown, remedy: string): void {
  if (value instanceof tf.Tensor) return;
  throw new ShapeError(`${what}: expected a tensor, got ${describeValue(value)}. Make one with ${remedy}.`);
}

/**
 * S = exp(t)·Zimg·Ztxtᵀ [N, N]. The temperature goes onto Zimg, which is the smaller matrix; the transpose is
 * spelled out because wasm's matMul leaves its fast path when it has to transpose by itself.
 */
function similarities(zImage: tf.Tensor2D, zText: tf.Tensor2D, t: tf.Tensor): tf.Tensor2D {
  return tf.matMul(tf.mul<tf.Tensor2D>(zImage, tf.exp(t)), tf.transpose(zText));
}

/** ½·(−log softmax_row(S)_ii − log softmax_col(S)_ii) for every i, and the logarithms of both denominators. */
function pairLosses(logits: tf.Tensor2D): { losses: tf.Tensor1D; rows: tf.Tensor; columns: tf.Tensor } {
  const N = logits.shape[0]!;
  const rows: tf.Tensor1D = tf.logSumExp(logits, 1); // [N]
  const columns: tf.Tensor1D = tf.logSumExp(tf.transpose(logits), 1); // [N]
  const own: tf.Tensor1D = tf.sum(tf.mul(logits, tf.eye(N)), 1); // the diagonal, [N]
  const losses: tf.Tensor1D = tf.sub(tf.mul(tf.add(rows, columns), 0.5), own);
  return { losses, rows: tf.reshape(rows, [N, 1]), columns: tf.reshape(columns, [1, N]) };
}

/** 1 where the largest value of a row lies on the diagonal (the first of equal ones counts), else 0. */
function hits(logits: tf.Tensor): tf.Tensor1D {
  const own = tf.range(0, logits.shape[0]!, 1, 'int32');
  return tf.cast(tf.equal<tf.Tensor1D>(tf.argMax(logits, 1), own), 'float32');
}
