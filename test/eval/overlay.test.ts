// Heat over pictures: sizes, colours, and letters that can still be read.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OverlayOptions, overlay } from '../../src/eval/overlay.ts';
import type { PatchMap } from '../../src/eval/patch-map.ts';
import { createRaster, type Raster } from '../../src/raster/index.ts';
import { renderText } from '../../src/render/index.ts';
import { generateImage } from '../support/golden.ts';

const WHITE = createRaster(32, 16);

/** A row of cells of 16 px. */
function mapOf(...values: number[]): PatchMap {
  return { rows: 1, columns: values.length, patchSize: 16, values: Float32Array.from(values) };
}

function pixel({ width, data }: Raster, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

/** Relative luminance, 0 … 1, near enough. */
function brightness([r, g, b]: number[]): number {
  return 0.2126 * (r! / 255) ** 2.2 + 0.7152 * (g! / 255) ** 2.2 + 0.0722 * (b! / 255) ** 2.2;
}

describe('overlay', () => {
  it('enlarges by a whole factor: to at least 448 px, or as told', () => {
    const small = overlay(WHITE, mapOf(0, 1));
    expect([small.width, small.height, small.channels]).toEqual([448, 224, 3]);
    const tiny = overlay(WHITE, mapOf(0, 1), { scale: 2 });
    expect([tiny.width, tiny.height]).toEqual([64, 32]);
    const large = createRaster(500, 16);
    expect(overlay(large, { ...mapOf(...new Array(32).fill(1)) }).width).toBe(500);
  });

  it('runs from dark to bright, and has each value at the centre of its cell', () => {
    const heat = overlay(createRaster(48, 16), mapOf(0, 0.5, 1), { scale: 1 });
    const row = Array.from({ length: 48 }, (_, x) => brightness(pixel(heat, x, 7)));
    for (let x = 1; x < 48; x++) expect(row[x]!).toBeGreaterThanOrEqual(row[x - 1]!);
    expect(row[47]!).toBeGreaterThan(5 * row[0]!);
    expect(pixel(heat, 0, 0)).toEqual([86, 68, 140]);
    expect(pixel(heat, 47, 15)).toEqual([253, 228, 128]);
    const flat = overlay(WHITE, mapOf(3, 3), { scale: 1 });
    expect(pixel(flat, 5, 5)).toEqual([253, 228, 128]);
  });

  it('is blue below 0, white at 0, red above, on one scale', () => {
    const options = { scale: 1 } as const;
    const signed = overlay(createRaster(48, 16), mapOf(-1, 0, 0.5), options);
    expect(pixel(signed, 0, 8)).toEqual([40, 92, 178]);
    const [r, g, b] = pixel(signed, 47, 8); // half of the red that 1 would have
    expect([r! > b!, g! > 120]).toEqual([true, true]);
    const zero = overlay(WHITE, mapOf(0, 0), { ...options, colours: 'diverging' });
    expect(Math.min(...zero.data)).toBeGreaterThan(235);
    // The same map the other way round is as bright, in the other colour.
    const falls = overlay(WHITE, mapOf(1, 1), { ...options, colours: 'diverging' });
    expect(pixel(falls, 3, 3)).toEqual([186, 46, 42]);
  });

  it.each(['heat', 'diverging'] as const)(
    'leaves letters to be read on every colour of %s',
    async (colours) => {
      const text = await renderText('████', { size: { width: 64, height: 16 } });
      for (const value of [-1, -0.5, 0, 0.25, 0.5, 0.75, 1]) {
        if (colours === 'heat' && value < 0) continue;
        const map = { ...mapOf(value, value, value, 1), columns: 4 };
        const drawn = overlay(text, map, { scale: 1, colours });
        const ink = text.data.indexOf(0);
        const [x, y] = [ink % 64, Math.floor(ink / 64)];
        const ground = overlay(createRaster(64, 16), map, { scale: 1, colours });
        const ratio = (brightness(pixel(ground, x, y)) + 0.05) / (brightness(pixel(drawn, x, y)) + 0.05);
        expect(ratio, `contrast at ${value}`).toBeGreaterThan(2.4);
      }
    },
  );

  it('lets the picture through, wholly at opacity 0', () => {
    const picture = generateImage(2, 32);
    const map = { rows: 2, columns: 2, patchSize: 16, values: Float32Array.of(0, 1, 2, 3) };
    const plain = overlay(picture, map, { scale: 2, opacity: 0 });
    for (const [x, y] of [
      [0, 0],
      [33, 17],
      [63, 63],
    ] as const) {
      expect(pixel(plain, x, y)).toEqual(pixel(picture, x >> 1, y >> 1));
    }
    const [none, half, whole] = [0, 0.5, 1].map(
      (opacity) => overlay(picture, map, { scale: 1, opacity }).data,
    );
    for (let i = 0; i < none!.length; i++)
      expect(Math.abs(none![i]! + whole![i]! - 2 * half![i]!)).toBeLessThan(3);
  });

  it('takes any picture and any finite map of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 24 }),
        fc.constantFrom(1 as const, 3 as const),
        fc.double({ noNaN: true, min: -1e30, max: 1e30 }),
        (width, height, patchSize, channels, value) => {
          const [rows, columns] = [Math.ceil(height / patchSize), Math.ceil(width / patchSize)];
          const values = new Float32Array(rows * columns).fill(value);
          const drawn = overlay(
            createRaster(width, height, channels, 9),
            { rows, columns, patchSize, values },
            { scale: 1 },
          );
          // Of one colour, because the picture and the map are.
          expect(drawn.data.every((byte, i) => byte === drawn.data[i % 3])).toBe(true);
          expect(Math.max(...drawn.data)).toBeGreaterThan(0);
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  it.each<[PatchMap, OverlayOptions, string]>([
    [
      mapOf(1, 2, 3),
      {},
      'overlay: a map of 1 x 3 cells of 16 px does not cover a picture 16 px high and 32 px wide.',
    ],
    [
      { ...mapOf(1, 2), rows: 2 },
      {},
      'Give it the picture that the model read: await model.toRaster(input).',
    ],
    [{ ...mapOf(1), columns: 2 }, {}, 'overlay: 1 x 2 cells need as many values, got 1.'],
    [mapOf(1, Number.NaN), {}, 'overlay: values[1] is NaN, expected a finite number.'],
    [mapOf(1, Infinity), {}, 'overlay: values[1] is Infinity'],
    [mapOf(1, 2), { scale: 0 }, 'overlay: scale: expected a positive integer, got 0.'],
    [mapOf(1, 2), { scale: 1.5 }, 'got 1.5.'],
    [mapOf(1, 2), { scale: 1e6 }, 'width must be an integer from 1 to 16384 px'],
    [mapOf(1, 2), { opacity: 2 }, 'overlay: opacity: expected a number from 0 to 1, got 2.'],
    [
      mapOf(1, 2),
      { colours: 'jet' as 'heat' },
      "overlay: colours: expected 'heat' or 'diverging', got \"jet\".",
    ],
    [mapOf(1, 2), { alpha: 1 } as OverlayOptions, 'overlay: unknown option alpha.'],
    [mapOf(-1, 2), { colours: 'heat' }, 'overlay: heat starts at 0, and the map has -1.'],
  ])('refuses what does not fit: %#', (map, options, message) => {
    expect(() => overlay(WHITE, map, options)).toThrow(message);
  });
});
