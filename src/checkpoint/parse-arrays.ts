// A checkpoint file of either format → arrays. What a file is, is told by its first bytes, never by its name; files
// that people often have in their place are recognised, and the message says what to do.

import { CheckpointError } from '../errors.ts';
import { type Bytes, toBytes } from './bytes.ts';
import type { NdArray } from './nd-array.ts';
import { parseNpz } from './npz.ts';
import { parseSafetensors } from './safetensors.ts';

const DOWNLOAD = 'The address answered with a page instead of the file; check it in a browser.';
const CONVERT = 'Load it in Python and save it with numpy.savez or safetensors.';

/** The first characters (Latin-1, after white space) → what that is, and what to do about it. */
const STRANGERS: readonly (readonly [start: string, kind: string, advice: string])[] = [
  ['\x93NUMPY', 'a single .npy array', 'Save the arrays by name with numpy.savez.'],
  ['<', 'an HTML or XML page', DOWNLOAD],
  ['{', 'JSON', DOWNLOAD],
  ['[', 'JSON', DOWNLOAD],
  ['version https://git-lfs', 'a git-lfs pointer', 'Fetch the file itself with `git lfs pull`.'],
  ['\x1f\x8b', 'gzip', 'Unpack it first with gunzip.'],
  ['BZh', 'bzip2', 'Unpack it first with bunzip2.'],
  ['\xfd7zXZ', 'xz', 'Unpack it first with unxz.'],
  ['\x28\xb5\x2f\xfd', 'zstd', 'Unpack it first with unzstd.'],
  ['\x89HDF', 'HDF5 (Keras .h5)', CONVERT],
  ['\x80', 'a Python pickle (old PyTorch)', CONVERT],
  ['GGUF', 'GGUF', CONVERT],
];

/**
 * The arrays of an npz or a safetensors file by name, see {@link parseNpz} and {@link parseSafetensors}.
 *
 * @throws CheckpointError for anything else, saying what it seems to be
 */
export function parseArrays(bytes: Bytes): Map<string, NdArray> {
  const file = toBytes('parseArrays', bytes);
  const first = String.fromCharCode(...file.subarray(0, 40));
  if (first.startsWith('PK')) return parseNpz(file);
  if (first[8] === '{') return parseSafetensors(file);
  if (first === '') throw new CheckpointError('checkpoint: the file is empty. Fetch it again.');
  const [, kind, advice] = STRANGERS.find(([start]) => first.trimStart().startsWith(start)) ?? [];
  throw new CheckpointError(
    `checkpoint: expected an npz or a safetensors file, got ${kind ?? `${file.length} bytes`} beginning with ${JSON.stringify(first.slice(0, 16))}. ${advice ?? 'Is it the right file?'}`,
  );
}
