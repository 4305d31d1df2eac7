// Scores of a head and what should have been answered → numbers: accuracy and loss, of each label and of all, which label
// was taken for which, and how far off every single example was.

import { argMax } from '../embeddings.ts';
import type { TargetKind } from '../tasks/index.ts';
import type { TargetRows } from './example-targets.ts';

/** A label: how many examples have it, and how well they were answered. */
export interface LabelFigures {
  readonly label: string;
  readonly count: number;
  /** Of one label each: the share that got it. Of several: F1. 0 where there is no example. */
  readonly value: number;
}

export interface AnswerMetrics {
  readonly count: number;
  /**
   * By name. `loss`, and for classes `accuracy` and `accuracyPerClass` (mean over the labels that occur); for several labels
   * `f1` (over all decisions at 0.5), `f1PerLabel`, `exact` (all labels of an example right) and `top` (share that the
   * likeliest label has in the target, which is the score of VQA); for a regression `rmse` and `mae`.
   */
  readonly values: Readonly<Record<string, number>>;
  /** Empty for a regression. */
  readonly labels: readonly LabelFigures[];
  /** Of classes: rows are what it is, columns what it was taken for. Else undefined. */
  readonly confusion?: readonly Uint32Array[];
  /** [N] the likeliest label, or the number. */
  readonly predictions: ArrayLike<number>;
  /** [N] the label it is, the one with the largest share, or the number. */
  readonly targets: ArrayLike<number>;
  /** [N] */
  readonly losses: Float32Array;
}

/**
 * @param scores - [N, K] row-major, before softmax or sigmoid
 * @param numbers - of the examples in `rows` that the scores are of, in order
 */
export function measureAnswers(
  kind: TargetKind,
  scores: Float32Array,
  rows: TargetRows,
  numbers: ArrayLike<number>,
): AnswerMetrics {
  const K = rows.width;
  const count = numbers.length;
  const losses = new Float32Array(count);
  const targets = new Float32Array(K);
  const tally = TALLIES[kind.kind](kind.kind === 'regression' ? [] : kind.labels, count);
  for (let i = 0; i < count; i++) {
    targets.fill(0);
    rows.write(numbers[i]!, targets, 0);
    const row = scores.subarray(i * K, (i + 1) * K);
    losses[i] = lossOf(kind.kind, row, targets);
    tally.add(i, row, targets, rows.top(numbers[i]!));
  }
  const { values, ...rest } = tally.result();
  return { count, losses, ...rest, values: { ...values, loss: mean(losses) } };
}

/** Scores [N, K] → what is answered: softmax of each row, sigmoid of each score, or numbers within their range. In place. */
export function answersOf(kind: TargetKind, scores: Float32Array, width: number): Float32Array {
  if (kind.kind === 'regression') {
    const [low, high] = kind.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const [i, value] of scores.entries()) scores[i] = Math.min(high, Math.max(low, value));
  } else if (kind.kind === 'multi-label') {
    for (const [i, score] of scores.entries()) scores[i] = 1 / (1 + Math.exp(-score));
  } else {
    for (let start = 0; start < scores.length; start += width) {
      const row = scores.subarray(start, start + width);
      const sum = logSumExp(row);
      for (let k = 0; k < width; k++) row[k] = Math.exp(row[k]! - sum);
    }
  }
  return scores;
}

/** In float64, as head-loss.ts has it. */
function lossOf(kind: TargetKind['kind'], scores: Float32Array, targets: Float32Array): number {
  let loss = 0;
  const sum = kind === 'classes' ? logSumExp(scores) : 0;
  for (let k = 0; k < scores.length; k++) {
    const [s, t] = [scores[k]!, targets[k]!];
    if (kind === 'classes') loss += t * (sum - s);
    else if (kind === 'regression') loss += (s - t) ** 2;
    else loss += Math.max(s, 0) - s * t + Math.log1p(Math.exp(-Math.abs(s)));
  }
  return loss;
}

function logSumExp(row: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const score of row) most = Math.max(most, score);
  let sum = 0;
  for (const score of row) sum += Math.exp(score - most);
  return most + Math.log(sum);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

type Outcome = Omit<AnswerMetrics, 'count' | 'losses'>;

interface Tally {
  add(i: number, scores: Float32Array, targets: Float32Array, top: number): void;
  result(): Outcome;
}

const TALLIES: Record<TargetKind['kind'], (labels: readonly string[], count: number) => Tally> = {
  classes(labels, count) {
    const confusion = labels.map(() => new Uint32Array(labels.length));
    const [predictions, truths] = [new Int32Array(count), new Int32Array(count)];
    return {
      add(i, scores, _, top) {
        predictions[i] = argMax(scores);
        truths[i] = top;
        confusion[top]![predictions[i]!]!++;
      },
      result() {
        const figures = labels.map((label, k) => {
          const all = confusion[k]!.reduce((sum, each) => sum + each, 0);
          return { label, count: all, value: all === 0 ? 0 : confusion[k]![k]! / all };
        });
        const right = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
        const values = { accuracy: right / count, accuracyPerClass: meanOfPresent(figures) };
        return { values, labels: figures, confusion, predictions, targets: truths };
      },
    };
  },
  'multi-label'(labels, count) {
    const [found, said, there] = [0, 1, 2].map(() => new Uint32Array(labels.length)) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const [predictions, truths] = [new Int32Array(count), new Int32Array(count)];
    let [exact, topShare] = [0, 0];
    return {
      add(i, scores, targets, top) {
        let isExact = true;
        for (let k = 0; k < scores.length; k++) {
          const [isSaid, isThere] = [scores[k]! > 0, targets[k]! >= 0.5]; // a score of 0 is a share of 0.5
          if (isSaid) said[k]!++;
          if (isThere) there[k]!++;
          if (isSaid && isThere) found[k]!++;
          isExact &&= isSaid === isThere;
        }
        if (isExact) exact++;
        predictions[i] = argMax(scores);
        truths[i] = top;
        topShare += targets[predictions[i]!]!;
      },
      result() {
        const f1 = (hits: number, both: number): number => (both === 0 ? 0 : (2 * hits) / both);
        const total = (counts: Uint32Array): number => counts.reduce((sum, each) => sum + each, 0);
        const figures = labels.map((label, k) => {
          return { label, count: there[k]!, value: f1(found[k]!, said[k]! + there[k]!) };
        });
        const values = {
          f1: f1(total(found), total(said) + total(there)),
          f1PerLabel: meanOfPresent(figures),
          exact: exact / count,
          top: topShare / count,
        };
        return { values, labels: figures, predictions, targets: truths };
      },
    };
  },
  regression(_, count) {
    const [predictions, truths] = [new Float32Array(count), new Float32Array(count)];
    return {
      add(i, scores, targets) {
        predictions[i] = scores[0]!;
        truths[i] = targets[0]!;
      },
      result() {
        const off = predictions.map((value, i) => Math.abs(value - truths[i]!));
        const values = { rmse: Math.sqrt(mean(off.map((each) => each * each))), mae: mean(off) };
        return { values, labels: [], predictions, targets: truths };
      },
    };
  },
};

function meanOfPresent(figures: readonly LabelFigures[]): number {
  const present = figures.filter(({ count }) => count > 0);
  return present.length === 0 ? 0 : mean(present.map(({ value }) => value));
}
