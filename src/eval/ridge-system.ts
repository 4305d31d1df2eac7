// Numbers z and right-hand sides r → the solution x of (zᵀz + l2·I)·x = r, in float64, by Gauss-Jordan elimination
// in blocks: the rows of a block are multiplied by the inverse of its square, then multiples of them are taken from
// all others. A matrix of this kind needs no exchange of rows, and all but the small squares is products of panels,
// also what Cholesky's way would leave to substitutions. n unknowns cost n²·(n/2 + columns) multiplications.
// Reference: Golub and Van Loan, "Matrix Computations", 4.2 (positive definite systems need no pivoting).

import { ConfigError } from '../errors.ts';
import {
  createProductMemory,
  type Layout,
  PANEL_ROWS,
  packPanels,
  panelColumns,
  roundUp,
} from './panel-product.ts';

/** Rows that one step of the elimination takes. */
const BLOCK = 64;
/** Rows of z that are multiplied at a time, at least BLOCK: panels of 768 features stay in the second cache. */
const DEPTH = 128;
/** A pivot this small beside the largest number of the diagonal is rounding. */
const SMALLEST_PIVOT = 1e-13;

export interface RidgeSystem {
  /** Row-major: number (i, j) of the right-hand sides, later of the solution, at i · `stride` + `first` + j. */
  readonly values: Float64Array;
  readonly stride: number;
  readonly first: number;
  /** Adds zᵀz; `layout.count` is the number of unknowns. */
  addProduct(z: Float64Array, layout: Layout): void;
  /** Puts the solution in place of the right-hand sides. @throws ConfigError when `l2` is too small for that */
  solve(l2: number): void;
}

/**
 * @param unknowns - n, the size of zᵀz
 * @param columns - right-hand sides; they begin as zeros
 */
export function createRidgeSystem(unknowns: number, columns: number): RidgeSystem {
  const n = roundUp(unknowns, PANEL_ROWS); // those beyond the unknowns are 0 throughout
  const stride = n + roundUp(columns, PANEL_ROWS);
  const [sizeOfA, sizeOfB] = [n * DEPTH, stride * BLOCK];
  const memory = createProductMemory(8 * (n * stride + sizeOfA + sizeOfB) + 96);
  const values = memory.float64(n * stride);
  const a = memory.float64(sizeOfA);
  const b = memory.float64(sizeOfB);
  const width = panelColumns(values);

  function addProduct(z: Float64Array, layout: Layout): void {
    const panels = { a, rowPanels: n / PANEL_ROWS, b: a, columnPanels: n / width };
    for (let k = 0; k < layout.depth; k += DEPTH) {
      const depth = Math.min(DEPTH, layout.depth - k);
      packPanels(a, PANEL_ROWS, z, { ...layout, start: layout.start + k * layout.depthStride, depth });
      memory.multiply({ ...panels, depth, c: values, at: 0, stride, lower: true });
    }
  }

  function solve(l2: number): void {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) values[j * stride + i] = values[i * stride + j]!;
      values[i * stride + i]! += l2;
      largest = Math.max(largest, values[i * stride + i]!);
    }
    for (let i = unknowns; i < n; i++) values[i * stride + i] = largest;
    for (let from = 0; from < n; from += BLOCK) {
      if (eliminate(from, Math.min(BLOCK, n - from), largest * SMALLEST_PIVOT)) continue;
      throw new ConfigError(
        `ridgeFewShot: l2: ${l2} is too small beside features that depend on each other, so that rounding would ` +
          'decide between them. Give a larger one; the default is 1024.',
      );
    }
  }

  /**
   * Makes columns `from` … of the matrix those of the identity, without writing them, as nothing reads them again.
   *
   * @returns false when a pivot is not larger than `smallest`
   */
  function eliminate(from: number, size: number, smallest: number): boolean {
    const to = from + size;
    const square = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      const row = (from + i) * stride;
      square.set(values.subarray(row + from, row + to), i * size);
    }
    if (!invert(square, size, smallest)) return false;
    const count = stride - to; // what is right of the block
    const rows = { start: from * stride + to, depth: size, depthStride: stride, count, stride: 1 };
    const common = { a, b, columnPanels: count / width, depth: size, c: values, stride };

    // The rows of the block become inverse · rows. The inverse is symmetric, so its rows are its columns.
    packPanels(b, width, values, rows);
    packPanels(a, PANEL_ROWS, square, { start: 0, depth: size, depthStride: size, count: size, stride: 1 });
    for (let i = from; i < to; i++) values.fill(0, i * stride + to, (i + 1) * stride);
    memory.multiply({ ...common, rowPanels: size / PANEL_ROWS, at: from * stride + to });

    // All rows lose their multiple of these; of the block's own rows that is none.
    packPanels(b, width, values, rows);
    packPanels(a, PANEL_ROWS, values, { start: from, depth: size, depthStride: 1, count: n, stride }, -1);
    a.fill(0, from * size, to * size);
    memory.multiply({ ...common, rowPanels: n / PANEL_ROWS, at: to });
    return true;
  }

  return { values, stride, first: n, addProduct, solve };
}

/** In place, size × size, positive definite. @returns whether all pivots were larger than `smallest` */
function invert(square: Float64Array, size: number, smallest: number): boolean {
  for (let p = 0; p < size; p++) {
    const row = p * size;
    const pivot = square[row + p]!;
    if (!(pivot > smallest)) return false;
    square[row + p] = 1;
    for (let j = 0; j < size; j++) square[row + j]! /= pivot;
    for (let i = 0; i < size; i++) {
      if (i === p) continue;
      const factor = square[i * size + p]!;
      square[i * size + p] = 0;
      for (let j = 0; j < size; j++) square[i * size + j]! -= factor * square[row + j]!;
    }
  }
  return true;
}
