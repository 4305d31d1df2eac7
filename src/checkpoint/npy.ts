// The .npy format of numpy (numpy.lib.format, versions 1.0 to 3.0): a header with dtype, order and shape as a Python
// literal, then the elements. bfloat16 is what numpy writes for it, two bytes without a meaning (`|V2` or `<V2`).
// Simplified: no objects, strings, complex numbers or records; the header is read by a parser of its own, never evaluated.

import { CheckpointError } from '../errors.ts';
import { sizeOf } from '../shape.ts';
import { type Bytes, toBytes } from './bytes.ts';
import { DTYPE_NAMES, DTYPES, type DType, type TypedArray } from './dtype.ts';
import {
  byteLengthOf,
  createStoredArray,
  elementBytes,
  type NdArray,
  type NdArrayLike,
  resolveArray,
} from './nd-array.ts';
import { rememberWeakly } from './weak-cache.ts';

interface NpyHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  readonly bigEndian: boolean;
  /** where the elements begin, in bytes */
  readonly dataStart: number;
}

/** Bytes that always suffice to parse a header that `parseNpyHeader` accepts. */
export const NPY_HEADER_LIMIT = 65536;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * The array of a .npy file.
 *
 * @param bytes - the whole file; kept, not copied, as long as the array is
 * @throws CheckpointError when the file is damaged or holds anything but numbers
 */
export function parseNpy(bytes: Bytes): NdArray {
  const whole = toBytes('parseNpy', bytes);
  return openNpy(whole.subarray(0, NPY_HEADER_LIMIT), whole.length, () => whole, 'npy');
}

/**
 * A .npy file in two parts, its header and the array's own memory.
 *
 * @throws ConfigError or ShapeError for an array that no file can hold
 */
export function npyChunks(array: NdArrayLike | TypedArray): [Uint8Array, Uint8Array] {
  const resolved = resolveArray('npy', array);
  return [npyHeader(resolved.dtype, resolved.shape), elementBytes(resolved)];
}

/**
 * The array of a .npy entry, read on demand.
 *
 * @param start - the first bytes, up to NPY_HEADER_LIMIT
 * @param byteLength - bytes of the whole entry
 * @param read - gives the whole entry, on demand
 * @param what - what the entry is called in messages
 */
export function openNpy(
  start: Uint8Array,
  byteLength: number,
  read: () => Uint8Array,
  what: string,
): NdArray {
  const header = parseNpyHeader(start, what);
  const { dtype, shape, dataStart, fortranOrder, bigEndian } = header;
  const expected = byteLengthOf(dtype, shape);
  if (byteLength - dataStart !== expected) {
    throw new CheckpointError(
      `${what}: ${dtype} [${shape.join(', ')}] needs ${expected} bytes after its header, the file has ${byteLength - dataStart}. The file is damaged or was cut off; fetch it again.`,
    );
  }
  const elements = () => read().subarray(dataStart);
  const { size } = DTYPES[dtype];
  const rowMajor = !fortranOrder || shape.length < 2 || expected === 0;
  if (rowMajor && (!bigEndian || size === 1)) return createStoredArray(dtype, shape, elements);
  const rearranged = rememberWeakly(() =>
    rearrange(elements(), size, bigEndian, rowMajor ? [sizeOf(shape)] : shape),
  );
  return createStoredArray(dtype, shape, rearranged);
}

function parseNpyHeader(start: Uint8Array, what: string): NpyHeader {
  if (start.length < 10 || MAGIC.some((byte, i) => start[i] !== byte)) {
    throw new CheckpointError(`${what}: not a .npy file; it does not begin with \\x93NUMPY.`);
  }
  const version = start[6]!;
  if (version < 1 || version > 3) {
    throw new CheckpointError(
      `${what}: .npy version ${version}.${start[7]} is unknown; 1.0 to 3.0 can be read.`,
    );
  }
  const textStart = version === 1 ? 10 : 12;
  const low = start[8]! | (start[9]! << 8);
  const high = version === 1 ? 0 : ((start[10] ?? 0) | ((start[11] ?? 0) << 8)) >>> 0;
  const dataStart = textStart + low + high * 65536;
  if (dataStart > start.length || dataStart > NPY_HEADER_LIMIT) {
    throw new CheckpointError(
      `${what}: its .npy header says it is ${dataStart} bytes long, but only ${start.length} are there (at most ${NPY_HEADER_LIMIT} are read). The file is damaged.`,
    );
  }
  const text = new TextDecoder().decode(start.subarray(textStart, dataStart));
  const { descr, fortranOrder, shape } = parseHeaderText(text, what);
  return { ...parseDescr(descr, what), fortranOrder, shape, dataStart };
}

function parseDescr(descr: string, what: string): { dtype: DType; bigEndian: boolean } {
  const order = descr[0];
  const dtype = DTYPE_NAMES.find((name) => DTYPES[name].npy === descr.slice(1));
  const oneByte = dtype !== undefined && DTYPES[dtype].size === 1;
  const known =
    dtype === 'bfloat16'
      ? order === '|' || order === '<'
      : order === '<' || order === '>' || (order === '|' && oneByte);
  if (dtype === undefined || !known) {
    const why = descr.includes('O')
      ? 'it holds pickled Python objects, which can run code and are never read'
      : 'it is none of those that can be read';
    throw new CheckpointError(
      `${what}: dtype '${descr}' is refused: ${why}. Save it as one of ${DTYPE_NAMES.join(', ')}.`,
    );
  }
  return { dtype, bigEndian: order === '>' };
}

const TOKEN = /'[^'\\]*'|"[^"\\]*"|\d+|[A-Za-z]+|\S/g;

// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
function parseHeaderText(
  text: string,
  what: string,
): { descr: string; fortranOrder: boolean; shape: number[] } {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  let descr: string | undefined;
  let fortranOrder: boolean | undefined;
  let shape: number[] | undefined;

  function refuse(expected: string): never {
    throw new CheckpointError(
      `${what}: cannot read its .npy header: expected ${expected}, got ${JSON.stringify(tokens[at] ?? 'the end')} in ${JSON.stringify(text.slice(0, 120).trim())}.`,
    );
  }
  function take(token: string): void {
    if (tokens[at] !== token) refuse(`'${token}'`);
    at++;
  }
  function takeIf(token: string): boolean {
    if (tokens[at] !== token) return false;
    at++;
    return true;
  }
  function takeString(): string {
    const token = tokens[at] ?? '';
    if (!/^['"].*['"]$/s.test(token)) refuse('a string');
    at++;
    return token.slice(1, -1);
  }
  function takeShape(): number[] {
    const sizes: number[] = [];
    let comma = true;
    take('(');
    while (!takeIf(')')) {
      const size = Number(tokens[at]);
      if (!comma || !/^\d+$/.test(tokens[at] ?? '') || !Number.isSafeInteger(size)) refuse('a size');
      at++;
      takeIf('L'); // Python 2 wrote long integers as 3L
      sizes.push(size);
      comma = takeIf(',');
    }
    if (sizes.length === 1 && !comma) refuse("a tuple such as '(3,)'");
    return sizes;
  }

  take('{');
  let comma = true;
  while (!takeIf('}')) {
    if (!comma) refuse("','");
    const key = takeString();
    take(':');
    if (key === 'descr' && descr === undefined) {
      if (tokens[at] === '[') refuse('one dtype (records are not supported)');
      descr = takeString();
    } else if (key === 'fortran_order' && fortranOrder === undefined) {
      if (tokens[at] !== 'True' && tokens[at] !== 'False') refuse('True or False');
      fortranOrder = tokens[at++] === 'True';
    } else if (key === 'shape' && shape === undefined) {
      shape = takeShape();
    } else {
      at -= 2;
      refuse("'descr', 'fortran_order' and 'shape', once each");
    }
    comma = takeIf(',');
  }
  if (at < tokens.length) refuse('the end');
  if (descr === undefined || fortranOrder === undefined || shape === undefined) {
    refuse("'descr', 'fortran_order' and 'shape'");
  }
  if (!Number.isSafeInteger(sizeOf(shape) * 8)) refuse('a shape of fewer than 2^50 elements');
  return { descr, fortranOrder, shape };
}

/** Column-major or big-endian elements as row-major little-endian ones. A one-dimensional `shape` only swaps bytes. */
function rearrange(
  source: Uint8Array,
  size: number,
  bigEndian: boolean,
  shape: readonly number[],
): Uint8Array {
  const target = new Uint8Array(source.length);
  const index = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  let stride = size;
  for (const length of shape) {
    strides.push(stride);
    stride *= length;
  }
  const flip = bigEndian ? size - 1 : 0;
  let from = 0;
  for (let to = 0; to < target.length; to += size) {
    for (let byte = 0; byte < size; byte++) target[to + byte] = source[from + (byte ^ flip)]!;
    // The next element in row-major order: count up the last axis, carry over to the one before.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return target;
}

/** The header of a version 1.0 .npy file for row-major little-endian elements, padded to a multiple of 64 bytes as numpy does. */
function npyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const { npy, size } = DTYPES[dtype];
  const order = size === 1 || dtype === 'bfloat16' ? '|' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${order}${npy}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  if (length - 10 > 0xffff) {
    throw new CheckpointError(`a shape of ${shape.length} dimensions is too long for a .npy header.`);
  }
  const header = new Uint8Array(length).fill(0x20);
  header.set(MAGIC);
  header.set([1, 0, (length - 10) & 0xff, (length - 10) >>> 8], 6);
  for (let i = 0; i < text.length; i++) header[10 + i] = text.charCodeAt(i);
  header[length - 1] = 0x0a;
  return header;
}
