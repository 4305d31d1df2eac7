// The bytes of a picture → a square Raster as the model reads it: decoded, resized, changed by chance. What is too
// large is refused before it is decoded.
// Reference: big_vision `configs/proj/clippo/train_clippo.py` (resize without regard to the aspect ratio, no crop).

import * as platform from '#platform';
import { DataError } from '../errors.ts';
import type { Random } from '../random.ts';
import {
  augment,
  centralCrop,
  drawBackground,
  type Raster,
  type ResolvedAugmentOptions,
  resize,
} from '../raster/index.ts';
import { readPictureHeader } from './picture-size.ts';
import { type BrokenRecord, broken } from './record.ts';

export interface PictureOptions {
  /** px */
  readonly size: number;
  readonly fit: 'squash' | 'crop';
  readonly maxPixels: number;
  /** px */
  readonly minSide: number;
}

/**
 * @param key - names the example in what is told of it
 * @param changes - undefined: none, and what is transparent lies on white
 */
export async function makePicture(
  key: string,
  encoded: Uint8Array,
  options: PictureOptions,
  changes: ResolvedAugmentOptions | undefined,
  random: Random,
): Promise<Raster | BrokenRecord> {
  const { size, fit, maxPixels } = options;
  const background = changes && drawBackground(changes, random);
  const decoded = await decodePicture(key, encoded, options, {
    maxPixels,
    ...(background && { background }),
  });
  if ('kind' in decoded) return decoded;
  const picture = resize(fit === 'crop' ? middleSquare(decoded) : decoded, size);
  return changes === undefined ? picture : augment(picture, changes, random);
}

/** The picture at its own size, or why it is refused. */
export async function decodePicture(
  key: string,
  encoded: Uint8Array,
  limits: Pick<PictureOptions, 'maxPixels' | 'minSide'>,
  decoding: Parameters<typeof platform.decodeImage>[1],
): Promise<Raster | BrokenRecord> {
  const header = readPictureHeader(encoded);
  const refused = header && refusedSize(key, header, limits);
  if (refused) return refused;
  try {
    const decoded = await platform.decodeImage(encoded, decoding);
    return refusedSize(key, decoded, limits) ?? decoded;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return broken(key, 'bad image', error.message);
  }
}

/** The one rule of sizes, before decoding where the header tells them, and after. */
function refusedSize(
  key: string,
  { width, height }: { readonly width: number; readonly height: number },
  { maxPixels, minSide }: Pick<PictureOptions, 'maxPixels' | 'minSide'>,
): BrokenRecord | undefined {
  if (width * height > maxPixels) {
    return broken(key, 'image too large', `${width} x ${height} px, at most ${maxPixels} pixels are decoded`);
  }
  if (Math.min(width, height) < minSide) {
    return broken(
      key,
      'image too small',
      `${width} x ${height} px, at least ${minSide} on either side are expected`,
    );
  }
  return undefined;
}

function middleSquare(raster: Raster): Raster {
  return centralCrop(raster, Math.min(raster.width, raster.height));
}
