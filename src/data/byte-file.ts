// A ByteFile → its bytes, with every way in which that can fail told apart: not there, shorter than it says, larger
// than it may be. All readers take their bytes through these functions.

import { gunzip } from './gzip.ts';
import type { BrokenCause } from './record.ts';
import type { ByteFile, FileTree } from './source.ts';
import { Unreadable, wordsOf } from './unreadable.ts';

/** A file whose parts can be fetched on their own. */
export interface RandomAccessFile extends ByteFile {
  readonly size: number;
  slice(start: number, end: number): Promise<Uint8Array>;
}

export function isRandomAccess(file: ByteFile): file is RandomAccessFile {
  return file.slice !== undefined && file.size !== undefined;
}

export function isGzip(file: ByteFile): boolean {
  return /\.t?gz$/i.test(file.name);
}

/** All bytes from the start, unpacked where the name ends in `.gz` or `.tgz`. @throws Unreadable */
export function readStream(file: ByteFile, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  const stored = storedBytes(file, signal);
  return isGzip(file) ? gunzip(file.name, stored) : stored;
}

async function* storedBytes(file: ByteFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  let received = 0;
  signal?.throwIfAborted();
  try {
    for await (const chunk of file.stream(signal)) {
      received += chunk.length;
      yield chunk;
      signal?.throwIfAborted();
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw received === 0 ? missing(file.name, cause) : brokenOff(file.name, received, cause);
  }
  if (file.size !== undefined && received < file.size) throw brokenOff(file.name, received);
}

/** Bytes `start` to `end`, all of them. @throws Unreadable */
export async function readSlice(file: RandomAccessFile, start: number, end: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await file.slice(start, end);
  } catch (cause) {
    throw missing(file.name, cause);
  }
  if (bytes.length < end - start) throw brokenOff(file.name, start + bytes.length);
  return bytes;
}

/** How large a file that is taken as a whole may be, and what it is called when it is larger. */
export interface SizeLimit {
  readonly bytes: number;
  readonly reason: BrokenCause;
}

/** The whole file. @throws Unreadable */
export async function readWhole(file: ByteFile, limit: SizeLimit, signal?: AbortSignal): Promise<Uint8Array> {
  const isTooLarge = (size: number): Unreadable =>
    new Unreadable(limit.reason, `${file.name}: ${size} bytes or more, at most ${limit.bytes} are read.`);
  const isPacked = isGzip(file);
  if (!isPacked && (file.size ?? 0) > limit.bytes) throw isTooLarge(file.size!);
  if (!isPacked && isRandomAccess(file)) {
    signal?.throwIfAborted();
    return readSlice(file, 0, file.size);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of readStream(file, signal)) {
    size += chunk.length;
    if (size > limit.bytes) throw isTooLarge(size);
    chunks.push(chunk);
  }
  return concatenate(chunks, size);
}

/** The paths of a tree. @throws Unreadable when it cannot be listed */
export async function* listTree(tree: FileTree): AsyncGenerator<string> {
  try {
    yield* tree.list();
  } catch (cause) {
    throw new Unreadable('shard missing', `cannot list the files: ${wordsOf(cause)}`, { cause });
  }
}

/** The file at `path`. @throws Unreadable with `reason` when it is not there */
export async function openAt(tree: FileTree, path: string, reason: BrokenCause): Promise<ByteFile> {
  try {
    return await tree.open(path);
  } catch (cause) {
    throw new Unreadable(reason, `${path}: ${wordsOf(cause)}`, { cause });
  }
}

/** The picture at `path`. @throws Unreadable, `no image` when it is not there */
export async function readImageAt(
  images: FileTree,
  path: string,
  maxImageBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const file = await openAt(images, path, 'no image');
  try {
    return await readWhole(file, { bytes: maxImageBytes, reason: 'image too large' }, signal);
  } catch (error) {
    // Some trees find out only on reading that there is nothing to open.
    if (!(error instanceof Unreadable) || error.reason !== 'shard missing') throw error;
    throw new Unreadable('no image', error.message, { cause: error });
  }
}

export function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function missing(name: string, cause: unknown): Unreadable {
  return new Unreadable('shard missing', `${name}: cannot be opened: ${wordsOf(cause)}`, { cause });
}

function brokenOff(name: string, received: number, cause?: unknown): Unreadable {
  const why = cause === undefined ? '' : `: ${wordsOf(cause)}`;
  return new Unreadable('truncated', `${name}: breaks off after ${received} bytes${why}`, { cause });
}
