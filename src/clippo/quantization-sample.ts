// Pictures on which the loss of int8 is measured: drawn text, which every CLIPPO reads, and noise, in which every
// patch is busy.

import { createRandom } from '../random.ts';
import type { Raster } from '../raster/index.ts';

const TEXTS = ['a photo of a dog', 'two red cars', 'Das ist ein Haus.', '木の上の猫'];

/** @param size - px, of the square pictures */
export async function quantizationSample(
  draw: (text: string) => Promise<Raster>,
  size: number,
): Promise<Raster[]> {
  const noise = TEXTS.map((_, seed): Raster => {
    const random = createRandom(seed);
    const data = Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
    return { width: size, height: size, channels: 3, data };
  });
  return [...(await Promise.all(TEXTS.map(draw))), ...noise];
}
