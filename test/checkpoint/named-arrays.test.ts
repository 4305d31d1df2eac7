// What the writers take, in every form, and what they say about anything else; single .npy files.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type NamedArrays,
  npyChunks,
  npzChunks,
  parseArrays,
  parseNpy,
  safetensorsChunks,
  writeNpz,
  writeSafetensors,
} from '../../src/checkpoint/index.ts';
import { CheckpointError, ConfigError, ShapeError } from '../../src/errors.ts';
import { everyDtype } from './files.ts';

const join = (chunks: Iterable<Uint8Array>) => Uint8Array.from(Buffer.concat([...chunks]));

const writers: Record<string, (arrays: NamedArrays) => Uint8Array> = {
  writeNpz,
  writeSafetensors,
  npzChunks: (arrays) => join(npzChunks(arrays)),
  safetensorsChunks: (arrays) => join(safetensorsChunks(arrays)),
};

for (const [name, write] of Object.entries(writers)) {
  describe(`${name} takes`, () => {
    const array = { shape: [2, 1], data: Float32Array.of(1, 2) };

    it('a Map, pairs, any iterable and a plain object alike', () => {
      const object = { a: array, 'b/c': array };
      const pairs = Object.entries(object);
      const bytes = write(object);
      expect(write(pairs)).toEqual(bytes);
      expect(write(new Map(pairs))).toEqual(bytes);
      expect(write(new Map(pairs).entries())).toEqual(bytes);
      expect(write(Object.assign(Object.create(null), object))).toEqual(bytes);
      expect([...parseArrays(bytes).keys()]).toEqual(['a', 'b/c']);
    });

    it('a bare typed array as one dimension', () => {
      const read = parseArrays(write({ a: Float32Array.of(1, 2, 3), b: new BigInt64Array(0) }));
      expect({ ...read.get('a') }).toEqual({
        dtype: 'float32',
        shape: [3],
        data: Float32Array.of(1, 2, 3),
      });
      expect({ dtype: read.get('b')!.dtype, shape: read.get('b')!.shape }).toEqual({
        dtype: 'int64',
        shape: [0],
      });
    });

    it('nothing else', () => {
      const refused: [unknown, RegExp][] = [
        [undefined, /expected arrays by name .* got undefined\.$/],
        [null, /got null\.$/],
        ['abc', /got "abc"\.$/],
        [Promise.resolve(), /got Promise\.$/],
        [new ArrayBuffer(8), /got ArrayBuffer\.$/],
        [Float32Array.of(1), /entry 0: expected a pair \[name, array\], got 1\.$/],
        [
          [
            ['a', array],
            [7, array],
          ],
          /entry 1: .* got a pair of 7\.$/,
        ],
        [array, /array "shape": expected \{ shape, data \} or a typed array, got an array\.$/],
        [{ a: 5 }, /array "a": expected .* got 5\.$/],
        [{ a: null }, /array "a": expected .* got null\.$/],
        [{ a: undefined }, /array "a": expected .* got undefined\.$/],
        [{ a: [1, 2] }, /array "a": expected .* got an array\.$/],
        [{ a: new Uint8ClampedArray(2) }, /array "a": expected .* got Uint8ClampedArray\.$/],
        [{ a: { shape: [1], data: Object.create(null) } }, /array "a": cannot tell its dtype \(an object\)/],
      ];
      for (const [arrays, message] of refused) {
        // As JavaScript users may call it.
        const act = () => write(arrays as NamedArrays);
        expect(act, String(message)).toThrow(message);
        expect(act).toThrow(ConfigError);
      }
      const typedShape = { a: { shape: Int32Array.of(1), data: Float32Array.of(1) } } as unknown;
      expect(() => write(typedShape as NamedArrays)).toThrow(ShapeError);
      expect(() => write(typedShape as NamedArrays)).toThrow('expected an array of sizes such as [2, 3]');
    });
  });
}

it('options that are undefined are not given', () => {
  const arrays = { a: Float32Array.of(1) };
  expect(writeNpz(arrays, { compress: undefined } as object)).toEqual(writeNpz(arrays));
  expect(writeSafetensors(arrays, { metadata: undefined } as object)).toEqual(writeSafetensors(arrays));
  expect(() => writeSafetensors(arrays, { metadata: null } as object)).toThrow(
    'metadata: expected an object of texts, got null.',
  );
});

describe('.npy', () => {
  it('keeps every dtype and shape', () => {
    for (const [name, { dtype, shape, data }] of everyDtype) {
      const chunks = npyChunks({ dtype, shape, data });
      expect(chunks[0].length % 64, name).toBe(0);
      const array = parseNpy(join(chunks));
      expect({ dtype: array.dtype, shape: array.shape, data: array.data }, name).toEqual({
        dtype,
        shape,
        data,
      });
    }
    expect(parseNpy(join(npyChunks(Float64Array.of(1, 2)))).shape).toEqual([2]);
  });

  it('is written without a copy', () => {
    const data = Float32Array.of(1, 2);
    expect(npyChunks(data)[1].buffer).toBe(data.buffer);
  });

  it('refuses damage with a CheckpointError or reads an array of as many bytes', () => {
    const whole = join(npyChunks({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(127), fc.integer({ min: 1, max: 255 }), (length, at, flip) => {
        const damaged = whole.slice(0, length);
        if (at < length) damaged[at]! ^= flip;
        try {
          expect(parseNpy(damaged).data.length).toBe(6);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { seed: 7, numRuns: 500 },
    );
    expect(() => parseNpy(whole.subarray(0, -1))).toThrow(/^npy: float32 \[2, 3\] needs 24 bytes .* has 23/);
  });
});
