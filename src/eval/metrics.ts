// Predictions and targets → one number: the metrics of GLUE, as fractions. A case in which the formula divides by 0
// counts as 0, what a prediction that says nothing deserves; each function says when that is.
// References: Wang et al. 2019, "GLUE" (which task has which); Gorodkin 2004 (Matthews correlation of many classes).

import { DataError } from '../errors.ts';
import { assertFinitePairs } from './finite-numbers.ts';

/**
 * Share of the predictions that are right.
 *
 * @param predictions - [N] classes, integers from 0
 * @param targets - [N] the right ones
 * @returns 0 … 1
 * @throws DataError for empty lists, lists of different lengths, and numbers that are no class
 * @example accuracy([0, 1, 2, 2], [0, 1, 2, 0]) // 0.75
 */
export function accuracy(predictions: ArrayLike<number>, targets: ArrayLike<number>): number {
  assertClasses('accuracy', predictions, targets);
  return countWhere(predictions, targets, (predicted, target) => predicted === target) / targets.length;
}

/**
 * F1 of class 1 against the rest: the harmonic mean of precision and recall.
 *
 * @param predictions - [N] classes, integers from 0
 * @param targets - [N] the right ones
 * @returns 0 … 1; 0 where class 1 is neither predicted nor there
 * @throws DataError for empty lists, lists of different lengths, and numbers that are no class
 * @example f1([1, 1, 0, 0], [1, 0, 1, 0]) // 0.5
 */
export function f1(predictions: ArrayLike<number>, targets: ArrayLike<number>): number {
  assertClasses('f1', predictions, targets);
  const found = countWhere(predictions, targets, (predicted, target) => predicted === 1 && target === 1);
  const wrong = countWhere(predictions, targets, (predicted, target) => (predicted === 1) !== (target === 1));
  return ratio(2 * found, 2 * found + wrong);
}

/**
 * Matthews correlation of any number of classes: 1 all right, 0 no better than chance.
 *
 * @param predictions - [N] classes, integers from 0
 * @param targets - [N] the right ones
 * @returns −1 … 1; 0 where all predictions, or all targets, are one class
 * @throws DataError for empty lists, lists of different lengths, and numbers that are no class
 * @example matthews([1, 1, 0, 0], [1, 0, 0, 0]) // 0.577…
 */
export function matthews(predictions: ArrayLike<number>, targets: ArrayLike<number>): number {
  assertClasses('matthews', predictions, targets);
  const [predicted, actual] = [countClasses(predictions), countClasses(targets)];
  const right = countWhere(predictions, targets, (prediction, target) => prediction === target);
  const N = targets.length;
  // Sums of integers, exact up to 9e7 items.
  let [byChance, spreadPredicted, spreadActual] = [0, N * N, N * N];
  for (const [label, count] of predicted) {
    byChance += count * (actual.get(label) ?? 0);
    spreadPredicted -= count * count;
  }
  for (const count of actual.values()) spreadActual -= count * count;
  return ratio(right * N - byChance, Math.sqrt(spreadPredicted * spreadActual));
}

/**
 * Pearson correlation: how well a straight line describes the one by the other.
 *
 * @param x - [N] numbers, N at least 2
 * @param y - [N]
 * @returns −1 … 1; 0 where all of `x`, or all of `y`, are equal
 * @throws DataError for lists of less than two, of different lengths, and numbers that are not finite
 * @example pearson([1, 2, 3], [10, 20, 40]) // 0.981…
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  assertSeries('pearson', x, y);
  return correlation(deviations('pearson: x', x), deviations('pearson: y', y));
}

/**
 * Spearman correlation: how far the one rises where the other does. Equal numbers share the mean of their ranks.
 *
 * @param x - [N] numbers, N at least 2
 * @param y - [N]
 * @returns −1 … 1; 0 where all of `x`, or all of `y`, are equal
 * @throws DataError for lists of less than two, of different lengths, and numbers that are not finite
 * @example spearman([1, 2, 3], [10, 20, 400]) // 1
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  assertSeries('spearman', x, y);
  return correlation(deviations('spearman: x', ranks(x)), deviations('spearman: y', ranks(y)));
}

function assertClasses(door: string, predictions: ArrayLike<number>, targets: ArrayLike<number>): void {
  assertFinitePairs(door, ['predictions', 'targets'], predictions, targets);
  for (const [name, labels] of Object.entries({ predictions, targets })) {
    for (let i = 0; i < labels.length; i++) {
      if (Number.isSafeInteger(labels[i]) && labels[i]! >= 0) continue;
      // Test sets of GLUE have −1 for every target; scores in place of classes are the other frequent mistake.
      const remedy =
        labels[i] === -1 ? 'Leave out items without a label.' : 'Turn scores into classes first.';
      throw new DataError(
        `${door}: ${name}[${i}]: expected a class, an integer from 0, got ${labels[i]}. ${remedy}`,
      );
    }
  }
}

function assertSeries(door: string, x: ArrayLike<number>, y: ArrayLike<number>): void {
  assertFinitePairs(door, ['x', 'y'], x, y);
  if (x.length < 2) throw new DataError(`${door}: expected two pairs of numbers or more, got one.`);
}

function countWhere(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  holds: (predicted: number, target: number) => boolean,
): number {
  let count = 0;
  for (let i = 0; i < targets.length; i++) if (holds(predictions[i]!, targets[i]!)) count++;
  return count;
}

function countClasses(labels: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  return counts;
}

/** Differences from the mean, of any common factor; all 0 where the values are equal. */
function deviations(what: string, values: ArrayLike<number>): Float64Array {
  // From the first value on: differences of neighbours are exact, those from a rounded mean are not, and what is
  // constant must come out as 0, not as rounding noise that correlates with something.
  const result = Float64Array.from(values, (value) => value - values[0]!);
  const largest = result.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return result;
  if (largest === Infinity) throw new DataError(`${what}: the numbers lie further apart than 1.8e308.`);
  let sum = 0;
  for (let i = 0; i < result.length; i++) sum += result[i]! /= largest; // so that no square overflows
  const mean = sum / result.length;
  return result.map((value) => value - mean);
}

function correlation(x: Float64Array, y: Float64Array): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += x[i]! * y[i]!;
    xx += x[i]! * x[i]!;
    yy += y[i]! * y[i]!;
  }
  return Math.max(-1, Math.min(1, ratio(xy, Math.sqrt(xx * yy))));
}

/** From 1; equal values have the mean of the ranks they take up together. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const result = new Float64Array(order.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let k = first; k < end; k++) result[order[k]!] = (first + 1 + end) / 2;
    first = end;
  }
  return result;
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}
