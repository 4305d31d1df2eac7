// Rasters → the tensor every model reads: float32 [B, H, W, 3] = x / 255 · 2 − 1, grey repeated to RGB
// (big_vision `value_range(-1, 1)`).

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { assertRaster, assertSize, type Raster, resize } from '../raster/index.ts';

/** What {@link toTensor} makes of Rasters. */
export interface ToTensorOptions {
  /** Resize to this many px first (a number means a square), aspect ratio ignored as in big_vision. */
  readonly size?: number | { readonly width: number; readonly height: number };
}

/** 0 … 255 → [-1, 1], in float32 as big_vision rounds it. */
const RANGE = Float32Array.from({ length: 256 }, (_, x) => Math.fround(Math.fround(x / 255) * 2) - 1);

/**
 * @param rasters - one Raster or several; without `size` all must have the same width and height
 * @returns float32 [B, H, W, 3] in [-1, 1]; the caller disposes it
 * @throws ConfigError, DataError, ShapeError
 * @example const images = toTensor([raster], { size: 224 });
 */
export function toTensor(rasters: Raster | readonly Raster[], options: ToTensorOptions = {}): tf.Tensor4D {
  refuseUnknown('toTensor', options, ['size']);
  if (typeof rasters !== 'object' || rasters === null) {
    throw new ShapeError(`toTensor: expected a Raster or a list of them, got ${String(rasters)}.`);
  }
  const list = 'data' in rasters ? [rasters] : rasters;
  list.forEach((raster, i) => {
    assertRaster(raster, `rasters[${i}]`);
  });
  const first = list[0];
  if (first === undefined) throw new ShapeError('toTensor: got no rasters. Give it at least one.');
  const { width, height } = resolveSize(options.size, first);

  const plane = width * height;
  const values = new Float32Array(list.length * plane * 3);
  list.forEach((raster, i) => {
    if (options.size === undefined && (raster.width !== width || raster.height !== height)) {
      throw new ShapeError(
        `toTensor: rasters[0] is ${width} x ${height}, rasters[${i}] is ${raster.width} x ${raster.height}. Resize them with toTensor(rasters, { size: ${width} }).`,
      );
    }
    writeRange(resize(raster, width, height), values.subarray(i * plane * 3, (i + 1) * plane * 3));
  });
  return tf.tensor4d(values, [list.length, height, width, 3]);
}

/** Drawn text of one size, in one channel. @returns float32 [B, H, W, 1] in [-1, 1] */
export function toGreyTensor(rasters: readonly Raster[]): tf.Tensor4D {
  const { width, height } = rasters[0]!; // a group has one
  const values = new Float32Array(rasters.length * width * height);
  for (const [i, { data, channels }] of rasters.entries()) {
    for (let pixel = 0; pixel < width * height; pixel++) {
      values[i * width * height + pixel] = RANGE[data[pixel * channels]!]!;
    }
  }
  return tf.tensor4d(values, [rasters.length, height, width, 1]);
}

function resolveSize(size: ToTensorOptions['size'], fallback: Raster): { width: number; height: number } {
  const resolved = typeof size === 'number' ? { width: size, height: size } : (size ?? fallback);
  if (size !== undefined) assertSize('toTensor', resolved.width, resolved.height);
  return resolved;
}

function writeRange(raster: Raster, target: Float32Array): void {
  const { data } = raster;
  if (raster.channels === 3) {
    for (let i = 0; i < data.length; i++) target[i] = RANGE[data[i]!]!;
    return;
  }
  for (let i = 0, o = 0; i < data.length; i++, o += 3) {
    const value = RANGE[data[i]!]!;
    target[o] = value;
    target[o + 1] = value;
    target[o + 2] = value;
  }
}
