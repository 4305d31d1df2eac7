// Picture files ↔ Rasters: every kind of file that people have, and everything that is none.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { encodePng, readImage, writePng } from '../../src/node/index.ts';
import { importOptional } from '../../src/node/optional.ts';
import { decodeImage } from '../../src/node/platform.ts';
import type { Raster } from '../../src/raster/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const path = temporaryFolder();

/** 3 x 2: red, green, blue / white, grey, black. */
const PIXELS = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 128, 128, 128, 0, 0, 0];

function rgb(width: number, height: number, values: readonly number[]): Sharp {
  return sharp(Uint8Array.from(values), { raw: { width, height, channels: 3 } });
}

function plain(
  width: number,
  height: number,
  [r, g, b]: readonly [number, number, number],
  alpha = 1,
): Sharp {
  return sharp({ create: { width, height, channels: 4, background: { r, g, b, alpha } } });
}

function expectRaster(raster: Raster, width: number, height: number, values: readonly number[]): void {
  expect([raster.width, raster.height, raster.channels]).toEqual([width, height, 3]);
  expect(Array.from(raster.data)).toEqual(values);
}

/** All pixels of one colour, within `tolerance` a channel. */
function expectColour(raster: Raster, colour: readonly number[], tolerance: number): void {
  expect(raster.channels).toBe(3);
  raster.data.forEach((value, i) => {
    expect(Math.abs(value - colour[i % 3]!), `byte ${i} is ${value}`).toBeLessThanOrEqual(tolerance);
  });
}

describe('lossless files come out to the bit', () => {
  it.each([
    ['PNG', (picture: Sharp) => picture.png()],
    ['PNG with a palette', (picture: Sharp) => picture.png({ palette: true, colours: 8, dither: 0 })],
    ['interlaced PNG', (picture: Sharp) => picture.png({ progressive: true })],
    ['WebP', (picture: Sharp) => picture.webp({ lossless: true })],
    ['TIFF', (picture: Sharp) => picture.tiff({ compression: 'lzw' })],
    ['GIF', (picture: Sharp) => picture.gif({ dither: 0 })],
  ])('%s', async (_, encode) => {
    expectRaster(await readImage(await encode(rgb(3, 2, PIXELS)).toBuffer()), 3, 2, PIXELS);
  });

  it('by path, by URL and by bytes', async () => {
    const bytes = await rgb(3, 2, PIXELS).png().toBuffer();
    writeFileSync(path('a b.png'), bytes);
    for (const source of [path('a b.png'), pathToFileURL(path('a b.png')), new Uint8Array(bytes)]) {
      expectRaster(await readImage(source), 3, 2, PIXELS);
    }
    expectRaster(await decodeImage(new Blob([new Uint8Array(bytes)])), 3, 2, PIXELS);
  });

  it('one pixel', async () => {
    expectRaster(await readImage(await rgb(1, 1, [1, 2, 3]).png().toBuffer()), 1, 1, [1, 2, 3]);
  });

  it('bytes in the middle of a larger buffer', async () => {
    const bytes = await rgb(3, 2, PIXELS).png().toBuffer();
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 7);
    expectRaster(await readImage(larger.subarray(7, 7 + bytes.length)), 3, 2, PIXELS);
  });
});

describe('colours', () => {
  it('grey becomes grey', async () => {
    const grey = await sharp(Uint8Array.of(0, 100, 200), { raw: { width: 3, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    const raster = await readImage(grey);
    const values = Array.from(raster.data);
    expect(raster.channels === 1 ? values : values.filter((_, i) => i % 3 === 0)).toEqual([0, 100, 200]);
  });

  it('transparency lies on white', async () => {
    const half = [255, 0, 0, 128, 0, 0, 0, 0, 0, 0, 255, 255];
    const png = await sharp(Uint8Array.from(half), { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expectRaster(await readImage(png), 3, 1, [255, 127, 127, 255, 255, 255, 0, 0, 255]);
  });

  it('grey with transparency lies on white', async () => {
    const raw = Uint8Array.of(0, 0, 0, 255, 100, 255);
    const png = await sharp(raw, { raw: { width: 3, height: 1, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    const { data, channels } = await readImage(png);
    expect(Array.from(data).filter((_, i) => i % channels === 0)).toEqual([255, 0, 100]);
  });

  it('16 bits become 8', async () => {
    const values = Uint16Array.of(0, 0x8080, 0xffff, 0x1234, 0xabcd, 0x00ff);
    const png = await sharp(values, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    expectRaster(await readImage(png), 2, 1, [0, 0x80, 0xff, 0x12, 0xab, 0]);
  });

  it('16 bits with transparency lie on white', async () => {
    const values = Uint16Array.of(0, 0, 0, 0, 0xffff, 0, 0, 0xffff);
    const png = await sharp(values, { raw: { width: 2, height: 1, channels: 4 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expectRaster(await readImage(png), 2, 1, [255, 255, 255, 255, 0, 0]);
  });

  it('a JPEG of four inks becomes RGB', async () => {
    const cmyk = await rgb(
      16,
      16,
      Array.from({ length: 768 }, (_, i) => (i % 3 === 0 ? 200 : 40)),
    )
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const raster = await readImage(cmyk);
    expect([raster.width, raster.height]).toEqual([16, 16]);
    // Inks cannot print every red: it stays red, near enough.
    expectColour(raster, [200, 40, 40], 30);
  });

  it('a JPEG stays near what it was made of', async () => {
    const raster = await readImage(
      await plain(16, 16, [10, 120, 250]).flatten().jpeg({ quality: 95 }).toBuffer(),
    );
    expectColour(raster, [10, 120, 250], 3);
  });

  it('SVG is drawn, on white where it is empty', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"><rect width="2" height="2" fill="#00f"/></svg>';
    const row = [0, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255, 255];
    expectRaster(await readImage(Buffer.from(svg)), 4, 2, [...row, ...row]);
  });

  it.each(['gif', 'webp'] as const)('of an animated %s the first frame is taken', async (format) => {
    const frames = await Promise.all(
      [plain(4, 4, [255, 0, 0]), plain(4, 4, [0, 255, 0])].map((frame) => frame.png().toBuffer()),
    );
    const picture = sharp(frames, { join: { animated: true } });
    const bytes = await (format === 'gif' ? picture.gif() : picture.webp({ lossless: true })).toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    const raster = await readImage(bytes);
    expect([raster.width, raster.height]).toEqual([4, 4]);
    expectColour(raster, [255, 0, 0], 0);
  });
});

describe('EXIF orientation', () => {
  // The corners of the stored picture, a b / c d, as a viewer sees them.
  it.each([
    [1, 'abcd'],
    [2, 'badc'],
    [3, 'dcba'],
    [4, 'cdab'],
    [5, 'acbd'],
    [6, 'cadb'],
    [7, 'dbca'],
    [8, 'bdac'],
  ])('%i is undone', async (orientation, corners) => {
    const [width, height] = [32, 16];
    const greys: Record<string, number> = { a: 0, b: 80, c: 160, d: 240 };
    const values: number[] = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const grey = greys['abcd'[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)]!]!;
        values.push(grey, grey, grey);
      }
    }
    const jpeg = await rgb(width, height, values)
      .withMetadata({ orientation })
      .jpeg({ quality: 100 })
      .toBuffer();
    const raster = await readImage(jpeg);
    expect([raster.width, raster.height]).toEqual(orientation < 5 ? [32, 16] : [16, 32]);
    const at = (x: number, y: number): string => {
      const value = raster.data[(y * raster.width + x) * raster.channels]!;
      return Object.keys(greys).find((name) => Math.abs(greys[name]! - value) < 20) ?? `?${value}`;
    };
    const [right, bottom] = [raster.width - 1, raster.height - 1];
    expect(at(0, 0) + at(right, 0) + at(0, bottom) + at(right, bottom)).toBe(corners);
  });
});

describe('what is no picture', () => {
  it.each([
    ['nothing', new Uint8Array(), 'picture: the file is empty.'],
    ['text', Buffer.from('hello'), 'picture: cannot be decoded as a picture'],
    [
      'a PNG that only begins',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
      'cannot be decoded as a picture',
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(readImage(bytes)).rejects.toThrow(message);
  });

  it('names the file', async () => {
    mkdirSync(path('folder.png'));
    writeFileSync(path('text.png'), 'hello');
    await expect(readImage(path('text.png'))).rejects.toThrow(
      `${path('text.png')}: cannot be decoded as a picture`,
    );
    await expect(readImage(path('folder.png'))).rejects.toThrow('it is a folder');
    await expect(readImage(path('no.png'))).rejects.toThrow(
      `Cannot read ${path('no.png')}: there is no such file`,
    );
  });

  it('a picture too large to hold', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"></svg>';
    await expect(readImage(Buffer.from(svg))).rejects.toThrow(
      /cannot be decoded as a picture \(.*pixel limit.*\)/,
    );
  });

  it.each(['png', 'jpeg', 'webp'] as const)('a %s that is cut off anywhere', async (format) => {
    const noise = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * i * 31) % 251);
    const whole = await sharp(noise, { raw: { width: 32, height: 32, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    for (let length = 0; length < whole.length - 12; length += Math.ceil(whole.length / 25)) {
      await expect(readImage(whole.subarray(0, length)), `${length} bytes`).rejects.toBeInstanceOf(DataError);
    }
  });

  it('random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        await expect(readImage(bytes)).rejects.toBeInstanceOf(DataError);
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it('damage anywhere: a DataError or a whole Raster', async () => {
    const whole = await rgb(3, 2, PIXELS).png().toBuffer();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Uint8Array.from(whole);
        damaged[at]! ^= flip;
        try {
          const { width, height, channels, data } = await readImage(damaged);
          expect(data.length).toBe(width * height * channels);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it("a browser's image object", async () => {
    // Nothing of the kind can be made in Node; the cast stands for untyped callers.
    const element = { tagName: 'IMG' } as unknown as HTMLImageElement;
    await expect(decodeImage(element)).rejects.toThrow('Image elements exist in browsers only.');
  });
});

describe('writePng', () => {
  it.each([1, 3] as const)('with %i channels comes back to the bit', async (channels) => {
    const data = Uint8Array.from({ length: 7 * 5 * channels }, (_, i) => (i * 37) % 256);
    await writePng(path('a.png'), { width: 7, height: 5, channels, data });
    const raster = await readImage(path('a.png'));
    const expected =
      channels === 3 ? Array.from(data) : Array.from(data).flatMap((grey) => [grey, grey, grey]);
    const values =
      raster.channels === 3 ? Array.from(raster.data) : Array.from(raster.data).flatMap((g) => [g, g, g]);
    expect([raster.width, raster.height, values]).toEqual([7, 5, expected]);
    expect((await sharp(path('a.png')).metadata()).channels).toBe(channels);
  });

  it('writes random rasters so that they come back', async () => {
    const raster = fc
      .record({ width: fc.integer({ min: 1, max: 20 }), height: fc.integer({ min: 1, max: 20 }) })
      .chain(({ width, height }) => {
        const length = width * height * 3;
        return fc
          .uint8Array({ minLength: length, maxLength: length })
          .map((data) => ({ width, height, channels: 3 as const, data }));
      });
    await fc.assert(
      fc.asyncProperty(raster, async (given) => {
        expectRaster(await readImage(encodePng(given)), given.width, given.height, Array.from(given.data));
      }),
      { seed: 11, numRuns: 50 },
    );
  });

  it('refuses half a raster and leaves the old file', async () => {
    writeFileSync(path('a.png'), 'old');
    const half = { width: 2, height: 2, channels: 3, data: new Uint8Array(6) } as const;
    await expect(writePng(path('a.png'), half)).rejects.toThrow('2 x 2 x 3 needs 12 bytes, got 6');
    expect(readFileSync(path('a.png'), 'utf8')).toBe('old');
  });
});

describe('a missing package', () => {
  afterEach(() => {
    vi.doUnmock('sharp');
  });

  it('is named, with what to run', async () => {
    const cause = new Error('Cannot find package');
    const loading = importOptional(() => Promise.reject(cause), 'some-decoder', 'Reading pictures');
    await expect(loading).rejects.toMatchObject({
      code: 'BACKEND',
      cause,
      message:
        'Reading pictures needs the package "some-decoder", which cannot be loaded. Run: npm install some-decoder',
    });
  });

  it('sharp is not needed before a picture is read', async () => {
    vi.doMock('sharp', () => {
      throw new Error("Cannot find package 'sharp'");
    });
    vi.resetModules();
    const fresh = await import('../../src/node/index.ts');
    const png = fresh.encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(5) });
    await expect(fresh.readImage(png)).rejects.toThrow(
      /^Reading pictures needs the package "sharp".*Run: npm install sharp$/,
    );
  });
});
