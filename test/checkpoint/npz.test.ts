// npz files: those of numpy, our own round trips, and their bytes.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/checkpoint/crc32.ts';
import {
  type NdArray,
  type NdArrayLike,
  npzChunks,
  parseNpz,
  toFloat32,
  writeNpz,
} from '../../src/checkpoint/index.ts';
import { readGolden } from '../support/golden.ts';
import { everyDtype, npyFile, zipOf } from './files.ts';

const numpyFile = (name: string) => readFileSync(new URL(`./numpy/${name}`, import.meta.url));
const expected: Record<string, { dtype: string; shape: number[]; values: (number | string | boolean)[] }> =
  JSON.parse(numpyFile('expected.json').toString());

for (const file of ['stored.npz', 'deflated.npz', 'streamed.npz']) {
  describe(`numpy's ${file}`, () => {
    const arrays = parseNpz(numpyFile(file));

    it('has every name in order', () => {
      expect([...arrays.keys()]).toEqual(Object.keys(expected));
    });

    for (const [name, { dtype, shape, values }] of Object.entries(expected)) {
      it(`holds ${name}`, () => {
        const array = arrays.get(name)!;
        expect({ dtype: array.dtype, shape: array.shape }).toEqual({ dtype, shape });
        const wanted = values.map((value) =>
          typeof value === 'string' ? value.replace('inf', 'Infinity') : Number(value),
        );
        const elements: ArrayLike<number | bigint> = array.data;
        const got = Array.from(elements, (value, i) =>
          typeof wanted[i] === 'string' ? String(value) : value,
        );
        expect(got).toEqual(dtype === 'float32' ? wanted.map((value) => Math.fround(Number(value))) : wanted);
      });
    }
  });
}

describe('round trip', () => {
  for (const compress of [false, true]) {
    it(`keeps every dtype, name and shape (compress: ${compress})`, () => {
      const read = parseNpz(writeNpz(everyDtype, { compress }));
      expect([...read.keys()]).toEqual([...everyDtype.keys()]);
      for (const [name, { dtype, shape, data }] of everyDtype) {
        const array = read.get(name)!;
        expect({ dtype: array.dtype, shape: array.shape, data: array.data }, name).toEqual({
          dtype,
          shape,
          data,
        });
      }
    });
  }

  it('infers the dtype from the typed array', () => {
    const plain: NdArrayLike[] = [
      { shape: [1], data: Uint8Array.of(1) },
      { shape: [1], data: Float32Array.of(1) },
      { shape: [1], data: BigInt64Array.of(1n) },
    ];
    const read = parseNpz(writeNpz(plain.map((array, i) => [String(i), array] as const)));
    expect([...read.values()].map((array) => array.dtype)).toEqual(['uint8', 'float32', 'int64']);
  });

  it('writes a golden checkpoint again bit for bit, bfloat16 NaNs and all', () => {
    const arrays = parseNpz(readGolden('vit/mu16_64_map.ckpt.npz'));
    const once = writeNpz(arrays);
    expect(writeNpz(parseNpz(once))).toEqual(once);
    const nans = Uint8Array.of(0x81, 0xff, 0xc0, 0x7f, 0x01, 0x80, 0x80, 0x3f); // two NaNs with payloads, -subnormal, 1
    for (const descr of ['|V2', '<V2', '<f2']) {
      const odd = parseNpz(
        zipOf({ 'x.npy': npyFile(`{'descr': '${descr}', 'fortran_order': False, 'shape': (4,)}`, nans) }),
      );
      expect(Number.isNaN(odd.get('x')!.data[0])).toBe(true);
      expect(writeNpz(odd).subarray(-22 - 51 - 8, -22 - 51)).toEqual(nans);
    }
  });

  it('takes the new data, not the old bytes, of a spread array', () => {
    const read = parseNpz(writeNpz([['x', { shape: [2], data: Float32Array.of(1, 2) }]])).get('x')!;
    const changed: NdArray = { ...read, data: Float32Array.of(3, 4) };
    expect(parseNpz(writeNpz([['x', changed]])).get('x')!.data).toEqual(Float32Array.of(3, 4));
  });

  it('goes beyond 65535 entries with zip64', () => {
    const data = Uint8Array.of(7);
    const many = Array.from({ length: 65_537 }, (_, i) => [`a/${i}`, { shape: [], data }] as const);
    const read = parseNpz(writeNpz(many));
    expect(read.size).toBe(65_537);
    expect(read.get('a/65536')!.data).toEqual(data);
  });
});

describe('bytes', () => {
  it('are the same every time and every day', () => {
    const bytes = writeNpz(everyDtype);
    expect(writeNpz(everyDtype)).toEqual(bytes);
    expect(
      createHash('sha256')
        .update(writeNpz([['t', { shape: [1], data: Float32Array.of(2.5) }]]))
        .digest('hex'),
    ).toBe('4da4b91ff326699dd2200b3f46d90aa8dad0549b7bbf6e83adbda8e3afc090b6');
  });

  it('place arrays where they can be viewed, not copied', () => {
    const bytes = writeNpz(everyDtype);
    for (const [name, array] of parseNpz(bytes)) {
      const isCopy = array.dtype === 'float16' || array.dtype === 'bfloat16';
      expect(array.data.buffer === bytes.buffer, name).toBe(!isCopy);
    }
  });

  it('of misaligned arrays are copied for `data`, which lives as long as it is held', () => {
    const bytes = writeNpz([['x', { shape: [2], data: Float32Array.of(1, 2) }]]);
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    const array = parseNpz(shifted).get('x')!;
    expect(array.data).toEqual(Float32Array.of(1, 2));
    expect(array.data.buffer).not.toBe(shifted.buffer);
    expect(toFloat32(array)).toEqual(array.data);
    expect(toFloat32(array)).not.toBe(array.data);
  });

  it('are decoded once within one turn of the event loop', () => {
    for (const array of parseNpz(writeNpz(everyDtype, { compress: true })).values())
      expect(array.data).toBe(array.data);
  });

  it('come in chunks that hold the arrays themselves', () => {
    const data = new Float32Array(1000);
    const chunks = [...npzChunks([['x', { shape: [1000], data }]])];
    expect(chunks.some((chunk) => chunk.buffer === data.buffer)).toBe(true);
    expect(Buffer.concat(chunks).equals(writeNpz([['x', { shape: [1000], data }]]))).toBe(true);
  });

  it('are asked of the arrays one at a time', () => {
    let made = 0;
    function* arrays(): Generator<readonly [string, NdArrayLike]> {
      for (const name of ['a', 'b', 'c']) {
        made++;
        yield [name, { shape: [1], data: Float32Array.of(1) }];
      }
    }
    const chunks = npzChunks(arrays());
    chunks.next();
    expect(made).toBe(1);
  });

  it('have the checksum of zip files', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    const bytes = readGolden('vit/generator.json');
    expect(crc32(bytes.subarray(1001), crc32(bytes.subarray(0, 1001)))).toBe(crc32(bytes));
  });
});

describe('.npy headers', () => {
  const one = (header: string, data: Uint8Array, version = 1) =>
    parseNpz(zipOf({ 'x.npy': npyFile(header, data, version) })).get('x')!;
  const four = new Uint8Array(4);

  it('may be of versions 1 to 3, in any order and spacing', () => {
    for (const version of [1, 2, 3]) {
      expect(one("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", four, version).shape).toEqual([
        1,
      ]);
    }
    expect(one('{"shape":(1,1),"fortran_order":True,"descr":">i4"}\n', four).shape).toEqual([1, 1]);
    expect(one("{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 1L)}", four).shape).toEqual([1, 1]);
    expect(one("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", four).shape).toEqual([]);
  });

  const refused: Record<string, RegExp> = {
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}":
      /dtype '\|O' is refused: it holds pickled Python objects/,
    "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}": /dtype '<c8' is refused: it is none of those/,
    "{'descr': '=f4', 'fortran_order': False, 'shape': (1,)}": /dtype '=f4' is refused/,
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}": /records are not supported/,
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}": /expected True or False, got "0"/,
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}": /expected a tuple such as '\(3,\)'/,
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}": /expected a size, got "-"/,
    "{'descr': '<f4', 'fortran_order': False}": /expected 'descr', 'fortran_order' and 'shape'/,
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}": /once each, got "'descr'"/,
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + x": /expected the end, got "\+"/,
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}":
      /float32 \[2\] needs 8 bytes after its header, the file has 4/,
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9007199254740991, 9007199254740991)}":
      /fewer than 2\^50/,
    "__import__('os')": /expected '\{', got "_"/,
  };
  for (const [header, message] of Object.entries(refused)) {
    it(`are refused: ${header}`, () => {
      expect(() => one(header, four)).toThrow(message);
    });
  }

  it('are refused when they are no headers', () => {
    expect(() => parseNpz(zipOf({ 'x.npy': Uint8Array.of(1, 2) }))).toThrow(
      /npz entry "x.npy": not a .npy file/,
    );
    expect(() => one('{}', four, 4)).toThrow(/.npy version 4.0 is unknown/);
    const long = npyFile('{}', four, 2);
    new DataView(long.buffer).setUint32(8, 0xffffffff, true);
    expect(() => parseNpz(zipOf({ 'x.npy': long }))).toThrow(/says it is 4294967307 bytes long, but only/);
  });
});

describe('writeNpz refuses', () => {
  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'two arrays of one name',
      () =>
        writeNpz([
          ['x', scalar],
          ['x', scalar],
        ]),
      /two entries are called "x.npy"/,
    ],
    [
      'a shape that does not fit',
      () => writeNpz([['x', { shape: [2], data: new Float32Array(3) }]]),
      /array "x": shape \[2\] does not hold the 3 values/,
    ],
    [
      'a negative shape',
      () => writeNpz([['x', { shape: [-1, -1], data: new Float32Array(1) }]]),
      /shape \[-1,-1\] does not hold/,
    ],
    [
      'a dtype of other data',
      () => writeNpz([['x', { shape: [1], data: new Float32Array(1), dtype: 'int32' }]]),
      /dtype 'int32' needs its data as Int32Array, got Float32Array/,
    ],
    [
      'plain numbers',
      () => writeNpz([['x', { shape: [1], data: [1] as unknown as Float32Array }]]),
      /cannot tell its dtype \(an array\)/,
    ],
    ['half a character', () => writeNpz([['\ud83d', scalar]]), /not well-formed text/],
    ['NUL in a name', () => writeNpz([['a\0b', scalar]]), /free of NUL/],
    [
      'unknown options',
      () => writeNpz([], { level: 9 } as object),
      /npz: unknown option level. Known: compress/,
    ],
    ['odd options', () => writeNpz([], { compress: 9 } as object), /compress: expected true or false, got 9/],
  ];
  for (const [what, write, message] of refused) it(what, () => expect(write).toThrow(message));
});

const scalar: NdArrayLike = { shape: [], data: Float32Array.of(1) };
