import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutByCharacter, layoutByWord } from '../../src/render/layout.ts';

const codePoints = (text: string) => [...text].map((each) => each.codePointAt(0)!);
/** Digits are as wide as they say, everything else takes 1. */
const measure = (codePoint: number) => (codePoint >= 0x30 && codePoint <= 0x39 ? codePoint - 0x30 : 1);

/** The lines as text; `~` stands for a character drawn as nothing. */
function lines(text: string, width: number): string[] {
  const { rows, lefts } = layoutByWord(codePoints(text), width, measure);
  const result: string[] = [];
  [...text].forEach((each, i) => {
    result[rows[i]!] = (result[rows[i]!] ?? '') + (lefts[i] === -1 ? '~' : each);
  });
  return Array.from(result, (line) => line ?? '');
}

describe('by character', () => {
  it('follows floor(C / (W − M)) with the inclusive sum C', () => {
    // W − M = 10 − 3 = 7; C = 3 6 9 12 15.
    expect(layoutByCharacter(codePoints('33333'), 10, measure)).toEqual({
      rows: [0, 0, 1, 1, 2],
      lefts: [0, 3, 0, 3, 0],
      advances: [3, 3, 3, 3, 3],
    });
  });

  it('lets a wide character at the end change all lines', () => {
    expect(layoutByCharacter(codePoints('33339'), 20, measure).rows).toEqual([0, 0, 0, 1, 1]);
    expect(layoutByCharacter(codePoints('3333'), 20, measure).rows).toEqual([0, 0, 0, 0]);
  });

  it('puts one character on a line where the canvas is no wider than the widest', () => {
    expect(layoutByCharacter(codePoints('454'), 5, measure)).toMatchObject({
      rows: [0, 1, 2],
      lefts: [0, 0, 0],
    });
    expect(layoutByCharacter(codePoints('9'), 5, measure)).toMatchObject({ rows: [0], lefts: [0] });
  });

  it('has no lines of no width', () => {
    expect(layoutByCharacter(codePoints('000'), 5, measure)).toMatchObject({
      rows: [0, 0, 0],
      lefts: [0, 0, 0],
    });
  });

  it('never passes the right edge', () => {
    const text = fc.array(fc.integer({ min: 0x30, max: 0x39 }), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 10, max: 40 }), (characters, width) => {
        const { lefts, advances } = layoutByCharacter(characters, width, measure);
        lefts.forEach((left, i) => {
          expect(left + advances[i]!).toBeLessThan(width);
        });
      }),
      { seed: 2 },
    );
  });
});

describe('by word', () => {
  it.each([
    ['aa bb cc', 5, ['aa bb~', 'cc']],
    ['aa bb cc', 6, ['aa bb ', 'cc']],
    ['aa bbb', 5, ['aa ', 'bbb']],
    ['aa   bb', 3, ['aa ~~', 'bb']],
    ['abcdefgh', 3, ['abc', 'def', 'gh']],
    ['a bcdefgh', 3, ['a ', 'bcd', 'efg', 'h']],
    ['ab cdef gh', 4, ['ab ', 'cdef~', 'gh']],
    ['a\nb\n\nc', 9, ['a~', 'b~', '~', 'c']],
    ['a\r\nb\rc', 9, ['a~~', 'b\rc']],
    ['a b\nccc', 3, ['a b~', 'ccc']],
    ['\u3000a\u3000b', 3, ['\u3000a\u3000', 'b']],
    ['9a', 5, ['9', 'a']],
    ['a9', 5, ['a', '9']],
    ['', 5, []],
  ])('%j in %i', (text, width, expected) => {
    expect(lines(text, width)).toEqual(expected);
  });

  it('keeps the order and fits the canvas, for any text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '1', '3', ' ', '\n', '\r', '\u3000') });
    fc.assert(
      fc.property(text, fc.integer({ min: 3, max: 12 }), (characters, width) => {
        const { rows, lefts, advances } = layoutByWord(codePoints(characters), width, measure);
        rows.forEach((row, i) => {
          expect(lefts[i]! + advances[i]!).toBeLessThanOrEqual(width);
          expect(row).toBeGreaterThanOrEqual(rows[i - 1] ?? 0);
          if (row === rows[i - 1] && lefts[i]! >= 0) expect(lefts[i]).toBeGreaterThanOrEqual(lefts[i - 1]!);
        });
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
