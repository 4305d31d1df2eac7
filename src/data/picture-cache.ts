// Encoded pictures → what was made of them before, as long as there is room: small data sets come by epoch after epoch,
// and decoding costs more than everything else that is done to a picture. What came first stays, so that a data set
// larger than the room is not turned over in vain.

import type { Raster } from '../raster/index.ts';

export interface PictureCache {
  /** What was kept under this key, or what `make` makes now. */
  get<T>(key: string, make: () => Promise<Raster | T>): Promise<Raster | T>;
}

/** @param limit - bytes of pixels that are kept */
export function createPictureCache(limit: number): PictureCache {
  const kept = new Map<string, Raster>();
  let room = limit;
  return {
    async get(key, make) {
      const known = kept.get(key);
      if (known !== undefined) return known;
      const made = await make();
      // One that was made twice at a time takes its room once.
      if (isRaster(made) && !kept.has(key) && made.data.length <= room) {
        room -= made.data.length;
        kept.set(key, made);
      }
      return made;
    },
  };
}

function isRaster(made: unknown): made is Raster {
  return 'channels' in Object(made);
}

/** The content of a file as a key: its length and 64 bits of two FNV-1a hashes. */
export function contentKey(bytes: Uint8Array): string {
  let [a, b] = [0x811c9dc5, 0x01234567];
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000193) + 0x3c6ef372;
  }
  return `${bytes.length} ${a} ${b}`;
}
