// Raster → Raster of another size: bilinear without antialias, half-pixel centres, aspect ratio ignored,
// truncated to 8 bits. This is TensorFlow's resize_bilinear as big_vision's `resize` calls it
// (pp/ops_image.py); every step is rounded to float32, because that decides the last bit.

import { ConfigError } from '../errors.ts';
import { assertRaster, assertSize, type Raster } from './raster.ts';

const { fround } = Math;

/** Where each output row or column reads: two neighbours and how far it lies between them. */
interface Taps {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly fraction: Float32Array;
}

/**
 * Bilinear resize, to the bit as the reference does it: source = (i + 0.5)·in/out − 0.5, clamped to the edge.
 *
 * @param raster - 1 or 3 channels; returned as it is when it has the size already
 * @param width - px, 1 … 16384
 * @param height - px, 1 … 16384; default: `width`
 * @returns a Raster of `width` x `height` with the channels of `raster`
 * @throws ConfigError when a size is out of range
 * @throws DataError when `raster` is not a whole Raster
 * @example const square = resize(photo, 224);
 */
export function resize(raster: Raster, width: number, height = width): Raster {
  assertRaster(raster, 'resize');
  assertSize('resize', width, height);
  if (raster.width === width && raster.height === height) return raster;

  const { channels, data: source } = raster;
  const columns = taps(raster.width, width, channels);
  const rows = taps(raster.height, height, raster.width * channels);
  const data = new Uint8Array(width * height * channels);
  let o = 0;
  for (let y = 0; y < height; y++) {
    const top = rows.lower[y]!;
    const bottom = rows.upper[y]!;
    const down = rows.fraction[y]!;
    for (let x = 0; x < width; x++) {
      const left = columns.lower[x]!;
      const right = columns.upper[x]!;
      const across = columns.fraction[x]!;
      for (let c = 0; c < channels; c++) {
        const a = mix(source[top + left + c]!, source[top + right + c]!, across);
        const b = mix(source[bottom + left + c]!, source[bottom + right + c]!, across);
        // A mean of bytes is within 0..255, so storing it as a byte is the truncation the reference does.
        data[o++] = mix(a, b, down);
      }
    }
  }
  return { width, height, channels, data };
}

/**
 * The middle of a picture. An odd rest goes to the right and the bottom: offset = floor((in − out) / 2).
 *
 * @param raster - 1 or 3 channels
 * @param width - px, at most the width of `raster`
 * @param height - px, at most the height of `raster`; default: `width`
 * @throws ConfigError when the crop is larger than the picture
 * @example const middle = centralCrop(resize(photo, 256), 224);
 */
export function centralCrop(raster: Raster, width: number, height = width): Raster {
  assertRaster(raster, 'centralCrop');
  assertSize('centralCrop', width, height);
  if (width > raster.width || height > raster.height) {
    throw new ConfigError(
      `centralCrop: a crop of ${width} x ${height} does not fit into a picture of ${raster.width} x ${raster.height}. Resize it first.`,
    );
  }
  const { channels } = raster;
  const left = (raster.width - width) >> 1;
  const top = (raster.height - height) >> 1;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * raster.width + left) * channels;
    data.set(raster.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** @param stride - bytes from one source row or column to the next */
function taps(inSize: number, outSize: number, stride: number): Taps {
  const lower = new Int32Array(outSize);
  const upper = new Int32Array(outSize);
  const fraction = new Float32Array(outSize);
  const scale = fround(inSize / outSize);
  for (let i = 0; i < outSize; i++) {
    const source = fround(fround(fround(i + 0.5) * scale) - 0.5);
    const floor = Math.floor(source);
    lower[i] = Math.max(floor, 0) * stride;
    upper[i] = Math.min(Math.ceil(source), inSize - 1) * stride;
    fraction[i] = source - floor;
  }
  return { lower, upper, fraction };
}

function mix(a: number, b: number, fraction: number): number {
  return fround(a + fround(fround(b - a) * fraction));
}
