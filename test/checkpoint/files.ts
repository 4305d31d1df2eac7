// Files made by hand for the tests of this room: arrays of every dtype, .npy files with any header, zip archives.

import type { NdArray } from '../../src/checkpoint/index.ts';
import { zipChunks } from '../../src/checkpoint/zip.ts';

/** One array or more of every dtype, with the shapes and names that are easy to get wrong. */
export const everyDtype: ReadonlyMap<string, NdArray> = new Map<string, NdArray>([
  ['bool', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['uint8', { dtype: 'uint8', shape: [2], data: Uint8Array.of(0, 255) }],
  ['int8', { dtype: 'int8', shape: [2], data: Int8Array.of(-128, 127) }],
  ['uint16', { dtype: 'uint16', shape: [1], data: Uint16Array.of(65535) }],
  ['int16', { dtype: 'int16', shape: [1], data: Int16Array.of(-32768) }],
  ['uint32', { dtype: 'uint32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
  ['int32', { dtype: 'int32', shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ['uint64', { dtype: 'uint64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ['int64', { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['float16', { dtype: 'float16', shape: [4], data: Float32Array.of(1.5, -65504, 2 ** -24, Number.NaN) }],
  ['bfloat16', { dtype: 'bfloat16', shape: [2, 2], data: Float32Array.of(1.5, -0, Infinity, Number.NaN) }],
  ['float32', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(0.1, 1e-45, 3e38, -0, 4, 5) }],
  ['float64', { dtype: 'float64', shape: [1, 1], data: Float64Array.of(Math.PI) }],
  ['scalar', { dtype: 'float32', shape: [], data: Float32Array.of(2.5) }],
  ['empty', { dtype: 'float64', shape: [3, 0, 2], data: new Float64Array(0) }],
  ['a/path/of ünïcode 😀', { dtype: 'int8', shape: [1], data: Int8Array.of(1) }],
  ['.npy', { dtype: 'int8', shape: [1], data: Int8Array.of(2) }],
  ['__proto__', { dtype: 'int8', shape: [1], data: Int8Array.of(3) }],
  ['', { dtype: 'int8', shape: [1], data: Int8Array.of(4) }],
]);

/** A .npy file with this header, right or wrong. */
export function npyFile(header: string, data: Uint8Array, version = 1): Uint8Array {
  const length = Uint8Array.of(header.length & 0xff, header.length >>> 8, ...(version === 1 ? [] : [0, 0]));
  const start = new TextEncoder().encode(header);
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    version,
    0,
    ...length,
    ...start,
    ...data,
  ]);
}

/** A zip archive of whatever files. */
export function zipOf(files: Record<string, Uint8Array>, compress = false): Uint8Array {
  const parts = Object.entries(files).map(([name, contents]) => ({ name, parts: [contents] }));
  return Uint8Array.from(Buffer.concat([...zipChunks(parts, { compress })]));
}

/** A safetensors file with this header, right or wrong. */
export function safetensorsFile(json: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(json);
  const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
  return Uint8Array.from([...length, ...header, ...data]);
}
