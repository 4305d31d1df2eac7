// Raster: the one currency of the library. Pictures and rendered text both become one, and nothing after
// that point can tell them apart.

import { ConfigError, DataError } from '../errors.ts';

/** A picture of 8-bit values. Rows run top-down, pixels left to right, channels interleaved. */
export interface Raster {
  /** px */
  readonly width: number;
  /** px */
  readonly height: number;
  /** 1 = grey, 3 = RGB */
  readonly channels: 1 | 3;
  /** `height * width * channels` values, 0 black, 255 white */
  readonly data: Uint8Array;
}

/**
 * Throws a {@link DataError} unless `raster` is a whole Raster: positive integer sizes, 1 or 3 channels, and
 * exactly as many bytes as they need.
 *
 * @param what - name of the argument, as the caller knows it
 */
export function assertRaster(raster: Raster, what = 'raster'): void {
  const { width, height, channels, data } = raster;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new DataError(`${what}: width and height must be positive integers, got ${width} x ${height}.`);
  }
  if (channels !== 1 && channels !== 3) {
    throw new DataError(
      `${what}: expected 1 channel (grey) or 3 (RGB), got ${String(channels)}. Flatten transparency with readImage, or drop the fourth channel.`,
    );
  }
  const expected = width * height * channels;
  if (data?.length !== expected) {
    throw new DataError(
      `${what}: ${width} x ${height} x ${channels} needs ${expected} bytes, got ${data?.length ?? 'none'}.`,
    );
  }
}

/** The largest side of a Raster that this library makes, px. */
const MAX_SIDE = 16384;

/** @throws ConfigError unless both are integers from 1 to 16384 */
export function assertSize(what: string, width: number, height: number): void {
  for (const [side, name] of [
    [width, 'width'],
    [height, 'height'],
  ] as const) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new ConfigError(
        `${what}: ${name} must be an integer from 1 to ${MAX_SIDE} px, got ${String(side)}.`,
      );
    }
  }
}

/**
 * A Raster filled with one value.
 *
 * @param width - px, 1 … 16384
 * @param height - px, 1 … 16384
 * @param value - 0 … 255; default 255, white
 * @throws ConfigError when a size is out of range
 * @example const black = createRaster(224, 224, 3, 0);
 */
export function createRaster(width: number, height: number, channels: 1 | 3 = 3, value = 255): Raster {
  assertSize('createRaster', width, height);
  if (channels !== 1 && channels !== 3) {
    throw new ConfigError(`createRaster: channels must be 1 or 3, got ${String(channels)}.`);
  }
  return { width, height, channels, data: new Uint8Array(width * height * channels).fill(value) };
}

/** Grey repeated to RGB; an RGB Raster is returned as it is. */
export function toRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  const { width, height, data: grey } = raster;
  const data = new Uint8Array(grey.length * 3);
  for (let i = 0, o = 0; i < grey.length; i++, o += 3) {
    const value = grey[i]!;
    data[o] = value;
    data[o + 1] = value;
    data[o + 2] = value;
  }
  return { width, height, channels: 3, data };
}

/**
 * Copies `source` into `target` with its top left corner at (`left`, `top`); what falls outside is cut off.
 *
 * @throws DataError when `source` has colours and `target` has none
 */
export function pasteRaster(target: Raster, source: Raster, left: number, top: number): void {
  const from = target.channels === 3 ? toRgb(source) : source;
  if (from.channels !== target.channels) {
    throw new DataError(`pasteRaster: a picture of 3 channels does not fit into one of ${target.channels}.`);
  }
  const channels = from.channels;
  const x0 = Math.max(0, left);
  const x1 = Math.min(target.width, left + from.width);
  if (x1 <= x0) return;
  const y1 = Math.min(target.height, top + from.height);
  for (let y = Math.max(0, top); y < y1; y++) {
    const start = ((y - top) * from.width + (x0 - left)) * channels;
    const row = from.data.subarray(start, start + (x1 - x0) * channels);
    target.data.set(row, (y * target.width + x0) * channels);
  }
}

/** RGBA pixels (as a canvas gives them) on a ground of one colour, white by default → RGB. */
export function flattenRgba(
  rgba: ArrayLike<number>,
  width: number,
  height: number,
  background: readonly [number, number, number] = [255, 255, 255],
): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, o = 0; o < data.length; i += 4, o += 3) {
    const alpha = rgba[i + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      data[o + channel] = Math.round(
        (rgba[i + channel]! * alpha + background[channel]! * (255 - alpha)) / 255,
      );
    }
  }
  return { width, height, channels: 3, data };
}
