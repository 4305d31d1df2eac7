// Vectors of things and of classes → which class each is taken for, and how far down the right one stands.

import { type Embeddings, similarityMatrix, sliceRows } from '../embeddings.ts';
import { DataError, ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';

/** Rows whose scores are held at a time. */
const BLOCK = 1024;

/** The class of each row: the nearest; of several that are as near, the one counts that is wrong. */
export interface RankedClasses {
  /** 0-based rank of the right class; ties count against it. */
  readonly ranks: Int32Array;
  readonly predictions: Int32Array;
}

/**
 * @param labels - the right class of each row; a list where several are right, of which the best counts; where none is, the
 *   row counts as wrong, as in big_vision
 * @throws ShapeError, DataError for labels that are no class
 */
export function rankClasses(
  rows: Embeddings,
  classes: Embeddings,
  labels: ArrayLike<number | readonly number[]>,
): RankedClasses {
  if (labels.length !== rows.count) {
    throw new ShapeError(
      `rankClasses: expected a label for each of ${rows.count} rows, got ${labels.length}.`,
    );
  }
  const count = classes.count;
  const ranks = new Int32Array(rows.count);
  const predictions = new Int32Array(rows.count);
  for (let start = 0; start < rows.count; start += BLOCK) {
    const end = Math.min(rows.count, start + BLOCK);
    const scores = similarityMatrix(sliceRows(rows, start, end), classes).data;
    for (let i = start; i < end; i++) {
      const row = scores.subarray((i - start) * count, (i - start + 1) * count);
      const right = [labels[i]!].flat();
      if (!right.every((label) => Number.isInteger(label) && label >= 0 && label < count)) {
        throw new DataError(
          `rankClasses: label ${i}: expected a class from 0 to ${count - 1}, got ${describeValue(right[0])}.`,
        );
      }
      const own = Math.max(...right.map((label) => row[label]!)); // −∞ where nothing is right
      let rank = 0;
      let best = right[0] ?? 0;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < count; k++) {
        const isRight = right.includes(k);
        if (row[k]! >= own && !isRight) rank++;
        if (row[k]! > bestScore || (row[k] === bestScore && !isRight && right.includes(best))) {
          best = k;
          bestScore = row[k]!;
        }
      }
      ranks[i] = rank;
      predictions[i] = best;
    }
  }
  return { ranks, predictions };
}

export interface ClassAccuracy {
  readonly count: number;
  /** 0 for a class without examples. */
  readonly accuracy: number;
}

export function accuracyPerClass(
  labels: ArrayLike<number>,
  hits: ArrayLike<number>,
  classes: number,
): ClassAccuracy[] {
  const counts = new Uint32Array(classes);
  const right = new Uint32Array(classes);
  for (let i = 0; i < labels.length; i++) {
    counts[labels[i]!]!++;
    right[labels[i]!]! += hits[i]!;
  }
  return Array.from(counts, (count, k) => ({ count, accuracy: count === 0 ? 0 : right[k]! / count }));
}
