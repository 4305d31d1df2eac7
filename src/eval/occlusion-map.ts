// An input → which regions make it match something else: one after the other is covered, and the cosine measured again.
// Reference: Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2.

import type { ClippoModel, EncodeOptions } from '../clippo-model.ts';
import { ConfigError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { resolveClippoConfig } from '../model/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import { cosinesWithout, coverColour, type Fill, targetVector } from './covering.ts';
import { type Box, NOTHING, type PatchMap } from './patch-map.ts';

/** What {@link occlusionMap} covers, and with what. */
export interface OcclusionOptions extends Pick<EncodeOptions, 'batchSize' | 'signal' | 'onProgress'> {
  /** Side of the square that is covered, px, a multiple of `stride`. Default: the patch size of the model. */
  readonly window?: number;
  /** px from one window to the next, which is the side of a cell of the map. Default: `window`. */
  readonly stride?: number;
  /** What covers. Default: the ground of drawn text for a text, so that letters vanish, `'mean'` for a picture. */
  readonly fill?: Fill;
}

export interface OcclusionMap extends PatchMap {
  /** How much the cosine falls when a cell is covered, the mean of the windows that cover it; below 0 it rises. */
  readonly values: Float32Array;
  /** Of the whole input with what it is compared with. */
  readonly cosine: number;
}

/**
 * Which regions of an input make it match something else. Costs an encoding a window; see `model.compile`.
 *
 * @param input - a text, as the model draws it, or a picture
 * @param against - what it is compared with: a text, a picture, or an embedding [E] of any length above 0
 * @throws ConfigError for options that cannot work; ShapeError, DataError for an embedding that is none of this
 *   model; and as `model.encode`
 * @example
 * const { values, cosine } = await occlusionMap(model, photo, 'a photo of a dog', { window: 32, stride: 16 });
 */
export async function occlusionMap(
  model: ClippoModel,
  input: string | ImageLike,
  against: string | ImageLike | Float32Array,
  options: OcclusionOptions = {},
): Promise<OcclusionMap> {
  const door = 'occlusionMap';
  refuseUnknown(door, options, ['window', 'stride', 'fill', 'batchSize', 'signal', 'onProgress']);
  const { window = resolveClippoConfig(model.config).patchSize, stride = window, fill, ...run } = options;
  assertWindow(door, window, stride, model.config.imageSize);
  run.signal?.throwIfAborted();
  const target = await targetVector(door, model, against, run.signal);
  const raster = await model.toRaster(input);
  const colour = coverColour(door, model, typeof input === 'string', raster, fill);

  const grid = windowGrid(raster, window / stride, stride);
  const boxes = [NOTHING, ...grid.windows];
  const [cosine = 0, ...cosines] = await cosinesWithout(model, raster, boxes, target, {
    ...run,
    colour,
    unit: 'windows',
  });
  const falls = cosines.map((without) => cosine - without);
  return {
    rows: grid.rows,
    columns: grid.columns,
    patchSize: stride,
    values: meanPerCell(grid, falls),
    cosine,
  };
}

function assertWindow(door: string, window: number, stride: number, imageSize: number): void {
  if (!Number.isInteger(window) || window < 1 || window > imageSize) {
    throw new ConfigError(
      `${door}: window: expected an integer from 1 to ${imageSize} px, got ${describeValue(window)}.`,
    );
  }
  if (!Number.isInteger(stride) || stride < 1 || window % stride !== 0) {
    throw new ConfigError(
      `${door}: stride: expected a whole part of the window of ${window} px, got ${describeValue(stride)}.`,
    );
  }
}

/** Cells of `patchSize` px, and windows of k x k cells, one from every cell where k fit. */
interface WindowGrid {
  readonly rows: number;
  readonly columns: number;
  readonly windows: readonly Box[];
  /** The cells of each window, in the order of `windows`. */
  readonly cells: readonly (readonly number[])[];
}

function windowGrid({ width, height }: Raster, k: number, stride: number): WindowGrid {
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const windows: Box[] = [];
  const cells: number[][] = [];
  for (let row = 0; row <= Math.max(0, rows - k); row++) {
    for (let column = 0; column <= Math.max(0, columns - k); column++) {
      const [bottomRow, rightColumn] = [Math.min(rows, row + k), Math.min(columns, column + k)];
      windows.push({
        left: column * stride,
        top: row * stride,
        right: Math.min(width, rightColumn * stride),
        bottom: Math.min(height, bottomRow * stride),
      });
      const own: number[] = [];
      for (let r = row; r < bottomRow; r++) {
        for (let c = column; c < rightColumn; c++) own.push(r * columns + c);
      }
      cells.push(own);
    }
  }
  return { rows, columns, windows, cells };
}

function meanPerCell({ rows, columns, cells }: WindowGrid, values: readonly number[]): Float32Array {
  const sums = new Float64Array(rows * columns);
  const counts = new Uint32Array(rows * columns);
  for (const [i, own] of cells.entries()) {
    for (const cell of own) {
      sums[cell]! += values[i]!;
      counts[cell]!++;
    }
  }
  return Float32Array.from(sums, (sum, cell) => sum / counts[cell]!);
}
