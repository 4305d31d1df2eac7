// Small things to learn: pictures of a few colours, which even a tiny network tells apart.

import { createRandom } from '../../src/random.ts';
import { createRaster, type Raster } from '../../src/raster/index.ts';
import type { Example } from '../../src/train/index.ts';

export const COLOURS = ['red', 'green', 'blue', 'yellow'] as const;
export type Colour = (typeof COLOURS)[number];

const RGB: Record<Colour, readonly number[]> = {
  red: [200, 40, 40],
  green: [40, 200, 40],
  blue: [40, 40, 200],
  yellow: [200, 200, 40],
};

/** A picture of about this colour, with a little noise. */
export function colourPicture(colour: Colour, seed: number, size = 32): Raster {
  const random = createRandom(seed, colour);
  const shade = RGB[colour].map((value) => value + random.integer(30) - 15);
  const raster = createRaster(size, size, 3, 0);
  for (let i = 0; i < raster.data.length; i++) raster.data[i] = shade[i % 3]! + random.integer(8);
  return raster;
}

/** Pictures of the colours in turn, each with its name. */
export function colourExamples(
  count: number,
  seed = 0,
  colours: readonly Colour[] = COLOURS,
  size = 32,
): Example[] {
  return Array.from({ length: count }, (_, i) => {
    const target = colours[i % colours.length]!;
    return { input: colourPicture(target, seed + i, size), target, key: `${target}-${seed + i}` };
  });
}
