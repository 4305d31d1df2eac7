// A file → the picture that is asked about. What is too large or no picture is refused before anything is decoded.

import { type ClippoModel, flattenRgba, type Raster, resize } from 'clippo-ts';
import type { PictureSeen } from '../protocol.ts';

/** As large as is shown, px. */
const SHOWN = 320;
/** Decoding takes four bytes a pixel, and a little more. */
const MOST_MEGAPIXELS = 50;
const MOST_MEGABYTES = 60;

let picture: Raster | undefined;

/** @throws Error when none has been given yet */
export function currentPicture(): Raster {
  if (picture === undefined) throw new Error('There is no picture yet. Drop, paste or choose one.');
  return picture;
}

/** @param given - a file, or pixels that the page has drawn itself */
export async function readPicture(given: Blob | ImageBitmap, name: string): Promise<PictureSeen> {
  const bitmap = given instanceof Blob ? await decode(given, name) : given;
  try {
    const { width, height } = bitmap;
    const scale = Math.min(1, SHOWN / Math.min(width, height));
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const context = new OffscreenCanvas(w, h).getContext('2d', { willReadFrequently: true })!; // of a size that all browsers have
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, w, h);
    picture = flattenRgba(context.getImageData(0, 0, w, h).data, w, h);
    return { name, pixels: picture, width, height };
  } finally {
    bitmap.close();
  }
}

/** The picture at the size that the model reads. */
export const pictureFor = (model: ClippoModel): Raster => resize(currentPicture(), model.config.imageSize!);

async function decode(file: Blob, name: string): Promise<ImageBitmap> {
  if (file.size > MOST_MEGABYTES * 1e6) {
    throw new Error(
      `${name} has ${Math.round(file.size / 1e6)} MB; up to ${MOST_MEGABYTES} are read here. Save it smaller.`,
    );
  }
  const size = sizeInHeader(new DataView(await file.slice(0, 65_536).arrayBuffer()));
  if (size !== undefined && size.width * size.height > MOST_MEGAPIXELS * 1e6) {
    const megapixels = Math.round((size.width * size.height) / 1e6);
    throw new Error(
      `${name} is ${size.width} × ${size.height}: ${megapixels} megapixels; up to ${MOST_MEGAPIXELS} are read here. Save it smaller.`,
    );
  }
  return createImageBitmap(file).catch((cause: unknown) => {
    throw new Error(
      `${name} is not a picture that this browser can read, or it is damaged. Try a PNG, JPEG or WebP.`,
      { cause },
    );
  });
}

/** Of a PNG, GIF, WebP or JPEG file, px; undefined for what else there is. */
export function sizeInHeader(
  view: DataView,
): { readonly width: number; readonly height: number } | undefined {
  if (view.byteLength < 30) return undefined;
  const start = view.getUint32(0);
  if (start === 0x89504e47) {
    const isHeader = view.getUint32(12) === 0x49484452; // IHDR
    return isHeader ? { width: view.getUint32(16), height: view.getUint32(20) } : undefined;
  }
  if (start === 0x47494638) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (start === 0x52494646 && view.getUint32(12) === 0x56503858) {
    const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
    return { width: uint24(24) + 1, height: uint24(27) + 1 };
  }
  if (start >>> 16 !== 0xffd8) return undefined;
  for (let at = 2; at + 9 <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    if (marker >>> 8 !== 0xff) return undefined;
  }
  return undefined;
}
