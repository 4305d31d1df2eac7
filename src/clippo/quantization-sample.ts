// Pictures on which the loss of int8 is measured: drawn text, which every CLIPPO reads, and noise, in which every
// patch is busy.

import { createRandom } from '../random.ts';
import type { Raster } from '../raster/index.ts';
import { createRenderer, type RenderOptions } from '../render/index.ts';

const TEXTS = ['a photo of a dog', 'two red cars', 'Das ist ein Haus.', '木の上の猫'];

/** @param size - of all of them, px */
export async function quantizationSample(
  options: Omit<RenderOptions, 'size'>,
  size: { readonly width: number; readonly height: number },
): Promise<Raster[]> {
  const renderer = await createRenderer({ ...options, size });
  const noise = TEXTS.map((_, seed): Raster => {
    const random = createRandom(seed);
    const data = Uint8Array.from({ length: size.width * size.height * 3 }, () => random.integer(256));
    return { ...size, channels: 3, data };
  });
  return [...TEXTS.map((text) => renderer.render(text)), ...noise];
}
