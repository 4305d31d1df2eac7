// The largest eigenpairs of matrices whose spectrum is known, the hard ones among them.

import { describe, expect, it } from 'vitest';
import { largestEigenpairs } from '../../src/eval/symmetric-eigen.ts';
import { createRandom } from '../../src/random.ts';

/** Orthonormal rows: an identity, reflected three times. */
function orthonormal(n: number): Float64Array[] {
  const random = createRandom(3, 'orthonormal');
  const rows = Array.from({ length: n }, (_, i) => new Float64Array(n).fill(1, i, i + 1));
  for (let round = 0; round < 3; round++) {
    const v = Float64Array.from({ length: n }, () => random.normal());
    const squares = v.reduce((sum, value) => sum + value * value, 0);
    for (const row of rows) {
      const along = (2 / squares) * row.reduce((sum, value, k) => sum + value * v[k]!, 0);
      for (let k = 0; k < n; k++) row[k]! -= along * v[k]!;
    }
  }
  return rows;
}

/** Σ value · row · rowᵀ */
function withSpectrum(values: readonly number[], rows: readonly Float64Array[]): Float64Array {
  const n = values.length;
  const matrix = new Float64Array(n * n);
  for (const [k, value] of values.entries()) {
    for (let i = 0; i < n * n; i++) matrix[i]! += value * rows[k]![Math.floor(i / n)]! * rows[k]![i % n]!;
  }
  return matrix;
}

function cosine(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0);
}

/** The largest |M v − λ v|, and how far the vectors are from orthonormal. */
function faults(matrix: Float64Array, n: number, count: number): { residual: number; skew: number } {
  const pairs = largestEigenpairs(matrix.slice(), n, count);
  let [residual, skew] = [0, 0];
  for (const [i, { value, vector }] of pairs.entries()) {
    for (let row = 0; row < n; row++) {
      const product = cosine(matrix.subarray(row * n, (row + 1) * n), vector);
      residual = Math.max(residual, Math.abs(product - value * vector[row]!));
    }
    for (let j = 0; j <= i; j++) {
      skew = Math.max(skew, Math.abs(cosine(vector, pairs[j]!.vector) - (i === j ? 1 : 0)));
    }
  }
  return { residual, skew };
}

const tail = Array.from({ length: 37 }, (_, i) => 0.5 / (1 + i));

describe('largestEigenpairs', () => {
  const rows = orthonormal(40);

  it.each([
    ['far apart', [3, 2, 1], 1e-13],
    ['second and third close', [3, 1 + 1e-9, 1], 1e-5],
    ['first and second close', [1 + 1e-9, 1, 0.9], 1e-5],
    ['one large, the next small', [1, 1e-7, 1e-8], 1e-7],
    ['all negative but one', [1, -1, -2], 1e-13],
  ])('%s', (_, first, tolerance) => {
    const values = [...first, ...tail.map((value) => value * Math.min(...first.map(Math.abs)))];
    if (first[1]! < 0) values.splice(3, 37, ...tail.map((value) => -3 - value));
    const found = largestEigenpairs(withSpectrum(values, rows), 40, 2);
    for (const [k, { value, vector }] of found.entries()) {
      expect(Math.abs(value - first[k]!)).toBeLessThanOrEqual(1e-14 * 40);
      expect(1 - Math.abs(cosine(vector, rows[k]!))).toBeLessThanOrEqual(tolerance);
    }
  });

  it.each([
    ['all alike', new Array<number>(40).fill(2)],
    ['two alike', [2, 2, 1, ...tail]],
    ['four alike', [2, 2, 2, 2, ...tail.slice(1)]],
    ['of rank 1', [1, ...new Array<number>(39).fill(0)]],
    ['all negative', Array.from({ length: 40 }, (_, i) => -1 - i)],
  ])('%s: eigenvectors still, at right angles', (_, values) => {
    const { residual, skew } = faults(withSpectrum(values, rows), 40, 3);
    expect(residual).toBeLessThanOrEqual(1e-13 * Math.abs(values.at(-1)! || 1) + 1e-13);
    expect(skew).toBeLessThanOrEqual(1e-14);
  });

  it('keeps apart the twins of a Wilkinson matrix, whose eigenvalues agree in 14 digits', () => {
    const n = 21;
    const matrix = Float64Array.from({ length: n * n }, (_, i) => {
      const [row, column] = [Math.floor(i / n), i % n];
      return row === column ? Math.abs(10 - row) : Number(Math.abs(row - column) === 1);
    });
    const [first, second] = largestEigenpairs(matrix.slice(), n, 2);
    expect(first!.value).toBeCloseTo(10.746194182903393, 12);
    expect(second!.value).toBeCloseTo(10.746194182903322, 12);
    const { residual, skew } = faults(matrix, n, 4);
    expect(residual).toBeLessThanOrEqual(1e-13);
    expect(skew).toBeLessThanOrEqual(1e-14);
  });

  it('takes matrices that are diagonal, in blocks, and small', () => {
    const diagonal = Float64Array.of(1, 0, 0, 0, 5, 0, 0, 0, 3);
    expect(largestEigenpairs(diagonal, 3, 3).map(({ value }) => Math.round(1e12 * value) / 1e12)).toEqual([
      5, 3, 1,
    ]);
    const [only] = largestEigenpairs(Float64Array.of(4), 1, 1);
    expect(only!.value).toBeCloseTo(4, 12);
    expect(Math.abs(only!.vector[0]!)).toBe(1);
    // Two blocks with the same eigenvalues, 3 and 1.
    const blocks = Float64Array.of(2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2);
    expect(
      largestEigenpairs(blocks.slice(), 4, 4).map(({ value }) => Math.round(1e12 * value) / 1e12),
    ).toEqual([3, 3, 1, 1]);
    const { residual, skew } = faults(blocks, 4, 4);
    expect(residual).toBeLessThanOrEqual(1e-14);
    expect(skew).toBeLessThanOrEqual(1e-14);
  });

  it('does not look above the diagonal', () => {
    const matrix = withSpectrum([3, 2, 1, ...tail], rows);
    const [expected] = largestEigenpairs(matrix.slice(), 40, 1);
    const lower = matrix.map((value, i) => (i % 40 > Math.floor(i / 40) ? Number.NaN : value));
    expect(largestEigenpairs(lower, 40, 1)[0]).toEqual(expected);
  });
});
