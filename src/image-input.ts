// Whatever people call a picture → Raster: Rasters themselves, encoded files, addresses, and the browser's
// image objects.

import * as platform from '#platform';
import { readSource } from './checkpoint/index.ts';
import { DataError } from './errors.ts';
import { assertRaster, type Raster } from './raster/index.ts';

/** A picture: a Raster, an encoded file (`Uint8Array`, `Blob`), its address, or a browser's image object. */
export type ImageLike =
  | Raster
  | Uint8Array
  | Blob
  | URL
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas;

/** @throws DataError when `image` is none of the things an {@link ImageLike} can be, or cannot be decoded */
export async function toRaster(image: ImageLike, what: string, signal?: AbortSignal): Promise<Raster> {
  if (image instanceof URL) {
    return platform.decodeImage(await readSource(image, signal ? { signal } : {}));
  }
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
  return platform.decodeImage(image);
}
