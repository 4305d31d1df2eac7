import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/random.ts';
import {
  type AugmentOptions,
  augment,
  createRaster,
  drawBackground,
  type Raster,
  resolveAugmentOptions,
} from '../../src/raster/index.ts';

/** A picture without any symmetry. */
function gradient(width = 8, height = 6): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * i * 7 + i * 13) % 256;
  return { width, height, channels: 3, data };
}

function changed(picture: Raster, options: AugmentOptions, seed = 1): Raster {
  return augment(picture, resolveAugmentOptions('test', options), createRandom(seed));
}

/** The value of a grey ramp's middle after a change, for many draws. */
function spread(options: AugmentOptions, value = 100): number[] {
  const grey = createRaster(3, 3, 1, value);
  return Array.from({ length: 200 }, (_, seed) => changed(grey, options, seed).data[12]!);
}

describe('augment', () => {
  it('changes nothing by default', () => {
    const picture = gradient();
    expect(changed(picture, {})).toEqual(picture);
  });

  it('does not touch what it was given', () => {
    const picture = gradient();
    const before = picture.data.slice();
    changed(picture, { rotate: 90, hue: 90, blur: 1 });
    expect(picture.data).toEqual(before);
  });

  it('mirrors exactly', () => {
    const picture = gradient();
    const mirrored = changed(picture, { flip: 1 });
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 8; x++) {
        const [from, to] = [(y * 8 + x) * 3, (y * 8 + 7 - x) * 3];
        expect(mirrored.data.slice(to, to + 3)).toEqual(picture.data.slice(from, from + 3));
      }
    }
  });

  it('scales about the middle: at half the size the middle stays and the edge is repeated', () => {
    const picture = createRaster(9, 9, 3, 0);
    picture.data.fill(255, (4 * 9 + 4) * 3, (4 * 9 + 5) * 3);
    const small = changed(picture, { scale: [0.5, 0.5] });
    expect(small.data[(4 * 9 + 4) * 3]).toBe(255);
    expect(small.data.filter((value) => value > 0).length).toBe(3);
  });

  it.each([
    ['brightness', { brightness: 0.2 }, 100 - 51, 100 + 51],
    ['contrast', { contrast: 0.5 }, 127.5 - 27.5 * 1.5, 127.5 - 27.5 * 0.5],
    ['saturation', { saturation: 1 }, 100, 100],
    ['hue', { hue: 180 }, 100, 100],
  ] as const)('%s moves a grey within its range', (_, options, low, high) => {
    const values = spread(options);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.floor(low));
    expect(Math.max(...values)).toBeLessThanOrEqual(Math.ceil(high));
    if (high > low) expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan((high - low) * 0.8);
  });

  it('loses all colour where grey is certain', () => {
    const { data } = changed(gradient(), { grey: 1 });
    for (let i = 0; i < data.length; i += 3) expect([data[i + 1], data[i + 2]]).toEqual([data[i], data[i]]);
  });

  it('blurs to the mean of 3 x 3', () => {
    const picture = createRaster(3, 3, 3, 0);
    picture.data.fill(90, 12, 15);
    expect([...changed(picture, { blur: 1 }).data]).toEqual(Array(27).fill(10));
  });

  it('is the same for the same draws, of the same size, for any options', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const options = fc.record({
      flip: share,
      rotate: fc.double({ min: 0, max: 180, noNaN: true }),
      scale: fc.constant([0.3, 3] as const),
      stretch: fc.double({ min: 1, max: 4, noNaN: true }),
      shift: share,
      brightness: share,
      contrast: share,
      saturation: share,
      hue: fc.double({ min: 0, max: 180, noNaN: true }),
      grey: share,
      blur: share,
    });
    const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(options, sizes, fc.nat(), (given, [width, height], seed) => {
        const picture = gradient(width, height);
        const first = changed(picture, given, seed);
        expect(first).toEqual(changed(picture, given, seed));
        expect([first.width, first.height, first.data.length]).toEqual([width, height, width * height * 3]);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('draws backgrounds as often as asked', () => {
    const count = (background: number): number =>
      Array.from({ length: 400 }, (_, seed) => drawBackground({ background }, createRandom(seed))).filter(
        (colour) => colour.join() !== '255,255,255',
      ).length;
    expect(count(0)).toBe(0);
    expect(count(0.5)).toBeGreaterThan(150);
    expect(count(0.5)).toBeLessThan(250);
  });

  it('names every field that is wrong at once', () => {
    expect(() => resolveAugmentOptions('train', { rotate: 200, scale: [2, 1], blur: Number.NaN })).toThrow(
      'train: rotate: expected a number from 0 to 180, got 200; blur: expected a number from 0 to 1, got NaN; scale: expected [smallest, largest], positive and at most 16, got',
    );
    expect(() => resolveAugmentOptions('train', { rotation: 20 } as AugmentOptions)).toThrow('rotation');
  });
});
