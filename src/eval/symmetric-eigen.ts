// A symmetric matrix → its largest eigenvalues and their vectors. Direct, so that nothing depends on how far apart the
// eigenvalues lie: Householder reflections to a tridiagonal matrix, its eigenvalues by bisection, its vectors by inverse
// iteration, and the reflections backwards. ⅔ n³ multiplications and additions.
// Reference: Golub and Van Loan 2013, "Matrix Computations", sections 8.3 and 8.4; Parlett 1998, chapters 3, 4 and 7.

import { createRandom } from '../random.ts';

export interface Eigenpair {
  readonly value: number;
  /** [n], of length 1 */
  readonly vector: Float64Array;
}

/**
 * @param matrix - [n, n] row-major, symmetric, not all 0: only the part up to the diagonal is read; overwritten
 * @param count - up to n
 * @returns largest first; the vectors are orthogonal
 */
export function largestEigenpairs(matrix: Float64Array, n: number, count: number): Eigenpair[] {
  const { diagonal, beside, factors } = tridiagonalize(matrix, n);
  const norm = boundOf(diagonal, beside);
  const random = createRandom(0, 'eigenvector');
  const found: Eigenpair[] = [];
  let shift = Infinity;
  for (let k = 0; k < count; k++) {
    const value = eigenvalue(diagonal, beside, k, norm);
    // Two shifts that are equal would both be answered by the same vector.
    shift = Math.min(value, shift - 10 * Number.EPSILON * norm);
    const vector = Float64Array.from({ length: n }, () => random.next() - 0.5);
    // Each round leaves of the other vectors about 1e-16 by their distance: one would do, but for an unlucky start.
    for (let round = 0; round < 3; round++) {
      solveShifted(diagonal, beside, shift, vector, norm);
      normalize(vector);
      for (const before of [...found, ...found]) removeFrom(vector, before.vector); // twice is enough
      normalize(vector);
    }
    found.push({ value, vector });
  }
  for (const { vector } of found) reflectBack(matrix, n, factors, vector);
  return found;
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry i lies between the rows i − 1 and i; the first is 0. */
  readonly beside: Float64Array;
}

/**
 * Q·T·Qᵀ = matrix, from the last row upwards. Row i of the matrix holds v afterwards, whose reflection I − f·v·vᵀ turns
 * the row into one entry; `factors` holds f.
 */
function tridiagonalize(matrix: Float64Array, n: number): Tridiagonal & { factors: Float64Array } {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const factors = new Float64Array(n);
  const w = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    diagonal[i] = matrix[i * n + i]!;
    if (i === 0) break;
    const v = matrix.subarray(i * n, i * n + i);
    const last = v[i - 1]!;
    const length = Math.sqrt(dot(v, v, i));
    if (length === Math.abs(last)) {
      beside[i] = last; // nothing to reflect: the factor stays 0
      continue;
    }
    beside[i] = last > 0 ? -length : length;
    v[i - 1]! -= beside[i]!; // of the sign that makes it longer: no digits are lost
    const factor = 1 / (length * (length + Math.abs(last))); // 2 / vᵀv
    factors[i] = factor;

    // w = f·A·v − ½·f·(f·vᵀA·v)·v, with the half of A that is kept
    w.fill(0, 0, i);
    for (let row = 0, o = 0; row < i; row++, o += n) {
      const vRow = v[row]!;
      let sum = 0;
      for (let column = 0; column < row; column++) {
        sum += matrix[o + column]! * v[column]!;
        w[column]! += matrix[o + column]! * vRow;
      }
      w[row]! += sum + matrix[o + row]! * vRow;
    }
    const half = 0.5 * factor * factor * dot(w, v, i);
    for (let row = 0; row < i; row++) w[row] = factor * w[row]! - half * v[row]!;

    // A −= v·wᵀ + w·vᵀ
    for (let row = 0, o = 0; row < i; row++, o += n) {
      const [vRow, wRow] = [v[row]!, w[row]!];
      for (let column = 0; column <= row; column++) {
        matrix[o + column]! -= vRow * w[column]! + wRow * v[column]!;
      }
    }
  }
  return { diagonal, beside, factors };
}

function reflectBack(matrix: Float64Array, n: number, factors: Float64Array, vector: Float64Array): void {
  for (let i = 1; i < n; i++) {
    const v = matrix.subarray(i * n, i * n + i);
    const along = factors[i]! * dot(v, vector, i);
    for (let k = 0; k < i; k++) vector[k]! -= along * v[k]!;
  }
}

/** No eigenvalue is further from 0 (Gershgorin). */
function boundOf(diagonal: Float64Array, beside: Float64Array): number {
  return diagonal.reduce(
    (most, d, i) => Math.max(most, Math.abs(d) + Math.abs(beside[i]!) + Math.abs(beside[i + 1] ?? 0)),
    0,
  );
}

/** The eigenvalue that `k` others are not smaller than. */
function eigenvalue(diagonal: Float64Array, beside: Float64Array, k: number, norm: number): number {
  let [low, high] = [-norm, norm];
  for (let middle = 0; ; ) {
    if (countAbove(diagonal, beside, middle, norm) > k) low = middle;
    else high = middle;
    middle = (low + high) / 2;
    if (high - low <= Number.EPSILON * norm) return middle;
  }
}

/** As many eigenvalues are greater than x as T − x·I has positive pivots (Sylvester's law of inertia). */
function countAbove(diagonal: Float64Array, beside: Float64Array, x: number, norm: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i]! - x - (beside[i]! * beside[i]!) / pivot;
    if (pivot === 0) pivot = -Number.EPSILON * norm;
    if (pivot > 0) count++;
  }
  return count;
}

/** vector ← (T − shift·I)⁻¹·vector, by elimination that takes the larger pivot of two rows. */
function solveShifted(
  diagonal: Float64Array,
  beside: Float64Array,
  shift: number,
  vector: Float64Array,
  norm: number,
): void {
  const n = diagonal.length;
  const least = Number.EPSILON * norm;
  // Of the eliminated rows: the pivot and the two entries right of it.
  const [pivots, next, second] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  let pivot = diagonal[0]! - shift;
  let right = beside[1] ?? 0;
  for (let i = 0; i + 1 < n; i++) {
    const below = beside[i + 1]!;
    const ownPivot = diagonal[i + 1]! - shift;
    const ownRight = beside[i + 2] ?? 0;
    if (Math.abs(below) > Math.abs(pivot)) {
      const share = pivot / below;
      [pivots[i], next[i], second[i]] = [below, ownPivot, ownRight];
      [pivot, right] = [right - share * ownPivot, -share * ownRight];
      [vector[i], vector[i + 1]] = [vector[i + 1]!, vector[i]! - share * vector[i + 1]!];
    } else {
      if (Math.abs(pivot) < least) pivot = least;
      const share = below / pivot;
      [pivots[i], next[i]] = [pivot, right];
      [pivot, right] = [ownPivot - share * right, ownRight];
      vector[i + 1]! -= share * vector[i]!;
    }
  }
  pivots[n - 1] = Math.abs(pivot) < least ? least : pivot;
  for (let i = n - 1; i >= 0; i--) {
    const known = next[i]! * (vector[i + 1] ?? 0) + second[i]! * (vector[i + 2] ?? 0);
    vector[i] = (vector[i]! - known) / pivots[i]!;
  }
}

function removeFrom(vector: Float64Array, unit: Float64Array): void {
  const along = dot(vector, unit, unit.length);
  for (let i = 0; i < unit.length; i++) vector[i]! -= along * unit[i]!;
}

function normalize(vector: Float64Array): void {
  const length = Math.sqrt(dot(vector, vector, vector.length));
  for (let i = 0; i < vector.length; i++) vector[i]! /= length;
}

function dot(a: Float64Array, b: Float64Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[i]! * b[i]!;
  return sum;
}
