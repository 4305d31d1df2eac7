// Rows and the weights of a linear classifier → the best class of each row: that of float64, at the speed of float32.
// Scores are float32; where other classes come closer to the best one than rounding allows for, they are compared again
// in float64. Of equal scores the first class counts.
// Reference for the bound: Higham 2002, "Accuracy and Stability of Numerical Algorithms", 3.1.

import { createProductMemory, PANEL_ROWS, packPanels, panelColumns, roundUp } from './panel-product.ts';

/** Rows that are scored at a time. */
const CHUNK = 64;
/** The largest relative error of one float32 operation. */
const UNIT = 2 ** -24;
/** Far more than what float32 loses of products too small for it, when weights have length 1. */
const TINY = 1e-30;
/** Longer rows could be too large for float32. */
const LONGEST = 1e30;

export interface LinearClassifier {
  readonly dim: number;
  readonly classes: number;
  /** [dim + 1, classes], row-major */
  readonly weights: Float64Array;
  /** What the last row of the weights is multiplied by. */
  readonly bias: number;
}

/** Writes rows `from` … `from + size` − 1, `dim` finite numbers each. */
export type RowWriter = (from: number, size: number, rows: Float64Array) => void;

/** @returns argmax over the classes for each of `count` rows */
export function predictClasses(
  classifier: LinearClassifier,
  count: number,
  writeRows: RowWriter,
): Int32Array {
  const { dim, classes, weights } = classifier;
  const width = panelColumns(Float32Array);
  const stride = roundUp(classes, width);
  const memory = createProductMemory(4 * (stride * dim + CHUNK * (dim + stride)) + 96);
  const b = memory.float32(stride * dim);
  const a = memory.float32(CHUNK * dim);
  const scores = memory.float32(CHUNK * stride);

  // The longest gets length 1, so that float32 can hold them all.
  const length = longestColumn(classifier) || 1;
  const layout = { start: 0, depth: dim, depthStride: classes, count: classes, stride: 1 };
  packPanels(b, width, weights, layout, 1 / length);
  const offsets = Float64Array.from(weights.subarray(dim * classes), (w) => (classifier.bias * w) / length);
  // Both factors are rounded, their product, and at most dim + 1 sums: by this much of |row|·|weights|.
  const share = ((dim + 4) * UNIT) / (1 - (dim + 4) * UNIT);

  /** @param start - of the row's scores */
  function bestClass(row: Float64Array, start: number): number {
    let best = 0;
    let top = -Infinity;
    let second = -Infinity;
    for (let k = 0; k < classes; k++) {
      const score = scores[start + k]! + offsets[k]!;
      if (score > top) {
        second = top;
        top = score;
        best = k;
      } else if (score > second) second = score;
    }
    const norm = Math.sqrt(dot(row, row));
    // Either of two scores may be wrong by half of it.
    const margin = norm < LONGEST ? 2 * (share * norm + TINY) : Infinity;
    if (second < top - margin) return best;
    const close: number[] = [];
    for (let k = 0; k < classes; k++) {
      if (!(scores[start + k]! + offsets[k]! < top - margin)) close.push(k);
    }
    return bestOf(close, row, classifier);
  }

  const rows = new Float64Array(CHUNK * dim);
  const predictions = new Int32Array(count);
  for (let from = 0; from < count; from += CHUNK) {
    const size = Math.min(CHUNK, count - from);
    writeRows(from, size, rows);
    packPanels(a, PANEL_ROWS, rows, { start: 0, depth: dim, depthStride: 1, count: size, stride: dim });
    const rowPanels = Math.ceil(size / PANEL_ROWS);
    scores.fill(0);
    memory.multiply({ a, rowPanels, b, columnPanels: stride / width, depth: dim, c: scores, at: 0, stride });
    for (let i = 0; i < size; i++) {
      predictions[from + i] = bestClass(rows.subarray(i * dim, (i + 1) * dim), i * stride);
    }
  }
  return predictions;
}

/** The best of some classes, in float64. */
function bestOf(candidates: readonly number[], row: Float64Array, classifier: LinearClassifier): number {
  const { dim, classes, weights, bias } = classifier;
  const sums = Float64Array.from(candidates, (k) => bias * weights[dim * classes + k]!);
  for (let d = 0; d < dim; d++) {
    const x = row[d]!;
    for (let i = 0; i < candidates.length; i++) sums[i]! += x * weights[d * classes + candidates[i]!]!;
  }
  let best = 0;
  for (let i = 1; i < sums.length; i++) {
    if (sums[i]! > sums[best]!) best = i;
  }
  return candidates[best]!;
}

/** Length of the longest column of weights, without the bias. */
function longestColumn({ dim, classes, weights }: LinearClassifier): number {
  const squares = new Float64Array(classes);
  for (let d = 0, i = 0; d < dim; d++) {
    for (let k = 0; k < classes; k++, i++) squares[k]! += weights[i]! * weights[i]!;
  }
  let longest = 0;
  for (const square of squares) longest = Math.max(longest, square);
  return Math.sqrt(longest);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
