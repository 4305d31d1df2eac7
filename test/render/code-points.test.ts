import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toCodePoints } from '../../src/render/code-points.ts';

it('lowers ASCII and nothing else', () => {
  expect(String.fromCodePoint(...toCodePoints('AZ ÄÖÜ ЖΑ İ @[', true, 0).kept)).toBe('az ÄÖÜ ЖΑ İ @[');
  expect(String.fromCodePoint(...toCodePoints('AZ', false, 0).kept)).toBe('AZ');
});

it('turns every lone surrogate into U+FFFD', () => {
  const { kept, count } = toCodePoints('\ud800a\udc00\ud83d\ude00\ud83d', true, 0);
  expect(kept).toEqual([0xfffd, 0x61, 0xfffd, 0x1f600, 0xfffd]);
  expect(count).toBe(5);
});

it('keeps the first code points but counts all; 0 keeps all', () => {
  expect(toCodePoints('😀😀😀', true, 2)).toEqual({ kept: [0x1f600, 0x1f600], count: 3 });
  expect(toCodePoints('abc', true, 3)).toEqual({ kept: [0x61, 0x62, 0x63], count: 3 });
  expect(toCodePoints('abc', true, 0).kept).toHaveLength(3);
});

it('agrees with the iterator of strings', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(toCodePoints(text, false, 0).kept).toEqual([...text].map((each) => each.codePointAt(0)));
    }),
    { seed: 1 },
  );
});
