// A value for every cell of a grid that lies on a picture as the model reads it: what the maps of this room are.

import { DataError, ShapeError } from '../errors.ts';
import type { Raster } from '../raster/index.ts';

/** Values on a grid of square cells, from the top left corner of a picture as the model reads it. */
export interface PatchMap {
  readonly rows: number;
  readonly columns: number;
  /** Side of a cell, px; the last ones may reach beyond the picture. */
  readonly patchSize: number;
  /** rows · columns values, row-major */
  readonly values: Float32Array;
}

/** A rectangle of pixels, right and bottom exclusive. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The box without a pixel. */
export const NOTHING: Box = { left: 0, top: 0, right: 0, bottom: 0 };

/** @throws ShapeError unless the grid is that of a picture of this size, DataError for values that are no numbers */
export function assertPatchMap(door: string, map: PatchMap, { width, height }: Raster): void {
  const { rows, columns, patchSize, values } = map;
  if (rows !== Math.ceil(height / patchSize) || columns !== Math.ceil(width / patchSize)) {
    throw new ShapeError(
      `${door}: a map of ${rows} x ${columns} cells of ${patchSize} px does not cover a picture ${height} px high and ${width} px wide. Give it the picture that the model read: await model.toRaster(input).`,
    );
  }
  if (values.length !== rows * columns) {
    throw new ShapeError(`${door}: ${rows} x ${columns} cells need as many values, got ${values.length}.`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new DataError(`${door}: values[${bad}] is ${values[bad]}, expected a finite number.`);
}

/** The part of all values that falls into a box, each spread evenly over its cell. */
export function sumWithin({ rows, columns, patchSize: P, values }: PatchMap, box: Box): number {
  let sum = 0;
  for (let row = Math.floor(box.top / P); row < rows && row * P < box.bottom; row++) {
    const down = overlap(row * P, P, box.top, box.bottom);
    for (let column = Math.floor(box.left / P); column < columns && column * P < box.right; column++) {
      sum += (values[row * columns + column]! * down * overlap(column * P, P, box.left, box.right)) / (P * P);
    }
  }
  return sum;
}

/** px that start … start + length and low … high have in common */
function overlap(start: number, length: number, low: number, high: number): number {
  return Math.max(0, Math.min(start + length, high) - Math.max(start, low));
}
