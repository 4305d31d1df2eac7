// A picture with its caption → two pictures, of which the second is the answer to the first: what contrastive training
// and retrieval pair up.

import { decodePicture, type ImageTextRecord, PICTURE_LIMITS } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { type Raster, resize } from '../raster/index.ts';
import { createRenderer, type RenderOptions, resolveRenderOptions } from '../render/index.ts';

/** Pictures with captions, both as what the model reads. */
export interface CaptionsTask {
  readonly name: string;
  readonly targets: { readonly kind: 'picture' };
  /** The first picture of the record, resized without regard to the aspect ratio. */
  raster(record: ImageTextRecord): Promise<Raster>;
  /** Its first caption, drawn. */
  target(record: ImageTextRecord): Promise<Raster>;
}

/**
 * Records of any reader of pictures with captions. Training draws among the pictures and captions of a record, and takes
 * the readers themselves: see `createBatches`.
 *
 * @param options - `size` in px (default 224), and every other render option
 * @throws ConfigError; `raster` throws DataError for a picture that cannot be read
 * @example
 * const task = captions({ size: 64 });
 * const [picture, caption] = [await task.raster(record), await task.target(record)];
 */
export function captions(options: RenderOptions = {}): CaptionsTask {
  const { width, height } = resolveRenderOptions(options);
  let renderer: ReturnType<typeof createRenderer> | undefined;
  return {
    name: 'captions',
    targets: { kind: 'picture' },
    async raster({ key, images }) {
      const picture = await decodePicture(key, images[0]!, PICTURE_LIMITS, {}); // there is at least one
      if ('kind' in picture) throw new DataError(`captions: ${key}: ${picture.cause}: ${picture.detail}`);
      return resize(picture, width, height);
    },
    async target({ captions: said }) {
      renderer ??= createRenderer(options);
      return (await renderer).render(said[0]!); // at least one again
    },
  };
}
