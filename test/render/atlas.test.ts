// The bundled atlas is what fonts/ says it is: equal to the .hex file, and packed from the files that lie there.

import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { atlasModule, markShifts, packAtlas, traceOutlines } from '../../fonts/pack-atlas.ts';
import { pages } from '../../src/render/atlas.generated.ts';
import { createRenderer } from '../../src/render/index.ts';
import { openOutlineFont, parseOutlineFont } from '../../src/render/outline.ts';
import { flattenPath } from '../../src/render/rasterize.ts';
import { createAtlasFont, loadBundledUnifont } from '../../src/render/unifont.ts';
import { loadBmp, readFont } from './fonts.ts';

const golden = new URL('../golden/fonts/', import.meta.url);
const bmpOtf = brotliDecompressSync(readFileSync(new URL('unifont-15.0.01.otf.br', golden)));

/** Code point → px by which the OTF moved this combining mark; 0 = not moved. */
const moved = new Map(
  readFileSync(new URL('plane00-combining.txt', golden), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [codePoint, offset] = line.split(':');
      return [Number.parseInt(codePoint!, 16), -Number(offset)] as const;
    }),
);

it('equals the .hex file, cell by cell', async () => {
  const [hex, atlas] = await Promise.all([loadBmp(), loadBundledUnifont()]);
  let present = 0;
  for (let codePoint = 0; codePoint <= 0xffff; codePoint++) {
    const expected = hex.glyph(codePoint);
    const cell = atlas.glyph(codePoint);
    if (expected !== undefined) present++;
    const same =
      expected && cell ? Buffer.compare(expected.coverage, cell.coverage) === 0 : expected === cell;
    if (!same) expect.fail(`U+${codePoint.toString(16)} differs`);
  }
  expect(present).toBe(57_086);
});

it('is what fonts/pack-atlas.ts makes of the files in fonts/', async () => {
  const committed = readFileSync(new URL('../../src/render/atlas.generated.ts', import.meta.url), 'utf8');
  // Not toBe: a difference of a megabyte is no message.
  expect(atlasModule(await packAtlas()) === committed, 'stale: run `npm run fonts` and commit').toBe(true);
});

it('has every character of the upper planes that the OTF has', async () => {
  const bitmaps = await traceOutlines(readFont('unifont_upper-15.0.01.otf'));
  const atlas = await loadBundledUnifont();
  expect(bitmaps.size).toBe(13_548);
  for (const codePoint of bitmaps.keys()) expect(atlas.glyph(codePoint)).toBeDefined();
  expect(atlas.glyph(0x10ffff)).toBeUndefined();
  const rendered = (await createRenderer()).render('\u{1F600}\u{1D49C}');
  expect(rendered.missingGlyphs).toBe(0);
});

it('unifont.otf at 16 px is the .hex file, but for the combining marks it moves', async () => {
  const [hex, otf] = await Promise.all([loadBmp(), parseOutlineFont(bmpOtf)]);
  let compared = 0;
  for (let codePoint = 0; codePoint <= 0xffff; codePoint++) {
    const expected = hex.glyph(codePoint);
    if (expected === undefined || moved.get(codePoint)) continue;
    const cell = otf.glyph(codePoint);
    const same = cell?.width === 16 && Buffer.compare(expected.coverage, cell.coverage) === 0;
    if (!same) expect.fail(`U+${codePoint.toString(16)} differs`);
    compared++;
  }
  expect(compared).toBe(56_012);
});

it('moves combining marks back: the rule finds 1041 of the 1074 offsets of the BMP, 1068 as trimmed', async () => {
  const font = await openOutlineFont(bmpOtf);
  const edges = new Map(
    [...moved.keys()].map((codePoint) => [
      codePoint,
      flattenPath(font.outline(codePoint)!.commands, 16 / 64, 14),
    ]),
  );
  const shifts = markShifts(edges);
  let exact = 0;
  let trimmed = 0;
  let marks = 0;
  for (const [codePoint, offset] of moved) {
    if (offset === 0) continue;
    marks++;
    if (shifts.get(codePoint) === offset) exact++;
    // Trimming keeps one blank column on the left at most, so only ink in column 0 can tell two shifts apart.
    const { left } = edges.get(codePoint)!;
    if (Math.min(left + shifts.get(codePoint)!, 1) === Math.min(left + offset, 1)) trimmed++;
  }
  expect({ marks, exact, trimmed }).toEqual({ marks: 1074, exact: 1041, trimmed: 1068 });
});

it('names a page that is corrupt', () => {
  const whole = pages[0]!;
  expect(() => createAtlasFont({ 0: whole.slice(0, 4000) }).glyph(65)).toThrow(
    'bundled Unifont: page 0 cannot be inflated. Reinstall the package.',
  );
  // A deflate stream of one stored byte.
  expect(() => createAtlasFont({ 3: 'AQEA/v8B' }).glyph(0x3000)).toThrow(
    'bundled Unifont: page 3 has 1 bytes, its 1 narrow and 0 wide glyphs need 4112. Reinstall the package.',
  );
});
