// 16-bit floats: every value there and back, and rounding against the definition.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from '../../src/checkpoint/half.ts';

const everyPattern = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);

const formats = [
  { name: 'float16', decode: decodeFloat16, encode: encodeFloat16, infinity: 0x7c00 },
  { name: 'bfloat16', decode: decodeBfloat16, encode: encodeBfloat16, infinity: 0x7f80 },
];

for (const { name, decode, encode, infinity } of formats) {
  describe(name, () => {
    const values = decode(everyPattern);

    it('gives every number back', () => {
      const again = new Uint16Array(encode(values).buffer);
      for (let bits = 0; bits < 65536; bits++) {
        const isNumber = (bits & 0x7fff) <= infinity;
        expect(Number.isNaN(values[bits])).toBe(!isNumber);
        if (isNumber) expect(again[bits]).toBe(bits);
        else expect((again[bits]! & 0x7fff) > infinity).toBe(true);
      }
    });

    it('rounds to the nearest, ties to even, away from the largest to infinity', () => {
      const magnitude = fc.tuple(
        fc.integer({ min: 0, max: infinity - 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      );
      const parts = fc.oneof(
        magnitude,
        magnitude.map(([bits]) => [bits, 0.5] as [number, number]),
      );
      fc.assert(
        fc.property(parts, fc.boolean(), ([bits, part], negative) => {
          const low = values[bits]!;
          const step = low - values[bits - 1]!;
          const high = bits + 1 === infinity ? low + step : values[bits + 1]!; // infinity rounds as the next power of two
          const value = Math.fround(low + (high - low) * part);
          const [toLow, toHigh] = [value - low, high - value];
          const nearest = toLow < toHigh || (toLow === toHigh && bits % 2 === 0) ? bits : bits + 1;
          const [coded] = new Uint16Array(encode(Float32Array.of(negative ? -value : value)).buffer);
          expect(coded).toBe(nearest | (negative ? 0x8000 : 0));
        }),
        { seed: 1, numRuns: 3000 },
      );
    });
  });
}

describe('samples', () => {
  const float16 = new Map([
    [1, 0x3c00],
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-(2 ** -24), 0x8001],
    [2 ** -25, 0x0000],
    [2 ** -25 + 2 ** -40, 0x0001],
    [2 ** -14 - 2 ** -26, 0x0400],
  ]);
  for (const [value, bits] of float16) {
    it(`float16 ${value}`, () => {
      expect(new Uint16Array(encodeFloat16(Float32Array.of(value)).buffer)[0]).toBe(bits);
    });
  }
});
