import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClippoError } from '../../src/errors.ts';
import {
  createRenderer,
  type GlyphSource,
  type OutlineFontOptions,
  parseOutlineFont,
} from '../../src/render/index.ts';
import { makeTinyFont, readFont } from './fonts.ts';
import { makeTinyTtf, makeTinyWoff } from './tiny-ttf.ts';

/** Coverage as rows of numbers. */
function rows(font: GlyphSource, character: string): number[][] {
  const { width, coverage } = font.glyph(character.codePointAt(0)!)!;
  return Array.from({ length: font.lineHeight }, (_, y) => [
    ...coverage.subarray(y * width, (y + 1) * width),
  ]);
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

describe('OTF with cubic curves', () => {
  it('draws outlines on the pixel grid as exactly 0 and 255', async () => {
    const font = await parseOutlineFont(makeTinyFont(), { size: 20 });
    expect(font.lineHeight).toBe(20);
    const square = rows(font, 'A');
    square.forEach((row, y) => {
      row.forEach((value, x) => {
        expect(value, `${x}, ${y}`).toBe(x >= 2 && x < 10 && y >= 8 && y < 16 ? 255 : 0);
      });
    });
  });

  it('covers half a pixel with half the brightness', async () => {
    // At 10 px a unit of 100 is a pixel: the square is 1..5 x 4..8. At 5 px it is 0.5..2.5 x 2..4.
    const font = await parseOutlineFont(makeTinyFont(), { size: 5 });
    expect(rows(font, 'A')[2]!.slice(0, 4)).toEqual([128, 255, 128, 0]);
  });

  it('draws a disc with the area of a disc, symmetric, with soft edges', async () => {
    const size = 40;
    const font = await parseOutlineFont(makeTinyFont(), { size });
    const disc = rows(font, 'B');
    const radius = (450 * size) / 1000;
    expect(sum(disc.flat()) / 255).toBeCloseTo(Math.PI * radius * radius, -0.5);
    for (const row of disc) expect(row).toEqual([...row].reverse());
    expect(disc.flat().filter((value) => value > 0 && value < 255).length).toBeGreaterThan(60);
  });

  it('moves ink left of the origin into the cell and cuts holes by the nonzero rule', async () => {
    const font = await parseOutlineFont(makeTinyFont(), { size: 10 });
    const frame = rows(font, 'C');
    expect(frame[4]!.slice(0, 5)).toEqual([255, 255, 255, 255, 0]);
    expect(frame[5]!.slice(0, 5)).toEqual([255, 0, 0, 255, 0]);
    expect(frame[7]!.slice(0, 5)).toEqual([255, 255, 255, 255, 0]);
  });

  it('serves the renderer: anti-aliased, with the same trimming as Unifont', async () => {
    const font = await parseOutlineFont(makeTinyFont(), { size: 20 });
    const renderer = await createRenderer({ font, size: { width: 100, height: 40 }, lowercase: false });
    const rendered = renderer.render('AB');
    // Columns 1..9 of the square: one blank on the left, none on the right.
    expect(rendered.patchOf(1, 1)).toEqual({ row: 0, column: 9 });
    expect(rendered.data.some((value) => value > 0 && value < 127)).toBe(true);
    expect(renderer.render('A!').missingGlyphs).toBe(1);
  });
});

describe('TTF with quadratic curves, and WOFF', () => {
  it.each([
    ['TTF', makeTinyTtf()],
    ['WOFF', makeTinyWoff()],
  ])('%s', async (_, bytes) => {
    const font = await parseOutlineFont(bytes);
    const square = rows(font, 'A');
    square.forEach((row, y) => {
      row.forEach((value, x) => {
        expect(value).toBe(x >= 2 && x < 10 && y >= 4 && y < 12 ? 255 : 0);
      });
    });
    // A parabola cuts off 2/3 of the triangle of its control points, and there are two of 32 px².
    expect(sum(rows(font, 'B').flat()) / 255).toBeCloseTo((2 * 32 * 2) / 3, 0);
    expect(font.glyph(0x43)).toBeUndefined();
    expect(font.glyph(0x10_ffff)).toBeUndefined();
  });

  it('takes an ArrayBuffer too, and is not disturbed when the caller reuses it', async () => {
    const bytes = makeTinyTtf();
    const font = await parseOutlineFont(bytes.buffer as ArrayBuffer); // made by Uint8Array.from: never shared
    bytes.fill(0);
    expect(sum(rows(font, 'A').flat())).toBe(64 * 255);
  });
});

describe('what it refuses', () => {
  it.each([
    [
      'nothing',
      new Uint8Array(0),
      'parseOutlineFont: these bytes are no font. Expected a TTF, OTF or WOFF file.',
    ],
    ['a picture', Uint8Array.from([0x89, 0x50, 0x4e, 0x47]), 'these bytes are no font'],
    [
      'WOFF2',
      new TextEncoder().encode('wOF2....'),
      'WOFF2 is not read. Convert the font to TTF, OTF or WOFF.',
    ],
    ['a collection', new TextEncoder().encode('ttcf....'), 'a font collection is not read.'],
    [
      'half a font',
      makeTinyTtf().subarray(0, 200),
      "the file is cut short: table 'glyf' lies beyond its end.",
    ],
    [
      'no outlines',
      makeTinyTtf({ glyf: undefined }),
      "the font has no outlines ('glyf' and 'loca', or 'CFF ').",
    ],
    ['no metrics', makeTinyTtf({ hhea: undefined }), "the font has no table 'hhea'."],
    [
      'no map',
      makeTinyTtf({ cmap: [0, 0, 0, 0] }),
      "table 'cmap' has no Unicode subtable of format 4 or 12.",
    ],
    ['CFF 2', makeTinyTtf({ 'CFF ': [2, 0, 5, 0, 0] }), 'CFF version 2 is not read, only 1.'],
    [
      'a long CFF header',
      makeTinyTtf({ 'CFF ': [1, 0, 5, 4, 0] }),
      "the 'CFF ' table is damaged: its header has 5 bytes, not 4.",
    ],
    [
      'bad CFF',
      makeTinyTtf({ 'CFF ': [1, 0, 4, 1, 0, 9, 9, 0] }),
      "the 'CFF ' table is damaged: a list has offsets of 9 bytes.",
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(parseOutlineFont(bytes)).rejects.toThrow(message);
  });

  it('a WOFF that claims gigabytes', async () => {
    const woff = makeTinyWoff();
    // The first entry's original length.
    new DataView(woff.buffer).setUint32(44 + 12, 0xffff_ffff);
    await expect(parseOutlineFont(woff)).rejects.toThrow(
      "table 'cmap' claims an impossible length of 4294967295 bytes",
    );
  });

  it.each([
    [{ size: 3 }, 'parseOutlineFont: size must be an integer in 4..256 px, got 3.'],
    [{ size: Number.NaN }, 'parseOutlineFont: size must be an integer in 4..256 px, got NaN.'],
    [{ sizes: 16 }, 'parseOutlineFont: unknown option sizes. Known: size.'],
    [null, 'parseOutlineFont: expected an options object, got null.'],
  ])('%j', async (options, message) => {
    // What a JavaScript caller may pass.
    await expect(parseOutlineFont(makeTinyFont(), options as OutlineFontOptions)).rejects.toThrow(message);
  });

  it('takes an option that is undefined as not given', async () => {
    const options = { size: undefined, sizes: undefined } as unknown as OutlineFontOptions; // see above
    expect((await parseOutlineFont(makeTinyFont(), options)).lineHeight).toBe(16);
  });

  it('something that is no bytes', async () => {
    const path = 'font.ttf' as unknown as Uint8Array; // what a JavaScript caller may pass
    await expect(parseOutlineFont(path)).rejects.toThrow(
      'expected an ArrayBuffer or a Uint8Array, got string.',
    );
  });
});

describe('fuzz: damaged fonts give a ClippoError or a font', () => {
  // opentype.js talks about damaged charstrings.
  beforeEach(() => {
    for (const level of ['log', 'warn', 'error'] as const)
      vi.spyOn(console, level).mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  async function survive(bytes: Uint8Array): Promise<void> {
    try {
      const font = await parseOutlineFont(bytes);
      for (const codePoint of [0, 32, 65, 66, 67, 0x1d4d0]) font.glyph(codePoint);
    } catch (error) {
      expect(error).toBeInstanceOf(ClippoError);
    }
  }

  it.each([
    ['OTF', new Uint8Array(makeTinyFont()), 600],
    ['TTF', makeTinyTtf(), 600],
    ['WOFF', makeTinyWoff(), 600],
    ['unifont_upper.otf', readFont('unifont_upper-15.0.01.otf'), 25],
  ] as [string, Uint8Array, number][])('%s', async (_, font, numRuns) => {
    const place = fc.oneof(fc.nat(Math.min(font.length, 512) - 1), fc.nat(font.length - 1));
    const change = fc.tuple(place, fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 8 }),
        fc.option(fc.nat(font.length)),
        async (changes, length) => {
          const bytes = Uint8Array.from(font.subarray(0, length ?? font.length));
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          await survive(bytes);
        },
      ),
      { seed: 7, numRuns },
    );
  });
});
