// The thirteen element types a checkpoint may hold: their size, their names in npy and safetensors files, and the
// typed array that holds them in memory. float16 and bfloat16 live in a Float32Array, which holds both exactly.
// Typed arrays are taken to be little-endian, as they are on every platform that runs JavaScript today.

import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half.ts';

/** Element types that checkpoints may have. */
export type DType =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64';

/** The arrays of JavaScript that an array of a checkpoint may lie in. */
export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

type TypedArrayConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;

interface DTypeRow {
  /** bytes of one element in a file */
  readonly size: number;
  /** numpy's descr without the byte order */
  readonly npy: string;
  readonly safetensors: string;
  /** the typed array that holds the elements in memory */
  readonly memory: TypedArrayConstructor;
}

// An array of a plain type is inferred from its memory: the first row with that memory wins, so uint8 and float32
// stand before bool, float16 and bfloat16.
export const DTYPES: Readonly<Record<DType, DTypeRow>> = {
  uint8: { size: 1, npy: 'u1', safetensors: 'U8', memory: Uint8Array },
  int8: { size: 1, npy: 'i1', safetensors: 'I8', memory: Int8Array },
  uint16: { size: 2, npy: 'u2', safetensors: 'U16', memory: Uint16Array },
  int16: { size: 2, npy: 'i2', safetensors: 'I16', memory: Int16Array },
  uint32: { size: 4, npy: 'u4', safetensors: 'U32', memory: Uint32Array },
  int32: { size: 4, npy: 'i4', safetensors: 'I32', memory: Int32Array },
  uint64: { size: 8, npy: 'u8', safetensors: 'U64', memory: BigUint64Array },
  int64: { size: 8, npy: 'i8', safetensors: 'I64', memory: BigInt64Array },
  float32: { size: 4, npy: 'f4', safetensors: 'F32', memory: Float32Array },
  float64: { size: 8, npy: 'f8', safetensors: 'F64', memory: Float64Array },
  bool: { size: 1, npy: 'b1', safetensors: 'BOOL', memory: Uint8Array },
  float16: { size: 2, npy: 'f2', safetensors: 'F16', memory: Float32Array },
  // numpy knows no bfloat16 and calls it two bytes without a meaning.
  bfloat16: { size: 2, npy: 'V2', safetensors: 'BF16', memory: Float32Array },
};

// Object.keys cannot type its result; the keys of DTYPES are the DTypes by its own type.
export const DTYPE_NAMES = Object.keys(DTYPES) as readonly DType[];

/** Elements from their bytes (little-endian, row-major): a view where the alignment allows, else a copy. */
export function decodeElements(dtype: DType, bytes: Uint8Array): TypedArray {
  if (dtype === 'float16') return decodeFloat16(bytes);
  if (dtype === 'bfloat16') return decodeBfloat16(bytes);
  if (dtype === 'bool') return zeroOrOne(bytes);
  const { size, memory } = DTYPES[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : copyOf(bytes);
  return new memory(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** Not `bytes.slice()`, which of a Buffer is a view, and not `new Uint8Array(bytes)`, which takes three times as long. */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The bytes of elements (little-endian, row-major): a view, but for float16 and bfloat16, which are rounded to nearest even. */
export function encodeElements(dtype: DType, data: TypedArray): Uint8Array {
  if (dtype === 'float16' && data instanceof Float32Array) return encodeFloat16(data);
  if (dtype === 'bfloat16' && data instanceof Float32Array) return encodeBfloat16(data);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return dtype === 'bool' ? zeroOrOne(bytes) : bytes;
}

function zeroOrOne(bytes: Uint8Array): Uint8Array {
  return bytes.every((value) => value <= 1) ? bytes : bytes.map((value) => (value === 0 ? 0 : 1));
}
