// The renderer against golden/render: every case, with the BMP font alone and with all planes.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRenderer, type GlyphSource, type RenderOptions } from '../../src/render/index.ts';
import { resolveRenderOptions } from '../../src/render/render-options.ts';
import { trimGlyph } from '../../src/render/trim.ts';
import { loadBundledUnifont } from '../../src/render/unifont.ts';
import { loadBmp } from './fonts.ts';

interface Expected {
  n_codepoints: number;
  n_kept: number;
  n_truncated: number;
  advances: number[];
  rows: number[];
  visible: number;
  ink_pixels: number;
  ink_sha256: string;
}
interface Case {
  id: string;
  text: string;
  options: {
    image_size: number;
    lower: boolean;
    monospace: boolean;
    spacing: number;
    min_width: number;
    max_chars: number;
  };
  expect: Expected;
  expect_upper?: Expected;
}

const folder = new URL('../golden/render/', import.meta.url);
const cases: Case[] = readFileSync(new URL('cases.jsonl', folder), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const glyphs = JSON.parse(readFileSync(new URL('glyphs.json', folder), 'utf8'));

let bmp: GlyphSource;
let all: GlyphSource;
beforeAll(async () => {
  [bmp, all] = await Promise.all([loadBmp(), loadBundledUnifont()]);
});

function optionsOf({ options }: Case, font: GlyphSource): RenderOptions {
  return {
    font,
    size: options.image_size,
    lowercase: options.lower,
    monospace: options.monospace,
    spacing: options.spacing,
    minWidth: options.min_width,
    maxCharacters: options.max_chars,
  };
}

async function check(each: Case, font: GlyphSource, expected: Expected): Promise<void> {
  const options = optionsOf(each, font);
  const rendered = (await createRenderer(options)).render(each.text);
  const ink = rendered.data.map((value) => (value === 0 ? 1 : 0));
  expect(ink.reduce((sum, bit) => sum + bit, 0)).toBe(expected.ink_pixels);
  expect(createHash('sha256').update(ink).digest('hex')).toBe(expected.ink_sha256);
  expect(rendered.data.every((value) => value === 0 || value === 127)).toBe(true);

  expect(rendered.characterCount).toBe(expected.n_codepoints);
  expect(rendered.truncatedCharacters).toBe(expected.n_truncated);
  expect(rendered.visibleCharacters).toBe(expected.visible);
  expect(rendered.droppedCharacters).toBe(expected.n_codepoints - expected.visible);

  // Lines tell rows and advances of everything visible.
  let left = 0;
  for (let i = 0; i < expected.visible; i++) {
    const row = expected.rows[i]!;
    if (row !== expected.rows[i - 1]) left = 0;
    expect(rendered.patchOf(i, 1)).toEqual({ row: 16 * row, column: left });
    left += expected.advances[i]!;
  }
  expect(rendered.patchOf(expected.visible)).toBeUndefined();
  for (const line of rendered.lines) {
    const advances = expected.advances.slice(line.start, line.end);
    expect(line.width).toBe(advances.reduce((sum, advance) => sum + advance, 0));
    expect(expected.rows.slice(line.start, line.end).every((row) => row * 16 === line.top)).toBe(true);
    expect([...line.text]).toHaveLength(line.end - line.start);
  }
  expect(rendered.lines.reduce((sum, line) => sum + line.end - line.start, 0)).toBe(expected.visible);
}

describe('golden/render cases', () => {
  it.each(cases)('$id', async (each) => {
    await check(each, bmp, each.expect);
    await check(each, all, each.expect_upper ?? each.expect);
  });

  it.each(readdirSync(new URL('png/', folder)))('png/%s is equal pixel by pixel', async (name) => {
    const each = cases.find(({ id }) => `${id}.png` === name)!;
    const rendered = (await createRenderer(optionsOf(each, bmp))).render(each.text);
    const png = decode(readFileSync(new URL(`png/${name}`, folder)));
    expect([png.width, png.height, png.channels]).toEqual([rendered.width, rendered.height, 3]);
    const rgb = new Uint8Array(png.data.length);
    rendered.data.forEach((grey, i) => {
      rgb.fill(grey, 3 * i, 3 * i + 3);
    });
    expect(Buffer.compare(rgb, Buffer.from(png.data.buffer, png.data.byteOffset, png.data.length))).toBe(0);
  });
});

describe('golden/render glyphs', () => {
  function digest(codePoints: Iterable<number>, missing: 'skip' | 'zero') {
    const hash = createHash('sha256');
    const blank = new Uint8Array(256);
    let count = 0;
    let ink = 0;
    for (const codePoint of codePoints) {
      const cell = all.glyph(codePoint);
      if (cell === undefined && missing === 'skip') continue;
      const bits = cell ? cell.coverage.map((value) => value / 255) : blank;
      hash.update(bits);
      count++;
      for (let i = 0; i < bits.length; i++) ink += bits[i]!;
    }
    return { count, ink, sha256: hash.digest('hex') };
  }
  function* range(first: number, last: number) {
    for (let i = first; i <= last; i++) yield i;
  }

  it('the whole BMP', () => {
    expect(digest(range(0, 0xffff), 'skip')).toEqual(glyphs.all_present);
    expect(digest(range(0, 0xffff), 'zero')).toMatchObject(glyphs.all_65536_missing_as_zero);
    for (const [first, last] of glyphs.missing_ranges) {
      for (const codePoint of range(Number.parseInt(first, 16), Number.parseInt(last, 16))) {
        expect(all.glyph(codePoint)).toBeUndefined();
      }
    }
  });

  it.each(glyphs.blocks as { name: string; first: string; last: string }[])('$name', (block) => {
    const codePoints = range(Number.parseInt(block.first, 16), Number.parseInt(block.last, 16));
    expect(block).toMatchObject(digest(codePoints, 'skip'));
  });

  it.each(Object.entries(glyphs.advances_65536) as [string, AdvanceDigest][])(
    'advances, %s',
    (_, expected) => {
      const { spacing, min_width: minWidth } = expected.options;
      const options = resolveRenderOptions({
        ...(spacing === undefined ? {} : { spacing }),
        ...(minWidth === undefined ? {} : { minWidth }),
      });
      const advances = Uint8Array.from(
        range(0, 0xffff),
        (codePoint) => trimGlyph(bmp, codePoint, options).advance,
      );
      expect(advances.reduce((sum, advance) => sum + advance, 0)).toBe(expected.sum);
      expect(createHash('sha256').update(advances).digest('hex')).toBe(expected.sha256);
    },
  );
});

interface AdvanceDigest {
  options: { spacing?: number; min_width?: number };
  sum: number;
  sha256: string;
}
