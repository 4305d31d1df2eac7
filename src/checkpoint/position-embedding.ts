// Position embeddings of one picture size → those of another: bilinear over the grid of patches, corners on corners,
// as big_vision's resample_posemb (scipy.ndimage.zoom of order 1). Computed in float64, rounded to float32 once.

import { ConfigError, ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { TypedArray } from './dtype.ts';
import { isTypedArray, type NdArray, type NdArrayLike, resolveArray, toFloat32 } from './nd-array.ts';
import type { NamedWeights } from './scan-layout.ts';

/** Patches along each side of a square picture, or `[rows, columns]`. */
export type Grid = number | readonly [rows: number, columns: number];

/**
 * Source row of target row `i`: `i * (from - 1) / (to - 1)`, columns alike; a grid of one patch takes the first.
 *
 * @param weights - the embedding, [1, fromGrid², D] or [fromGrid², D], or its bare values; or a whole model by path, of
 *   which every `pos_embedding` with fromGrid² rows is resampled and the rest passed on
 * @returns float32 [1, toGrid², D], without the 1 where `weights` had none; of a whole model: a new Map
 * @throws ConfigError when a grid is not of positive integers, ShapeError when `weights` is not of `fromGrid`
 * @example const at384 = resamplePositionEmbedding(readBigVision(bytes), 14, 24); // 224 px → 384 px, patches of 16
 */
export function resamplePositionEmbedding(
  weights: ReadonlyMap<string, NdArray>,
  fromGrid: Grid,
  toGrid: Grid,
): NamedWeights;
export function resamplePositionEmbedding(
  weights: NdArrayLike | TypedArray,
  fromGrid: Grid,
  toGrid: Grid,
): NdArray;
export function resamplePositionEmbedding(
  weights: ReadonlyMap<string, NdArray> | NdArrayLike | TypedArray,
  fromGrid: Grid,
  toGrid: Grid,
): NamedWeights | NdArray {
  const from = resolveGrid('fromGrid', fromGrid);
  const to = resolveGrid('toGrid', toGrid);
  if (weights instanceof Map) return resampleAll(weights, from, to);
  if (typeof weights !== 'object' || weights === null || !(isTypedArray(weights) || 'data' in weights)) {
    throw new ConfigError(
      `resamplePositionEmbedding: expected an array { shape, data }, a Float32Array or a Map of arrays by path, got ${describeValue(weights)}.`,
    );
  }
  const tokens = from.rows * from.columns;
  const given = resolveArray('position embedding', weights);
  const width = given.data.length / tokens;
  const array =
    isTypedArray(weights) && Number.isInteger(width) ? { ...given, shape: [1, tokens, width] } : given;
  if (!isOfGrid(array, from)) {
    throw new ShapeError(
      `resamplePositionEmbedding: ${describeGrid(from)}, got [${given.shape.join(', ')}]. Give the grid the weights were trained with, and cut off the row of a class token.`,
    );
  }
  return resample(array, from, to);
}

interface GridSize {
  readonly rows: number;
  readonly columns: number;
}

function isOfGrid({ shape }: Pick<NdArray, 'shape'>, { rows, columns }: GridSize): boolean {
  const isRank = shape.length === 2 || (shape.length === 3 && shape[0] === 1);
  return isRank && shape.at(-2) === rows * columns;
}

function describeGrid({ rows, columns }: GridSize): string {
  const tokens = rows * columns;
  return `a grid of ${rows} x ${columns} patches needs weights [1, ${tokens}, D], [${tokens}, D] or ${tokens} · D bare values`;
}

function resampleAll(weights: ReadonlyMap<string, NdArray>, from: GridSize, to: GridSize): NamedWeights {
  const resampled: NamedWeights = new Map(weights);
  const others: string[] = [];
  let count = 0;
  for (const [path, given] of weights) {
    if (!/(^|\/)pos_embedding$/.test(path)) continue;
    const array = resolveArray(path, given);
    if (isOfGrid(array, from)) {
      resampled.set(path, resample(array, from, to));
      count++;
    } else {
      others.push(`${path} [${array.shape.join(', ')}]`);
    }
  }
  if (count === 0) {
    const there = others.length > 0 ? others.join(', ') : `none among ${weights.size} arrays`;
    throw new ShapeError(
      `resamplePositionEmbedding: expected a pos_embedding of ${from.rows} x ${from.columns} patches, [1, ${from.rows * from.columns}, D], got ${there}. Give the grid the weights were trained with.`,
    );
  }
  return resampled;
}

/** `array` is of the grid `from`, see {@link isOfGrid}. */
function resample(array: NdArray, from: GridSize, to: GridSize): NdArray {
  const source = toFloat32(array);
  const width = array.shape.at(-1)!;
  const data = new Float32Array(to.rows * to.columns * width);
  const rows = sourcePositions(from.rows, to.rows);
  const columns = sourcePositions(from.columns, to.columns);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const topLeft = (row.first * from.columns + column.first) * width;
      const topRight = (row.first * from.columns + column.second) * width;
      const bottomLeft = (row.second * from.columns + column.first) * width;
      const bottomRight = (row.second * from.columns + column.second) * width;
      for (let d = 0; d < width; d++) {
        const top = source[topLeft + d]! * (1 - column.part) + source[topRight + d]! * column.part;
        const bottom = source[bottomLeft + d]! * (1 - column.part) + source[bottomRight + d]! * column.part;
        data[target++] = top * (1 - row.part) + bottom * row.part;
      }
    }
  }
  return { dtype: 'float32', shape: [...array.shape.slice(0, -2), to.rows * to.columns, width], data };
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

function resolveGrid(what: string, grid: Grid): GridSize {
  const [rows, columns, ...more] = Array.isArray(grid) ? grid : [grid, grid];
  if (![rows, columns].every((size) => Number.isInteger(size) && size >= 1) || more.length > 0) {
    throw new ConfigError(
      `resamplePositionEmbedding: ${what}: expected a positive integer or [rows, columns], got ${Array.isArray(grid) ? `[${grid.map(describeValue).join(', ')}]` : describeValue(grid)}.`,
    );
  }
  return { rows, columns };
}
