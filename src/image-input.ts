// Whatever people call a picture → Raster: Rasters themselves, encoded files, addresses, and the browser's
// image objects.

import * as platform from '#platform';
import { readSource } from './checkpoint/index.ts';
import { DataError } from './errors.ts';
import { assertRaster, flattenRgba, type Raster } from './raster/index.ts';

/** RGBA pixels as a canvas holds them: a browser's ImageData, or the like of it anywhere. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  /** width · height · 4 values */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** A class of the browser where its types are known, and nothing where they are not. */
type DomClass<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer T }> ? T : never;

/** A picture: a Raster, RGBA pixels, an encoded file's bytes, its address, or a browser's image object. */
export type ImageLike =
  | Raster
  | RgbaImage
  | Uint8Array
  | ArrayBuffer
  | Blob
  | URL
  | DomClass<'ImageBitmap'>
  | DomClass<'HTMLImageElement'>
  | DomClass<'HTMLCanvasElement'>
  | DomClass<'OffscreenCanvas'>;

/** @throws DataError when `image` is none of the things an {@link ImageLike} can be, or cannot be decoded */
export async function toRaster(image: ImageLike, what: string, signal?: AbortSignal): Promise<Raster> {
  if (image instanceof URL) {
    return platform.decodeImage(await readSource(image, signal ? { signal } : {}));
  }
  if (image instanceof ArrayBuffer) return platform.decodeImage(new Uint8Array(image));
  if (image instanceof Uint8Array || image instanceof Blob) return platform.decodeImage(image);
  if (typeof image !== 'object' || image === null) {
    throw new DataError(
      `${what}: expected a Raster, an encoded picture (Uint8Array, Blob), a URL or an image element, got ${image === null ? 'null' : typeof image}.`,
    );
  }
  if ('channels' in image) {
    assertRaster(image, what);
    return image;
  }
  if ('data' in image) {
    const { width, height, data } = image;
    if (data?.length !== width * height * 4) {
      throw new DataError(
        `${what}: ${width} x ${height} RGBA pixels need ${width * height * 4} values, got ${data?.length ?? 'none'}. A Raster also says its channels, 1 or 3.`,
      );
    }
    return flattenRgba(data, width, height);
  }
  return platform.decodeImage(image);
}
