// Position embeddings of one picture size → those of another: bilinear over the grid of patches, corners on corners,
// as big_vision's resample_posemb (scipy.ndimage.zoom of order 1). Computed in float64, rounded to float32 once.

import { ConfigError, ShapeError } from '../errors.ts';
import { type NdArray, type NdArrayLike, resolveArray, toFloat32 } from './nd-array.ts';

/** Patches along each side of a square picture, or `[rows, columns]`. */
export type Grid = number | readonly [rows: number, columns: number];

/**
 * Source row of target row `i`: `i * (from - 1) / (to - 1)`, columns alike; a grid of one patch takes the first.
 *
 * @param weights - [1, fromGrid², D]
 * @returns float32 [1, toGrid², D]
 * @throws ConfigError when a grid is not of positive integers, ShapeError when `weights` is not of `fromGrid`
 * @example const at384 = resamplePositionEmbedding(weights.get('img/pos_embedding')!, 14, 24); // [1, 576, D]
 */
export function resamplePositionEmbedding(weights: NdArrayLike, fromGrid: Grid, toGrid: Grid): NdArray {
  const [fromRows, fromColumns] = resolveGrid('fromGrid', fromGrid);
  const [toRows, toColumns] = resolveGrid('toGrid', toGrid);
  const array = resolveArray('position embedding', weights);
  const [one, tokens, width] = array.shape;
  if (array.shape.length !== 3 || one !== 1 || tokens !== fromRows * fromColumns || width === undefined) {
    throw new ShapeError(
      `resamplePositionEmbedding: a grid of ${fromRows} x ${fromColumns} patches needs weights [1, ${fromRows * fromColumns}, D], got [${array.shape.join(', ')}]. Give the grid the weights were trained with, and cut off the row of a class token.`,
    );
  }
  const source = toFloat32(array);
  const data = new Float32Array(toRows * toColumns * width);
  const rows = sourcePositions(fromRows, toRows);
  const columns = sourcePositions(fromColumns, toColumns);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const topLeft = (row.first * fromColumns + column.first) * width;
      const topRight = (row.first * fromColumns + column.second) * width;
      const bottomLeft = (row.second * fromColumns + column.first) * width;
      const bottomRight = (row.second * fromColumns + column.second) * width;
      for (let d = 0; d < width; d++) {
        const top = source[topLeft + d]! * (1 - column.part) + source[topRight + d]! * column.part;
        const bottom = source[bottomLeft + d]! * (1 - column.part) + source[bottomRight + d]! * column.part;
        data[target++] = top * (1 - row.part) + bottom * row.part;
      }
    }
  }
  return { dtype: 'float32', shape: [1, toRows * toColumns, width], data };
}

interface Position {
  readonly first: number;
  readonly second: number;
  /** the weight of `second`, in [0, 1) */
  readonly part: number;
}

function sourcePositions(from: number, to: number): Position[] {
  return Array.from({ length: to }, (_, i) => {
    const exact = to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    const first = Math.floor(exact);
    return { first, second: Math.min(first + 1, from - 1), part: exact - first };
  });
}

function resolveGrid(what: string, grid: Grid): readonly [number, number] {
  const [rows, columns] = typeof grid === 'number' ? [grid, grid] : grid;
  if (![rows, columns].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new ConfigError(
      `resamplePositionEmbedding: ${what}: expected a positive integer or [rows, columns], got ${JSON.stringify(grid)}.`,
    );
  }
  return [rows, columns];
}
