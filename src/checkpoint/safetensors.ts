// safetensors ↔ arrays (github.com/huggingface/safetensors, format of 0.3 and later): eight bytes of header length, a
// JSON header with dtype, shape and offsets by name, then the elements, row-major and little-endian.
// Every rule of the format is checked before an array is handed out. The 8-bit and smaller floats are refused by name.

import { CheckpointError, ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { type Bytes, toBytes } from './bytes.ts';
import { DTYPE_NAMES, DTYPES, type DType } from './dtype.ts';
import { type NamedArrays, resolveArrays } from './named-arrays.ts';
import { byteLengthOf, createStoredArray, elementBytes, type NdArray } from './nd-array.ts';
import { join } from './zip.ts';

/** How {@link writeSafetensors} writes. */
export interface SafetensorsOptions {
  /** Text to go with the arrays, e.g. `{ format: 'clippo-ts' }`. Default none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The format's own limit. */
const HEADER_LIMIT = 100_000_000;
const METADATA = '__metadata__';

/**
 * The arrays of a safetensors file by name. Views of `bytes` where the alignment allows.
 *
 * @param bytes - the whole file; kept, not copied, as long as one of the arrays is
 * @throws CheckpointError when the file is cut off, damaged or breaks a rule of the format
 * @example const bias = parseSafetensors(bytes).get('img/head/bias')?.data;
 */
export function parseSafetensors(bytes: Bytes): Map<string, NdArray> {
  const file = toBytes('parseSafetensors', bytes);
  const { entries, dataStart } = parseHeader(file);
  const tensors = entries.map(([name, value]) => parseTensor(name, value));
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const tensor of tensors) {
    if (tensor.begin !== end) {
      refuse(
        `${JSON.stringify(tensor.name)} begins at byte ${tensor.begin} of the data instead of ${end}: arrays must lie one after another`,
      );
    }
    end = tensor.end;
  }
  const available = file.length - dataStart;
  if (end !== available) refuse(`its arrays need ${end} bytes, ${available} follow the header`);
  return new Map(
    tensors.map(({ name, dtype, shape, begin, end }) => [
      name,
      createStoredArray(dtype, shape, () => file.subarray(dataStart + begin, dataStart + end)),
    ]),
  );
}

/**
 * The text stored with the arrays under `__metadata__`; `{}` when there is none.
 *
 * @throws CheckpointError when the header cannot be read
 */
export function safetensorsMetadata(bytes: Bytes): Record<string, string> {
  return parseHeader(toBytes('safetensorsMetadata', bytes)).metadata;
}

function refuse(why: string): never {
  throw new CheckpointError(`safetensors: ${why}. The file is damaged or of another format; fetch it again.`);
}

interface Header {
  readonly entries: readonly (readonly [name: string, description: object])[];
  readonly metadata: Record<string, string>;
  readonly dataStart: number;
}

function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8) refuse(`${bytes.length} bytes are too few for a header`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > HEADER_LIMIT || 8 + length > bytes.length) {
    refuse(
      `its header should be ${length} bytes long (${bytes.length - 8} are there, ${HEADER_LIMIT} are allowed)`,
    );
  }
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(8, 8 + length),
    );
    if (!text.startsWith('{'))
      refuse(`its header begins with ${JSON.stringify(text.slice(0, 8))} instead of {`);
    header = JSON.parse(text);
    refuseDuplicateKeys(text);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(
      'safetensors: its header is not JSON. The file is damaged or of another format.',
      {
        cause,
      },
    );
  }
  // A text that begins with { and parses is an object.
  const entries = Object.entries(header as object);
  let metadata: Record<string, string> = {};
  for (const [name, value] of entries) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuse(`${JSON.stringify(name)} is not described by an object`);
    }
    if (name !== METADATA) continue;
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string') refuse(`metadata ${JSON.stringify(key)} is not text`);
    }
    metadata = value;
  }
  return { entries: entries.filter(([name]) => name !== METADATA), metadata, dataStart: 8 + length };
}

/** JSON.parse keeps the last of two equal keys in silence. `text` is known to be JSON. */
function refuseDuplicateKeys(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, string] of text.matchAll(/[{}]|("[^"\\]*(?:\\.[^"\\]*)*")\s*:?/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':') && string !== undefined) {
      const key: string = JSON.parse(string);
      if (open.at(-1)?.has(key)) refuse(`two entries are called ${JSON.stringify(key)}`);
      open.at(-1)?.add(key);
    }
  }
}

interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** bytes from the end of the header */
  readonly begin: number;
  readonly end: number;
}

function parseTensor(name: string, value: object): StoredTensor {
  const what = JSON.stringify(name);
  // Nothing is known of the fields yet; each is checked before it is used.
  const fields = value as Record<string, unknown>;
  const dtype = DTYPE_NAMES.find((candidate) => DTYPES[candidate].safetensors === fields.dtype);
  if (dtype === undefined) {
    const known = DTYPE_NAMES.map((candidate) => DTYPES[candidate].safetensors).join(', ');
    throw new CheckpointError(
      `safetensors: ${what} has dtype ${JSON.stringify(fields.dtype)}. Those that can be read: ${known}.`,
    );
  }
  const { shape, data_offsets: offsets } = fields;
  if (!isSizes(shape)) refuse(`${what} has shape ${JSON.stringify(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2)
    refuse(`${what} has data_offsets ${JSON.stringify(offsets)}`);
  const [begin, end] = [offsets[0]!, offsets[1]!];
  const size = byteLengthOf(dtype, shape);
  if (end - begin !== size) {
    refuse(
      `${what}: ${dtype} [${shape.join(', ')}] needs ${size} bytes, its offsets ${begin} to ${end} hold ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/**
 * A safetensors file. Arrays are ordered by falling element size, else as given, so that every array is aligned.
 *
 * @param arrays - a Map, pairs of name and array, or a plain object
 * @throws ConfigError or ShapeError for an array, a name or metadata that the format cannot hold
 * @example const bytes = writeSafetensors(weights, { metadata: { format: 'clippo-ts' } });
 */
export function writeSafetensors(arrays: NamedArrays, options: SafetensorsOptions = {}): Uint8Array {
  return join([...safetensorsChunks(arrays, options)]);
}

/**
 * The bytes of {@link writeSafetensors} in parts, in order, for writing to disk without a second copy in memory.
 *
 * @yields views of the arrays' own memory among others: use each part before the arrays change
 */
export function* safetensorsChunks(
  arrays: NamedArrays,
  options: SafetensorsOptions = {},
): Generator<Uint8Array> {
  const metadata = resolveMetadata(options);
  const tensors: { name: string; array: NdArray }[] = [];
  const names = new Set([METADATA]);
  for (const [name, array] of resolveArrays('safetensors', arrays)) {
    if (names.has(name)) {
      throw new ConfigError(
        `safetensors: ${JSON.stringify(name)} is taken; every array needs a name of its own.`,
      );
    }
    names.add(name);
    tensors.push({ name, array });
  }
  tensors.sort((a, b) => DTYPES[b.array.dtype].size - DTYPES[a.array.dtype].size);
  yield encodeHeader(tensors, metadata);
  for (const { array } of tensors) yield elementBytes(array);
}

function encodeHeader(tensors: readonly { name: string; array: NdArray }[], metadata: object): Uint8Array {
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const { name, array } of tensors) {
    const { dtype, shape } = array;
    const end = offset + byteLengthOf(dtype, shape);
    const description = { dtype: DTYPES[dtype].safetensors, shape, data_offsets: [offset, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(description)}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > HEADER_LIMIT) {
    throw new ConfigError(`safetensors: a header of ${padded} bytes is over the limit of ${HEADER_LIMIT}.`);
  }
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return header;
}

function resolveMetadata(options: SafetensorsOptions): Readonly<Record<string, string>> {
  refuseUnknown('safetensors', options, ['metadata']);
  const { metadata = {} } = options;
  if (typeof metadata !== 'object' || metadata === null) {
    throw new ConfigError(
      `safetensors: metadata: expected an object of texts, got ${describeValue(metadata)}.`,
    );
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new ConfigError(
        `safetensors: metadata ${JSON.stringify(key)} must be text, got ${typeof value}. Use JSON.stringify for anything else.`,
      );
    }
  }
  return metadata;
}
