// Pictures of all kinds that come out of data sets: sound ones, and everything else.

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { makePicture, type PictureOptions } from '../../src/data/picture.ts';
import { contentKey, createPictureCache } from '../../src/data/picture-cache.ts';
import { createRandom } from '../../src/random.ts';
import { createRaster, drawBackground, resolveAugmentOptions } from '../../src/raster/index.ts';
import { greyPng } from '../support/record-sources.ts';

const OPTIONS: PictureOptions = { size: 8, fit: 'squash', maxPixels: 1_000_000, minSide: 2 };

function make(bytes: Uint8Array, options: Partial<PictureOptions> = {}) {
  return makePicture(
    'k',
    bytes,
    { ...OPTIONS, ...options },
    undefined,
    createRandom(0),
    createPictureCache(0),
  );
}

async function causeOf(bytes: Uint8Array, options?: Partial<PictureOptions>): Promise<string> {
  const made = await make(bytes, options);
  return 'kind' in made ? `${made.cause}: ${made.detail}` : `${made.width} x ${made.height}`;
}

/** The header of a PNG that says it is as large as this, and nothing else. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  return bytes;
}

describe('makePicture', () => {
  it('takes CMYK, grey with transparency, 16 bits and the first frame of animations', async () => {
    const colours = sharp({ create: { width: 10, height: 6, channels: 3, background: '#c83214' } });
    const cmyk = await colours.clone().toColourspace('cmyk').jpeg().toBuffer();
    const deep = await colours.clone().toColourspace('rgb16').png().toBuffer();
    const frames = await sharp(new Uint8Array([...Array(16).fill(250), ...Array(16).fill(3)]), {
      raw: { width: 4, height: 8, channels: 1, pageHeight: 4 },
    })
      .gif()
      .toBuffer();
    for (const [bytes, red] of [
      [cmyk, 200],
      [deep, 200],
      [frames, 250],
    ] as const) {
      const made = await make(bytes);
      if ('kind' in made) throw new Error(made.detail);
      expect([made.width, made.height]).toEqual([8, 8]);
      for (let i = 0; i < 64; i++) expect(Math.abs(made.data[i * made.channels]! - red)).toBeLessThan(12);
    }
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>, RegExp]>([
    ['1 x 1', () => greyPng(0, 1), /^image too small: 1 x 1 px/],
    [
      '20,000 x 20,000, before it is decoded',
      () => pngHeader(20_000, 20_000),
      /^image too large: 20000 x 20000 px/,
    ],
    ['no picture', () => new TextEncoder().encode('<html>404</html>'), /^bad image: .*cannot be decoded/],
    ['nothing', () => new Uint8Array(), /^bad image: .*empty/],
    ['half a picture', () => greyPng(1, 99).slice(0, 60), /^bad image: /],
    [
      'large in a format without a header we know',
      () =>
        sharp({ create: { width: 1200, height: 1200, channels: 3, background: '#fff' } })
          .tiff()
          .toBuffer(),
      /^(bad image|image too large): .*(exceeds pixel limit|1200 x 1200)/,
    ],
  ])('refuses %s', async (_, bytes, cause) => {
    expect(await causeOf(await bytes())).toMatch(cause);
  });

  it('squashes, or takes the middle', async () => {
    // Black, white, black beside one another.
    const raster = createRaster(24, 8, 1, 0);
    for (let i = 0; i < 192; i++) if (i % 24 >= 8 && i % 24 < 16) raster.data[i] = 255;
    const bytes = await sharp(raster.data, { raw: { width: 24, height: 8, channels: 1 } })
      .png()
      .toBuffer();
    const [squashed, cropped] = [await make(bytes), await make(bytes, { fit: 'crop' })];
    if ('kind' in squashed || 'kind' in cropped) throw new Error('broken');
    expect(squashed.data[0]).toBe(0);
    expect(new Set(cropped.data)).toEqual(new Set([255]));
  });

  it('lays what is transparent on white, or on colours of chance', async () => {
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: '#0000' } })
      .png()
      .toBuffer();
    const plain = await make(clear);
    const changes = resolveAugmentOptions('test', { background: 1 });
    const coloured = await makePicture('k', clear, OPTIONS, changes, createRandom(1), createPictureCache(0));
    if ('kind' in plain || 'kind' in coloured) throw new Error('broken');
    expect(new Set(plain.data)).toEqual(new Set([255]));
    expect(new Set(coloured.data).size).toBeLessThanOrEqual(3);
    expect(new Set(coloured.data)).not.toEqual(new Set([255]));
    const again = await makePicture('k', clear, OPTIONS, changes, createRandom(1), createPictureCache(0));
    expect(again).toEqual(coloured);
  });

  it('makes of a picture that it has kept what it makes of one that is new', async () => {
    const half = await sharp({ create: { width: 9, height: 5, channels: 4, background: '#c8321480' } })
      .png()
      .toBuffer();
    const changes = resolveAugmentOptions('test', { background: 0.5, rotate: 20, hue: 10 });
    const kept = createPictureCache(2 ** 20);
    for (let seed = 0; seed < 6; seed++) {
      const random = (): ReturnType<typeof createRandom> => createRandom(seed);
      const [a, b] = [
        await makePicture('k', half, OPTIONS, changes, random(), kept),
        await makePicture('k', half, OPTIONS, changes, random(), createPictureCache(0)),
      ];
      expect(a).toEqual(b);
    }
    const colours = resolveAugmentOptions('test', { background: 1 });
    const ground = drawBackground(colours, createRandom(3));
    const made = await makePicture('k', half, OPTIONS, colours, createRandom(3), kept);
    if ('kind' in made) throw new Error('broken');
    [200, 50, 20].forEach((value, channel) => {
      const mixed = value * (128 / 255) + ground[channel]! * (127 / 255);
      expect(Math.abs(made.data[channel]! - mixed)).toBeLessThanOrEqual(1.5);
    });
  });
});

describe('createPictureCache', () => {
  it('keeps what came first, as long as there is room', async () => {
    const cache = createPictureCache(10);
    let made = 0;
    const make = (bytes: number) => async () => {
      made++;
      return createRaster(bytes, 1, 1);
    };
    for (const [key, bytes] of [
      ['a', 6],
      ['b', 6],
      ['a', 6],
      ['c', 4],
      ['b', 6],
      ['c', 4],
    ] as const) {
      await cache.get(key, make(bytes));
    }
    expect(made).toBe(4); // a, b twice, c
    await cache.get('broken', async () => ({ kind: 'broken' }));
    expect(await cache.get('broken', async () => 'tried again')).toBe('tried again');
  });

  it('counts what is made twice at a time once', async () => {
    const cache = createPictureCache(10);
    let made = 0;
    const make = async () => {
      made++;
      return createRaster(5, 1, 1);
    };
    await Promise.all([cache.get('a', make), cache.get('a', make)]);
    await cache.get('b', make);
    expect(made).toBe(3);
    await cache.get('b', make); // it had room
    expect(made).toBe(3);
  });

  it('knows contents by their bytes', () => {
    const keys = [[], [0], [0, 0], [1, 2], [2, 1]].map((bytes) => contentKey(Uint8Array.from(bytes)));
    expect(new Set(keys).size).toBe(5);
    expect(contentKey(Uint8Array.of(1, 2))).toBe(keys[3]);
  });
});
