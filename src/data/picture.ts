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
  toRgb,
} from '../raster/index.ts';
import { contentKey, type PictureCache } from './picture-cache.ts';
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

/** Whatever fits into memory, for those who take a data set as it is: evaluations, tasks. */
export const PICTURE_LIMITS = { maxPixels: 2 ** 27, minSide: 1 };

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
  cache: PictureCache,
): Promise<Raster | BrokenRecord> {
  const background = changes === undefined ? WHITE : drawBackground(changes, random);
  const content = contentKey(encoded);
  const onGround = (ground: Colour): Promise<Raster | BrokenRecord> =>
    cache.get(`${content} ${ground[0]}`, () => squarePicture(key, encoded, options, ground));
  const onWhite = await onGround(WHITE);
  if ('kind' in onWhite) return onWhite;
  let picture = onWhite;
  if (background !== WHITE) {
    const onBlack = await onGround(BLACK);
    if ('kind' in onBlack) return onBlack;
    picture = layOn(background, onWhite, onBlack);
  }
  return changes === undefined ? picture : augment(picture, changes, random);
}

type Colour = ReturnType<typeof drawBackground>;
const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];

async function squarePicture(
  key: string,
  encoded: Uint8Array,
  options: PictureOptions,
  background: Colour,
): Promise<Raster | BrokenRecord> {
  const { size, fit, maxPixels } = options;
  const decoded = await decodePicture(key, encoded, options, { maxPixels, background });
  if ('kind' in decoded) return decoded;
  return resize(fit === 'crop' ? middleSquare(decoded) : decoded, size);
}

/** The picture on any colour: where it is transparent, and how far, shows in what white and black make of it. */
function layOn(background: Colour, onWhite: Raster, onBlack: Raster): Raster {
  const [white, black] = [toRgb(onWhite), toRgb(onBlack)];
  const data = black.data.map((value, i) => {
    const clear = Math.max(0, white.data[i]! - value); // 255: nothing of the picture
    return Math.round(value + (background[i % 3]! * clear) / 255);
  });
  return { ...black, data };
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
