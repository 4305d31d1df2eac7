// Fonts of a kilobyte whose glyphs would take hours or gigabytes to draw, and lawful ones that come close.

import { describe, expect, it } from 'vitest';
import { FontError } from '../../src/errors.ts';
import { type GlyphSource, parseOutlineFont, renderText } from '../../src/render/index.ts';
import { callGlobal, callLocal, END, makeTinyCff, RETURN, SQUARE, short, type TinyCff } from './tiny-cff.ts';
import { makeTinyTtf, simpleGlyph } from './tiny-ttf.ts';

const repeat = (times: number, bytes: readonly number[]) => Array.from({ length: times }, () => bytes).flat();
const u16 = (value: number) => [(value >> 8) & 255, value & 255];
/** A `maxp` table. */
const countGlyphs = (count: number) => [...u16(1), ...u16(0), ...u16(count), ...repeat(13, [0, 0])];
const ink = (font: GlyphSource) => font.glyph(0x41)!.coverage.reduce((sum, value) => sum + value, 0) / 255;

async function expectRefusal(font: GlyphSource, message: string): Promise<void> {
  await expect(renderText('A', { font, lowercase: false })).rejects.toThrow(message);
  expect(() => font.glyph(0x41)).toThrow(FontError);
}

describe('CFF', () => {
  type Call = (index: number) => number[];

  // Glyph 1 is A.
  function parse(glyph: number[], lists: Omit<TinyCff, 'charStrings'> = {}, ...more: number[][]) {
    const cff = makeTinyCff({ charStrings: [[END], glyph, ...more], ...lists });
    const maxp = countGlyphs(2 + more.length);
    return parseOutlineFont(makeTinyTtf({ 'CFF ': cff, maxp, glyf: undefined, loca: undefined }));
  }

  /** Subroutines each of which calls the next, the last one `last`. */
  function ladder(levels: number, times: number, call: Call, last: number[]): number[][] {
    const rungs = Array.from({ length: levels - 1 }, (_, i) => [...repeat(times, call(i + 1)), RETURN]);
    return [...rungs, [...last, RETURN]];
  }

  const moveto = [139, 139, 21];
  const line = [149, 149, 5];

  it('draws what ten levels of subroutines say, global, local, of a font dictionary', async () => {
    expect(ink(await parse([...SQUARE, END]))).toBe(64);
    const globalSubrs = ladder(10, 1, callGlobal, SQUARE);
    const localSubrs = ladder(10, 1, callLocal, SQUARE);
    expect(ink(await parse([...callGlobal(0), END], { globalSubrs }))).toBe(64);
    expect(ink(await parse([...callLocal(0), END], { localSubrs }))).toBe(64);
    for (const fontDicts of ['format 0', 'format 3'] as const) {
      expect(ink(await parse([...callLocal(0), END], { localSubrs, fontDicts }))).toBe(64);
    }
  });

  const hungry = 'glyph 1 cannot be drawn: it takes more than 100000 steps to draw.';

  it.each<[string, Call, Omit<TinyCff, 'charStrings'>]>([
    ['global', callGlobal, { globalSubrs: ladder(10, 12, callGlobal, line) }],
    ['local', callLocal, { localSubrs: ladder(10, 12, callLocal, line) }],
    ['format 0', callLocal, { localSubrs: ladder(10, 12, callLocal, line), fontDicts: 'format 0' }],
    ['format 3', callLocal, { localSubrs: ladder(10, 12, callLocal, line), fontDicts: 'format 3' }],
  ])('refuses 12⁹ lines by %s subroutines', async (_, call, lists) => {
    await expectRefusal(await parse([...moveto, ...call(0), END], lists), hungry);
  });

  // opentype.js leaves operands on the stack that the reference would clear away: they can name subroutines.
  it.each<[string, Call]>([
    ['a flex', (index) => [...repeat(7, [139]), ...short(index - 107), 12, 34, 29]],
    ['a moveto', (index) => [...short(index - 107), ...moveto, 29]],
    ['an unknown operator', (index) => [...short(index - 107), 2, 29]],
    ['an endchar', (index) => [...short(index - 107), END, 29]],
  ])('refuses 12⁹ lines by numbers that %s leaves', async (_, call) => {
    const globalSubrs = ladder(10, 12, call, line);
    // The width is given, so no later number is taken for it.
    await expectRefusal(await parse([139, ...moveto, ...call(0), END], { globalSubrs }), hungry);
  });

  it('refuses 40⁴ lines by a subroutine that calls what its caller says', async () => {
    const call: Call = (index) => [...short(index - 107), ...callGlobal(5)];
    const globalSubrs = [...ladder(5, 40, call, line), [29, RETURN]];
    await expectRefusal(await parse([...moveto, ...call(0), END], { globalSubrs }), hungry);
  });

  it.each<[string, number[], Omit<TinyCff, 'charStrings'>, string]>([
    ['a subroutine in itself', callGlobal(0), { globalSubrs: [callGlobal(0)] }, 'more than 10 deep'],
    ['eleven levels', callLocal(0), { localSubrs: ladder(11, 1, callLocal, line) }, 'more than 10 deep'],
    ['too many operands', [...repeat(514, [139]), 5], {}, 'an operator of it has more than 513 operands'],
    ['half a number', [28, 1], {}, 'a number of it is cut short'],
  ])('refuses %s', async (_, glyph, lists, message) => {
    await expectRefusal(await parse(glyph, lists), message);
  });

  // An endchar with four operands puts an accent on a letter, both by their codes; 33 is glyph 2, 34 glyph 3.
  const accented = (...codes: number[]) => [...[8, 0, ...codes].flatMap(short), END];

  it('draws an accented letter, but not one of accented letters', async () => {
    const square = [...SQUARE, END];
    expect(ink(await parse(accented(33, 34), {}, square, square))).toBe(128);
    const deep = 'glyph 2 cannot be drawn: it is composed of letters that are composed themselves';
    await expectRefusal(await parse(accented(33, 34), {}, accented(34, 34), square), deep);
    await expectRefusal(await parse(accented(33, 33), {}, accented(33, 33)), deep);
    const twice = [...accented(33, 33).slice(0, -1), ...accented(33, 33), ...accented(33, 33)];
    await expectRefusal(await parse(twice, {}, square), 'glyph 1 cannot be drawn: it is composed');
  });
});

describe('TTF', () => {
  /** A composite glyph; offsets are words, and a scale of one of 0, 1, 2 or 4 numbers follows. */
  function composite(parts: readonly number[], scale: 0 | 1 | 2 | 4 = 0): number[] {
    const kind = { 0: 0, 1: 0x08, 2: 0x40, 4: 0x80 }[scale];
    const matrix = { 0: [], 1: [1], 2: [1, 1], 4: [1, 0, 0, 1] }[scale].flatMap((one) => u16(one << 14));
    const component = (part: number, i: number) => [
      ...u16((i + 1 < parts.length ? 0x20 : 0) | 0x03 | kind),
      ...[...u16(part), ...u16(0), ...u16(0), ...matrix],
    ];
    return [...u16(0xffff), ...repeat(4, [0, 0]), ...parts.flatMap(component)];
  }

  // Glyph 1 is A.
  function parse(...glyphs: number[][]) {
    const offsets = [0, 0];
    for (const glyph of glyphs) offsets.push(offsets.at(-1)! + glyph.length / 2);
    const maxp = countGlyphs(glyphs.length + 1);
    return parseOutlineFont(makeTinyTtf({ glyf: glyphs.flat(), loca: offsets.flatMap(u16), maxp }));
  }

  const square = simpleGlyph([
    [2, 0, 1],
    [2, 8, 1],
    [10, 8, 1],
    [10, 0, 1],
  ]);
  /** `levels` composite glyphs, each of `times` of the next, and a square. */
  const ladder = (levels: number, times: number) => [
    ...Array.from({ length: levels }, (_, i) => composite(new Array<number>(times).fill(i + 2))),
    square,
  ];

  it('draws sixteen levels, scaled or not, and 4096 components', async () => {
    expect(ink(await parse(...ladder(16, 1)))).toBe(64);
    for (const scale of [1, 2, 4] as const)
      expect(ink(await parse(composite([2, 2], scale), square))).toBe(64);
    expect(ink(await parse(...ladder(1, 4096)))).toBe(64);
  });

  it.each<[string, number[][], string]>([
    ['8¹² squares', ladder(12, 8), 'cannot be drawn: it has more than 4096 components or 32767 points.'],
    ['4097 components', ladder(1, 4097), 'glyph 1 cannot be drawn: it has more than 4096 components'],
    ['32768 points', [composite([2, 2]), simpleGlyph([[0, 0, 1]], 16_383)], 'or 32767 points'],
    ['seventeen levels', ladder(17, 1), 'its components lie more than 16 deep'],
    ['a thousand levels', ladder(1000, 1), 'its components lie more than 16 deep'],
    ['a glyph of itself', [composite([1])], 'glyph 1 cannot be drawn: it is a part of itself.'],
    ['a ring', [composite([2]), composite([3]), composite([1])], 'it is a part of itself.'],
    ['4097 contours', [[...u16(4097), ...repeat(4, [0, 0]), ...repeat(4098, [0, 0])]], 'than 4096 contours'],
    ['half a glyph', [composite([2]).slice(0, 12)], "it lies beyond the end of 'glyf' or 'loca'"],
    ['a part that is not there', [composite([9])], "it lies beyond the end of 'glyf' or 'loca'"],
  ])('refuses %s', async (_, glyphs, message) => {
    await expectRefusal(await parse(...glyphs), message);
  });

  it('says the same of a glyph that is drawn after its parts', async () => {
    // B is one level above what is allowed at most, A two.
    const font = await parse(...ladder(18, 1));
    expect(() => font.glyph(0x42)).toThrow('more than 16 deep');
    expect(() => font.glyph(0x41)).toThrow('more than 16 deep');
  });
});
