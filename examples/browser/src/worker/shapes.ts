// What the small model of the last panel learns: coloured shapes, drawn anew every time, and their names.

import { createRaster, type Random, type Raster } from 'clippo-ts';

const COLOURS = {
  red: [206, 44, 44],
  blue: [40, 84, 200],
  green: [38, 140, 72],
  gold: [222, 164, 30],
  pink: [226, 120, 170],
} as const;

/** Whether a point belongs to the shape; both −1 … 1, y downwards. */
const SHAPES = {
  disc: (x: number, y: number) => x * x + y * y < 1,
  square: (x: number, y: number) => Math.max(Math.abs(x), Math.abs(y)) < 0.85,
  ring: (x: number, y: number) => x * x + y * y < 1 && x * x + y * y > 0.3,
  cross: (x: number, y: number) =>
    Math.min(Math.abs(x), Math.abs(y)) < 0.3 && Math.max(Math.abs(x), Math.abs(y)) < 1,
  roof: (x: number, y: number) => y < 0.8 && y > 2 * Math.abs(x) - 1,
} as const;

export const NAMES: readonly string[] = Object.keys(COLOURS).flatMap((colour) =>
  Object.keys(SHAPES).map((shape) => `${colour} ${shape}`),
);

/** @param name - one of {@link NAMES} @param size - px @returns on white, somewhere near the middle */
export function drawShape(name: string, size: number, random: Random): Raster {
  const [colour, shape] = name.split(' ') as [keyof typeof COLOURS, keyof typeof SHAPES];
  const jitter = (most: number): number => (2 * random.next() - 1) * most;
  const radius = size * (0.34 + jitter(0.06));
  const [left, top] = [size / 2 + jitter(size * 0.1), size / 2 + jitter(size * 0.1)];
  const tint = COLOURS[colour].map((value) => Math.min(255, Math.max(0, value + jitter(24))));
  const raster = createRaster(size, size, 3, 255);
  for (let y = 0, o = 0; y < size; y++) {
    for (let x = 0; x < size; x++, o += 3) {
      if (SHAPES[shape]((x + 0.5 - left) / radius, (y + 0.5 - top) / radius)) raster.data.set(tint, o);
    }
  }
  return raster;
}
