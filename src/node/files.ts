// Files read with progress and written so that an interruption never leaves half a file behind.

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ClippoError, DataError, messageOf } from '../errors.ts';
import type { ReadOptions } from '../platform.ts';

const CHUNK = 64 * 2 ** 20;

function toPath(path: string | URL): string {
  return path instanceof URL || path.startsWith('file:') ? fileURLToPath(path) : path;
}

/**
 * The bytes of a file, also of one larger than Node's 2 GiB limit for a single read, and of a pipe.
 *
 * @throws DataError when the file cannot be read, and the signal's reason when it is aborted
 */
export async function readFile(path: string | URL, options: ReadOptions = {}): Promise<Uint8Array> {
  const { signal } = options;
  signal?.throwIfAborted();
  const file = toPath(path);
  try {
    const handle = await open(file);
    try {
      const stats = await handle.stat();
      if (stats.isDirectory()) throw new Error('it is a folder');
      // A pipe or a device has no size to go by.
      if (!stats.isFile()) return await handle.readFile(signal ? { signal } : {});
      return await readWhole(handle, stats.size, options);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new DataError(`Cannot read ${file}: ${reasonOf(cause)} Give the path of a readable file.`, {
      cause,
    });
  }
}

async function readWhole(
  handle: FileHandle,
  size: number,
  { signal, onProgress }: ReadOptions,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let done = 0;
  while (done < size) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(bytes, done, Math.min(CHUNK, size - done), done);
    if (bytesRead === 0) throw new Error(`it shrank from ${size} to ${done} bytes while being read`);
    done += bytesRead;
    onProgress?.({ stage: 'read', done, total: size, unit: 'bytes' });
  }
  return bytes;
}

/**
 * Writes beside the target first and renames at the end, so that the old file survives a full disk, an abort
 * or a crash. A link is followed; a device or pipe is written as it is.
 *
 * @param chunks - asked for one at a time
 * @throws DataError when the file cannot be written, and the signal's reason when it is aborted. A ClippoError
 *   of `chunks` comes through as it is.
 */
export async function writeFile(
  path: string | URL,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const given = toPath(path);
  const file = await realpath(given).catch(() => given);
  const before = await stat(file).catch(() => undefined);
  const isSpecial = before !== undefined && !before.isFile();
  const target = isSpecial ? file : `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    if (before?.isDirectory()) throw new Error('it is a folder');
    const handle = isSpecial
      ? await open(target, 'w')
      : await open(target, 'wx', before && before.mode & 0o777);
    try {
      for await (const chunk of chunks) {
        signal?.throwIfAborted();
        await writeAll(handle, chunk);
      }
      if (!isSpecial) await handle.sync();
    } finally {
      await handle.close();
    }
    signal?.throwIfAborted();
    if (!isSpecial) await rename(target, file);
  } catch (cause) {
    // The first error is the one to tell.
    if (!isSpecial) await rm(target, { force: true }).catch(() => {});
    signal?.throwIfAborted();
    if (cause instanceof ClippoError) throw cause;
    const state = before?.isFile() ? ' What was there before is unchanged.' : '';
    throw new DataError(`Cannot write ${given}: ${reasonOf(cause)}${state}`, { cause });
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, offset, Math.min(CHUNK, chunk.length - offset));
    offset += bytesWritten;
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file or folder.',
  EACCES: 'permission denied.',
  EPERM: 'permission denied.',
  EROFS: 'the disk can only be read.',
  EISDIR: 'it is a folder.',
  ENOTDIR: 'a part of its path is not a folder.',
  ENOSPC: 'the disk is full.',
};

/** What went wrong, for people. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return REASONS[code] ?? `${messageOf(cause)}.`;
}
