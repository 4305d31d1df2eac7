// NdArray: a typed array with a shape, the currency between files and models.
// Arrays of a parsed file are read when their `data` is asked for and kept by weak references only, so that a file of
// hundreds of MiB is never held twice. They remember their bytes: writing them again is bit for bit.

import { ConfigError, ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { sizeOf } from '../shape.ts';
import { DTYPE_NAMES, DTYPES, type DType, decodeElements, encodeElements, type TypedArray } from './dtype.ts';
import { rememberWeakly } from './weak-cache.ts';

/** An array of numbers, row-major. */
export interface NdArray {
  readonly dtype: DType;
  /** sizes, slowest first; `[]` is a scalar */
  readonly shape: readonly number[];
  /**
   * The elements: bool as 0 and 1, 64-bit integers as BigInts, float16 and bfloat16 as float32.
   * Of a parsed array: to be read, not written. It may be a view of the file's bytes, or a copy that is dropped and made anew.
   */
  readonly data: TypedArray;
}

/** What a writer takes: `dtype` follows from the typed array unless given ('bool' of Uint8Array, 'float16' and 'bfloat16' of Float32Array). */
export interface NdArrayLike {
  readonly dtype?: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

// Where a parsed array's bytes are, by the object itself and not by a property: a property would be copied along by
// `{ ...array, data }` and then belie the new data.
const storedBytes = new WeakMap<object, () => Uint8Array>();

/**
 * An array whose elements are read on demand.
 *
 * @param bytes - gives the elements' bytes, little-endian and row-major; called whenever they are needed and not held
 */
export function createStoredArray(dtype: DType, shape: readonly number[], bytes: () => Uint8Array): NdArray {
  const data = rememberWeakly(() => decodeElements(dtype, bytes()));
  const array: NdArray = {
    dtype,
    shape,
    get data() {
      return data();
    },
  };
  storedBytes.set(array, bytes);
  return array;
}

/** The elements' bytes, little-endian and row-major: of a parsed array as the file has them, else from its data. */
export function elementBytes(array: NdArray): Uint8Array {
  return storedBytes.get(array)?.() ?? encodeElements(array.dtype, array.data);
}

function isStored(array: object): array is NdArray {
  return storedBytes.has(array);
}

export function isTypedArray(value: object): value is TypedArray {
  return DTYPE_NAMES.some((dtype) => value instanceof DTYPES[dtype].memory);
}

/** Bytes of an array in a file. */
export function byteLengthOf(dtype: DType, shape: readonly number[]): number {
  return sizeOf(shape) * DTYPES[dtype].size;
}

/** A contiguous part of an array under a shape of its own; nothing is copied. `start` counts elements. */
export function subArray(array: NdArray, start: number, shape: readonly number[]): NdArray {
  const length = sizeOf(shape);
  const bytes = storedBytes.get(array);
  if (bytes === undefined) {
    return { dtype: array.dtype, shape, data: array.data.subarray(start, start + length) };
  }
  const { size } = DTYPES[array.dtype];
  return createStoredArray(array.dtype, shape, () => bytes().subarray(start * size, (start + length) * size));
}

/**
 * Checks an array that is to be written and completes its dtype; a parsed array comes back as it is.
 *
 * @param name - what the array is called in the file and in messages
 * @param given - a bare typed array has one dimension
 * @throws ConfigError when dtype and typed array contradict, ShapeError when shape and length do
 */
export function resolveArray(name: string, given: NdArrayLike | TypedArray): NdArray {
  if (/\p{Surrogate}/u.test(name)) {
    throw new ConfigError(
      `array ${JSON.stringify(name)}: the name is not well-formed text (half of a character).`,
    );
  }
  if (typeof given !== 'object' || given === null || !(isTypedArray(given) || 'data' in given)) {
    throw new ConfigError(
      `array ${JSON.stringify(name)}: expected { shape, data } or a typed array, got ${describeValue(given)}.`,
    );
  }
  if (isStored(given)) return given;
  const array: NdArrayLike = isTypedArray(given) ? { shape: [given.length], data: given } : given;
  const { shape, data } = array;
  const dtype = array.dtype ?? DTYPE_NAMES.find((candidate) => data instanceof DTYPES[candidate].memory);
  if (dtype === undefined || !Object.hasOwn(DTYPES, dtype)) {
    throw new ConfigError(
      `array ${JSON.stringify(name)}: cannot tell its dtype (${describeValue(dtype ?? data)}). Use one of ${DTYPE_NAMES.join(', ')} with a typed array.`,
    );
  }
  const { memory } = DTYPES[dtype];
  if (!(data instanceof memory)) {
    throw new ConfigError(
      `array ${JSON.stringify(name)}: dtype '${dtype}' needs its data as ${memory.name}, got ${describeValue(data)}.`,
    );
  }
  if (!Array.isArray(shape)) {
    throw new ShapeError(
      `array ${JSON.stringify(name)}: shape: expected an array of sizes such as [2, 3], got ${describeValue(shape)}.`,
    );
  }
  const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape || sizeOf(shape) !== data.length) {
    throw new ShapeError(
      `array ${JSON.stringify(name)}: shape [${shape}] does not hold the ${data.length} values of its data. The product of the sizes must equal the number of values.`,
    );
  }
  return { dtype, shape, data };
}

/**
 * The elements as float32. Of a plain array with a Float32Array: that one. Of a parsed array: a view of the file where it
 * can be, else decoded anew for this call, so that a loop over a whole checkpoint holds one array at a time.
 *
 * @example toFloat32({ dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) }); // Float32Array [1, 2]
 */
export function toFloat32(array: NdArray): Float32Array {
  // Not by `data`: what a WeakRef has handed out stays in memory until the turn of the event loop ends.
  const bytes = storedBytes.get(array);
  const data = bytes === undefined ? array.data : decodeElements(array.dtype, bytes());
  if (data instanceof Float32Array) return data;
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = Number(data[i]);
  return values;
}

/** {@link toFloat32} in memory of its own: copied where it is a view of the file, or the caller's array. */
export function toOwnFloat32(array: NdArray): Float32Array {
  const bytes = storedBytes.get(array)?.();
  const values = toFloat32(array);
  return bytes === undefined || values.buffer === bytes.buffer ? values.slice() : values;
}

/** Reads a parsed array without decoding it, so that a damaged one shows. @throws CheckpointError */
export function verifyArray(array: NdArray): void {
  storedBytes.get(array)?.();
}
