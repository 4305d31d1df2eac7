// Picture files ↔ Rasters on Node. Decoding is sharp's (PNG, JPEG, WebP, SVG, …), asked for plain pixels only:
// resizing is ours, so that every engine sees the same ones.

import { DataError, messageOf } from '../errors.ts';
import type { DecodeOptions } from '../platform.ts';
import { toPng } from '../png.ts';
import { assertRaster, type Raster } from '../raster/index.ts';
import { readFile, writeFile } from './files.ts';
import { importOptional } from './optional.ts';

/**
 * Reads a picture: first frame, EXIF orientation applied, transparency on white, RGB.
 *
 * @param source - a path, a `file:` URL, or the bytes of an encoded picture
 * @throws DataError when it cannot be read or is not a picture; BackendError when sharp is not installed
 * @example const photo = await readImage('photo.jpg'); // { width, height, channels: 3, data }
 */
export async function readImage(source: string | URL | Uint8Array): Promise<Raster> {
  if (source instanceof Uint8Array) return decode(source, 'picture');
  return decode(await readFile(source), String(source));
}

/** An encoded picture → RGB Raster. `what` names it in errors. */
export async function decode(
  encoded: Uint8Array,
  what: string,
  { background = [255, 255, 255], maxPixels }: DecodeOptions = {},
): Promise<Raster> {
  const { default: sharp } = await importOptional(() => import('sharp'), 'sharp', 'Reading pictures');
  if (encoded.length === 0) throw new DataError(`${what}: the file is empty.`);
  try {
    const [r, g, b] = background;
    const limit = maxPixels === undefined ? {} : { limitInputPixels: maxPixels };
    const { data, info } = await sharp(encoded, { failOn: 'error', ...limit })
      .rotate() // by the EXIF orientation
      .flatten({ background: { r, g, b } })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    if (info.channels === 1) return { width: info.width, height: info.height, channels: 1, data: pixels };
    return { width: info.width, height: info.height, channels: 3, data: pixels };
  } catch (cause) {
    const detail = messageOf(cause);
    throw new DataError(
      `${what}: cannot be decoded as a picture (${detail}). Expected a whole PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.`,
      { cause },
    );
  }
}

/**
 * Writes a Raster as PNG, grey or RGB. An existing file is replaced only when the new one is whole.
 *
 * @throws DataError when the raster is not whole or the file cannot be written
 * @example await writePng('dog.png', await renderText('a photo of a dog'));
 */
export async function writePng(path: string | URL, raster: Raster): Promise<void> {
  await writeFile(path, [encodePng(raster)]);
}

/** A Raster as the bytes of a PNG. @throws DataError when it is not whole */
export function encodePng(raster: Raster): Uint8Array {
  assertRaster(raster);
  return toPng(raster);
}
