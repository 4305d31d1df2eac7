// The wire format against bytes from protobuf's own documentation and against BigInt arithmetic.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytes,
  encodeFields,
  type Field,
  float,
  integer,
  message,
  sizeOfFields,
  text,
} from '../src/protobuf.ts';

const hex = (...fields: Field[]): string => Buffer.from(encodeFields(fields)).toString('hex');

describe('protobuf', () => {
  it.each([
    ['nothing', [], ''],
    ['zero', [integer(1, 0)], '0800'],
    ['150, as in the documentation', [integer(1, 150)], '089601'],
    ['one byte at most', [integer(1, 127)], '087f'],
    ['one byte too many', [integer(1, 128)], '088001'],
    ['a key of two bytes', [integer(20, 1)], 'a00101'],
    ['minus one', [integer(3, -1)], '18ffffffffffffffffff01'],
    ['2^32', [integer(1, 2 ** 32)], '088080808010'],
    ['text, as in the documentation', [text(2, 'testing')], '120774657374696e67'],
    ['text beyond ASCII', [text(1, 'ü')], '0a02c3bc'],
    ['empty text', [text(1, '')], '0a00'],
    ['bytes', [bytes(9, Uint8Array.of(0, 255))], '4a0200ff'],
    ['a float', [float(2, 0.1)], '15cdcccc3d'],
    ['a message in a message', [message(3, [integer(1, 150)])], '1a03089601'],
    ['an empty message', [message(1, []), integer(2, 1)], '0a001001'],
    ['fields in order', [integer(1, 1), text(2, 'a'), integer(1, 2)], '08011201610802'],
  ])('%s', (_, fields, expected) => {
    expect(hex(...fields)).toBe(expected);
    expect(sizeOfFields(fields)).toBe(expected.length / 2);
  });

  it('writes every safe integer as 64 bits of two’s complement', () => {
    const reference = (value: number): string => {
      let text = '08';
      let rest = BigInt.asUintN(64, BigInt(value));
      do {
        const byte = Number(rest & 127n) | (rest > 127n ? 128 : 0);
        text += byte.toString(16).padStart(2, '0');
        rest >>= 7n;
      } while (rest > 0n);
      return text;
    };
    const powers = Array.from({ length: 53 }, (_, i) => 2 ** i);
    for (const power of [...powers, Number.MAX_SAFE_INTEGER]) {
      for (const value of [power - 1, power, -power, 1 - power]) {
        expect(hex(integer(1, value))).toBe(reference(value));
      }
    }
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(hex(integer(1, value))).toBe(reference(value));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('puts lengths of several bytes before long payloads', () => {
    const payload = new Uint8Array(20_000).fill(7);
    const inner = encodeFields([bytes(1, payload)]);
    expect([...inner.subarray(0, 4)]).toEqual([0x0a, 0xa0, 0x9c, 0x01]);
    expect(inner.length).toBe(4 + payload.length);
    const outer = encodeFields([message(2, [bytes(1, payload)]), integer(3, 5)]);
    expect([...outer.subarray(0, 4)]).toEqual([0x12, 0xa4, 0x9c, 0x01]);
    expect(outer.subarray(4, 4 + inner.length)).toEqual(inner);
    expect([...outer.subarray(4 + inner.length)]).toEqual([0x18, 5]);
  });
});
