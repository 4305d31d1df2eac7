// npz ↔ arrays: a zip archive of .npy entries, as numpy.savez and big_vision write it.
// Reading decodes nothing yet: every array reads its entry on first use and verifies its checksum then, so a 540 MiB
// training checkpoint opens at once and its optimiser state costs nothing. Stored entries become views where they are
// aligned (those written here are), else copies that live as long as somebody holds them.

import { CheckpointError, ConfigError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { type Bytes, toBytes } from './bytes.ts';
import { type NamedArrays, resolveArrays } from './named-arrays.ts';
import type { NdArray } from './nd-array.ts';
import { NPY_HEADER_LIMIT, npyChunks, openNpy } from './npy.ts';
import { readZip } from './unzip.ts';
import { join, type ZipFile, zipChunks } from './zip.ts';

/** How {@link writeNpz} writes. */
export interface NpzOptions {
  /** Deflate every entry, as `numpy.savez_compressed`: slower, smaller by 7 to 8 % for float32 weights. Default false. */
  readonly compress?: boolean;
}

/**
 * The arrays of an npz file by name (without `.npy`), in the file's order. Headers and offsets are checked now, the
 * checksum of an entry when its `data` is first read.
 *
 * @param bytes - the whole file; kept, not copied, as long as one of the arrays is
 * @throws CheckpointError when the file is damaged or holds anything but numbers; so may the first use of `data`
 * @example const weights = parseNpz(writeNpz([['t', { shape: [1], data: Float32Array.of(2.3) }]])).get('t')?.data;
 */
export function parseNpz(bytes: Bytes): Map<string, NdArray> {
  const arrays = new Map<string, NdArray>();
  for (const entry of readZip(toBytes('parseNpz', bytes))) {
    const what = `npz entry ${JSON.stringify(entry.name)}`;
    if (!entry.name.endsWith('.npy')) {
      const advice = entry.name.endsWith('data.pkl')
        ? ' This is a PyTorch file: load it in Python and save it with safetensors.torch.save_file or numpy.savez.'
        : '';
      throw new CheckpointError(`${what}: an npz file holds only .npy entries.${advice}`);
    }
    const start = entry.start(NPY_HEADER_LIMIT);
    arrays.set(entry.name.slice(0, -4), openNpy(start, entry.size, entry.read, what));
  }
  return arrays;
}

/**
 * An npz file that `numpy.load` and {@link parseNpz} read. The same arrays always give the same bytes.
 *
 * @param arrays - a Map, pairs of name and array, or a plain object
 * @throws ConfigError or ShapeError for an array or a name that no file can hold
 * @example const bytes = writeNpz({ 'head/bias': Float32Array.of(0, 1) });
 */
export function writeNpz(arrays: NamedArrays, options: NpzOptions = {}): Uint8Array {
  return join([...npzChunks(arrays, options)]);
}

/**
 * The bytes of {@link writeNpz} in parts, in order, for writing to disk without a second copy in memory.
 *
 * @yields views of the arrays' own memory among others: use each part before the arrays change
 * @example for (const chunk of npzChunks(weights)) await file.write(chunk);
 */
export function npzChunks(arrays: NamedArrays, options: NpzOptions = {}): Generator<Uint8Array> {
  refuseUnknown('npz', options, ['compress']);
  const { compress = false } = options;
  if (typeof compress !== 'boolean') {
    throw new ConfigError(`npz: compress: expected true or false, got ${JSON.stringify(compress)}.`);
  }
  return zipChunks(npyFiles(resolveArrays('npz', arrays)), { compress });
}

function* npyFiles(arrays: Iterable<readonly [string, NdArray]>): Generator<ZipFile> {
  for (const [name, array] of arrays) yield { name: `${name}.npy`, parts: npyChunks(array) };
}
