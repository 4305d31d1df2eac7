import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FontError } from '../../src/errors.ts';
import { createRenderer, fallbackFonts, type GlyphSource, parseUnifontHex } from '../../src/render/index.ts';
import { loadBundledUnifont } from '../../src/render/unifont.ts';
import { readFont } from './fonts.ts';

const NARROW = '0041:0000000018242442427E424242420000';
const WIDE = '1F600:8001000000000000000000000000000000000000000000000000000000000001';

describe('parseUnifontHex', () => {
  it('reads narrow and wide glyphs, four to six digits, either case, CRLF, blank lines', async () => {
    const font = await parseUnifontHex(`${NARROW}\r\n\n${WIDE.toLowerCase()}\n00042:${NARROW.slice(5)}`);
    expect(font.lineHeight).toBe(16);
    const a = font.glyph(0x41)!;
    expect(a.width).toBe(16);
    // Row 4 is 18 = 00011000.
    expect([...a.coverage.subarray(64, 80)]).toEqual([0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(font.glyph(0x42)).toEqual(a);
    const corners = font.glyph(0x1f600)!.coverage;
    expect([corners[0], corners[15], corners[255]]).toEqual([255, 255, 255]);
    expect(corners.reduce((sum, value) => sum + value, 0)).toBe(3 * 255);
    expect(font.glyph(0x43)).toBeUndefined();
  });

  it('reads text, bytes, an ArrayBuffer and gzipped bytes alike', async () => {
    const bytes = new TextEncoder().encode(NARROW);
    const fonts = await Promise.all([NARROW, bytes, bytes.buffer, gzipSync(bytes)].map(parseUnifontHex));
    for (const font of fonts) expect(font.glyph(0x41)).toEqual(fonts[0]!.glyph(0x41));
  });

  it('skips white space at the end of a line', async () => {
    const font = await parseUnifontHex(`${NARROW}  \r\n \n${WIDE}\t`);
    expect(font.glyph(0x41)).toEqual((await parseUnifontHex(NARROW)).glyph(0x41));
    expect(font.glyph(0x1f600)).toBeDefined();
    await expect(parseUnifontHex(` ${NARROW}`)).rejects.toThrow('line 1: byte 32 is not a hex digit.');
  });

  it('keeps the last of two glyphs', async () => {
    const font = await parseUnifontHex(`${NARROW}\n0041:${'F'.repeat(32)}`);
    expect(font.glyph(0x41)!.coverage[0]).toBe(255);
  });

  it.each([
    ['', 'parseUnifontHex: the file holds no glyph.'],
    [`${NARROW}\nhello`, 'parseUnifontHex: line 2: expected 4 to 6 hex digits and a colon.'],
    [`${NARROW}\n\n041:00`, 'line 3: expected 4 to 6 hex digits and a colon'],
    ['0041:00', 'line 1: expected 32 or 64 hex digits after the colon, got 2.'],
    [`0041:${'0'.repeat(31)}g`, 'line 1: byte 103 is not a hex digit.'],
    [`00é1:${'0'.repeat(32)}`, 'line 1: byte 195 is not a hex digit.'],
    [`110000:${'0'.repeat(32)}`, 'line 1: the last code point is 10FFFF.'],
    [`0041\n${NARROW}`, 'line 1: expected 4 to 6 hex digits and a colon'],
  ])('refuses %j', async (text, message) => {
    await expect(parseUnifontHex(text)).rejects.toThrow(message);
    await expect(parseUnifontHex(text)).rejects.toBeInstanceOf(FontError);
  });

  it('refuses gzip that is damaged, cut short, or a bomb', async () => {
    const packed = gzipSync(new TextEncoder().encode(`${NARROW}\n`.repeat(3000)));
    await expect(parseUnifontHex(packed.subarray(0, 60))).rejects.toThrow(/gzipped data is .*cut short/);
    const bomb = gzipSync(new Uint8Array(100_000_000));
    await expect(parseUnifontHex(bomb)).rejects.toThrow(
      'the gzipped file inflates to more than 80000000 bytes.',
    );
  });

  it('refuses what is neither text nor bytes', async () => {
    const path = 7 as unknown as string; // what a JavaScript caller may pass
    await expect(parseUnifontHex(path)).rejects.toThrow(
      'expected a string, an ArrayBuffer or a Uint8Array, got number.',
    );
  });

  it('fuzz: any bytes, and damaged real ones, give a FontError or a font', async () => {
    const real = readFont('unifont-15.0.01.hex.gz').subarray(0, 3000);
    const lines = new TextEncoder().encode(`${NARROW}\n${WIDE}\n`);
    const damaged = (base: Uint8Array) =>
      fc
        .tuple(
          fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 6 }),
          fc.nat(base.length),
        )
        .map(([changes, length]) => {
          const bytes = Uint8Array.from(base);
          for (const [at, value] of changes) bytes[at] = value;
          return bytes.subarray(0, length);
        });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array(), damaged(real), damaged(lines)), async (bytes) => {
        try {
          const font = await parseUnifontHex(bytes);
          for (let codePoint = 0; codePoint < 256; codePoint++) font.glyph(codePoint);
        } catch (error) {
          expect(error).toBeInstanceOf(FontError);
        }
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe('fallbackFonts', () => {
  it('asks each font in turn', async () => {
    const [first, second] = await Promise.all([
      parseUnifontHex(NARROW),
      parseUnifontHex(`${WIDE}\n0041:${'F'.repeat(32)}`),
    ]);
    const font = fallbackFonts(first, second);
    expect(font.glyph(0x41)).toEqual(first.glyph(0x41));
    expect(font.glyph(0x1f600)).toEqual(second.glyph(0x1f600));
    expect(font.glyph(0x42)).toBeUndefined();
  });

  it('refuses no fonts and mixed sizes', async () => {
    const font = await parseUnifontHex(NARROW);
    const other: GlyphSource = { lineHeight: 20, glyph: () => undefined };
    expect(() => fallbackFonts()).toThrow('fallbackFonts: expected at least one font, got none.');
    expect(() => fallbackFonts(font, other)).toThrow(
      'all fonts must have the same line height, got 16, 20 px.',
    );
  });
});

// The contract of glyph.ts: a cell is `lineHeight` rows of `width` bytes, and nothing is thrown for odd questions.
describe.each([
  ['bundled', () => loadBundledUnifont()],
  ['.hex', () => parseUnifontHex(NARROW)],
  ['fallback', async () => fallbackFonts(await parseUnifontHex(WIDE), await loadBundledUnifont())],
])('GlyphSource contract: %s', (_, load) => {
  it('answers every code point with a whole cell or undefined', async () => {
    const font = await load();
    for (const codePoint of [0, 0x41, 0x4e00, 0xd800, 0xe000, 0xffff, 0x1f600, 0xe0001, 0x10ffff]) {
      const glyph = font.glyph(codePoint);
      if (glyph !== undefined) expect(glyph.coverage).toHaveLength(glyph.width * font.lineHeight);
    }
    expect((await createRenderer({ font })).render('A').missingGlyphs).toBe(font.glyph(0x61) ? 0 : 1);
  });
});
