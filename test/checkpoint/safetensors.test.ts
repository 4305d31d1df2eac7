// safetensors files: round trips, the bytes, and every rule of the format by message.

import { describe, expect, it } from 'vitest';
import {
  parseArrays,
  parseSafetensors,
  safetensorsChunks,
  safetensorsMetadata,
  writeSafetensors,
} from '../../src/checkpoint/index.ts';
import { readGoldenNpz } from '../support/golden.ts';
import { everyDtype, safetensorsFile } from './files.ts';

describe('round trip', () => {
  const bytes = writeSafetensors(everyDtype, { metadata: { format: 'clippo-ts', note: '“quoted” \\ "x"' } });

  it('keeps every dtype, name and shape', () => {
    const read = parseSafetensors(bytes);
    expect(read.size).toBe(everyDtype.size);
    for (const [name, { dtype, shape, data }] of everyDtype) {
      const array = read.get(name)!;
      expect({ dtype: array.dtype, shape: array.shape, data: array.data }, name).toEqual({
        dtype,
        shape,
        data,
      });
    }
    expect(writeSafetensors(read, { metadata: safetensorsMetadata(bytes) })).toEqual(bytes);
  });

  it('keeps metadata', () => {
    expect(safetensorsMetadata(bytes)).toEqual({ format: 'clippo-ts', note: '“quoted” \\ "x"' });
    expect(safetensorsMetadata(writeSafetensors([]))).toEqual({});
  });

  it('keeps a golden checkpoint', () => {
    const arrays = readGoldenNpz('vit/mu16_64_map.ckpt.npz');
    const read = parseArrays(writeSafetensors(arrays));
    expect(read.size).toBe(arrays.size);
    for (const [name, array] of arrays) {
      expect({ ...read.get(name) }, name).toEqual({ ...array });
    }
  });

  it('places arrays where they can be viewed, not copied', () => {
    for (const [name, array] of parseSafetensors(bytes)) {
      const isCopy = array.dtype === 'float16' || array.dtype === 'bfloat16';
      expect(array.data.buffer === bytes.buffer, name).toBe(!isCopy);
    }
  });

  it('reads arrays that are not aligned', () => {
    const values = Float32Array.of(1, 2, 3);
    const json = '{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}  ';
    expect(json.length % 4).not.toBe(0);
    expect(parseSafetensors(safetensorsFile(json, new Uint8Array(values.buffer))).get('x')!.data).toEqual(
      values,
    );
  });
});

describe('bytes', () => {
  it('are as the format prescribes', () => {
    const bytes = writeSafetensors([['t', { shape: [1], data: Float32Array.of(1) }]]);
    const json = '{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
    expect(bytes).toEqual(safetensorsFile(json, Uint8Array.of(0, 0, 0x80, 0x3f)));
    expect(json.length % 8).toBe(0);
  });

  it('come in chunks that hold the arrays themselves', () => {
    const data = new Float32Array(1000);
    const chunks = [...safetensorsChunks([['x', { shape: [1000], data }]])];
    expect(chunks[1]!.buffer).toBe(data.buffer);
  });
});

describe('parseSafetensors refuses', () => {
  const u8 = (begin: unknown, end: unknown, shape: unknown = [2]) =>
    `{"dtype":"U8","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${end}]}`;
  const refused: readonly (readonly [what: string, json: string, dataLength: number, message: RegExp])[] = [
    ['a hole', `{"a":${u8(0, 2)},"b":${u8(3, 5)}}`, 5, /"b" begins at byte 3 of the data instead of 2/],
    ['an overlap', `{"a":${u8(0, 2)},"b":${u8(1, 3)}}`, 3, /"b" begins at byte 1 of the data instead of 2/],
    ['bytes left over', `{"a":${u8(0, 2)}}`, 3, /its arrays need 2 bytes, 3 follow the header/],
    ['bytes missing', `{"a":${u8(0, 2)}}`, 1, /its arrays need 2 bytes, 1 follow the header/],
    [
      'a size that is not its shape',
      `{"a":${u8(0, 2, [3])}}`,
      2,
      /uint8 \[3\] needs 3 bytes, its offsets 0 to 2 hold 2/,
    ],
    ['offsets the wrong way', `{"a":${u8(2, 0)}}`, 2, /its offsets 2 to 0 hold -2/],
    [
      'a shape beyond counting',
      `{"a":${u8(0, 2, [2 ** 53 - 1, 2 ** 53 - 1])}}`,
      2,
      /its offsets 0 to 2 hold 2/,
    ],
    ['a fractional shape', `{"a":${u8(0, 2, [2.5])}}`, 2, /"a" has shape \[2.5\]/],
    ['negative offsets', `{"a":${u8(-2, 0)}}`, 2, /"a" has data_offsets \[-2,0\]/],
    ['no shape', '{"a":{"dtype":"U8","data_offsets":[0,0]}}', 0, /"a" has shape undefined/],
    [
      'an unknown dtype',
      '{"a":{"dtype":"F8_E4M3","shape":[],"data_offsets":[0,1]}}',
      1,
      /"a" has dtype "F8_E4M3". Those that can be read: U8, /,
    ],
    ['two arrays of one name', `{"a":${u8(0, 2)},"\\u0061":${u8(0, 2)}}`, 2, /two entries are called "a"/],
    [
      'two fields of one name',
      '{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}',
      1,
      /two entries are called "dtype"/,
    ],
    ['an array that is a number', '{"a":1}', 0, /"a" is not described by an object/],
    ['metadata that is not text', '{"__metadata__":{"step":3}}', 0, /metadata "step" is not text/],
    ['a header that is not JSON', '{"a":', 0, /its header is not JSON/],
    ['a header that is no object', '[]', 0, /its header begins with "\[\]" instead of \{/],
    ['space before the header', ' {}', 0, /its header begins with " \{\}" instead of \{/],
  ];
  for (const [what, json, dataLength, message] of refused) {
    it(what, () => {
      expect(() => parseSafetensors(safetensorsFile(json, new Uint8Array(dataLength)))).toThrow(message);
    });
  }

  it('header lengths beyond the file or the limit', () => {
    expect(() => parseSafetensors(new Uint8Array(7))).toThrow(/7 bytes are too few for a header/);
    const short = safetensorsFile('{}', new Uint8Array(0));
    short[0] = 3;
    expect(() => parseSafetensors(short)).toThrow(
      /its header should be 3 bytes long \(2 are there, 100000000 are allowed\)/,
    );
    const long = new Uint8Array(16).fill(0xff, 0, 8);
    expect(() => parseSafetensors(long)).toThrow(/its header should be 18446744073709552000 bytes long/);
  });

  it('bytes that are not UTF-8', () => {
    const file = safetensorsFile('{"a":{}}', new Uint8Array(0));
    file[10] = 0xff;
    expect(() => parseSafetensors(file)).toThrow(/its header is not JSON/);
  });
});

describe('writeSafetensors refuses', () => {
  const scalar = { shape: [], data: Float32Array.of(1) };
  it('names that are taken', () => {
    expect(() => writeSafetensors([['__metadata__', scalar]])).toThrow(/"__metadata__" is taken/);
    expect(() =>
      writeSafetensors([
        ['x', scalar],
        ['x', scalar],
      ]),
    ).toThrow(/"x" is taken/);
  });
  it('metadata that is not text', () => {
    expect(() => writeSafetensors([], { metadata: { step: 3 } as object as Record<string, string> })).toThrow(
      /metadata "step" must be text, got number/,
    );
  });
  it('unknown options', () => {
    expect(() => writeSafetensors([], { meta: {} } as object)).toThrow(
      /unknown option meta. Known: metadata/,
    );
  });
});
