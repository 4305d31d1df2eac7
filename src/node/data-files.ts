// Files and folders of the disk → ByteFile and FileTree, the contracts that readers of data know.

import { type Dirent, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import {
  type ByteFile,
  expandBraces,
  type FileTree,
  openSource,
  type RecordSource,
  type SourceDescription,
} from '../data/index.ts';
import { DataError, messageOf } from '../errors.ts';

const CHUNK = 2 ** 20;

/**
 * A file of the disk, with random access. One that is not there is told by the reader, as a missing shard.
 *
 * @example const source = readJsonl(diskFile('captions.jsonl'), { images: diskFolder('pictures') });
 */
export function diskFile(path: string): ByteFile {
  const stats = statSync(path, { throwIfNoEntry: false });
  const stream = (signal?: AbortSignal) => streamFile(path, signal);
  // Pipes and devices have neither a size nor a place to go back to.
  if (stats === undefined || !stats.isFile()) return { name: path, stream };
  return { name: path, size: stats.size, stream, slice: (start, end) => readSlice(path, start, end) };
}

/**
 * Files by pattern: braces as in `train-{000..031}.tar`, and in the last part of a path `*` and `?`.
 *
 * @returns in the order of the pattern, those that match `*` sorted
 * @throws DataError when nothing matches, ConfigError when a brace has no partner
 */
export function diskFiles(patterns: string | readonly string[], folder = '.'): ByteFile[] {
  const paths = [patterns].flat().flatMap(expandBraces);
  return paths.flatMap((path) => matching(resolve(folder, path))).map(diskFile);
}

function matching(path: string): string[] {
  const name = basename(path);
  if (!/[*?]/.test(name)) return [path];
  const escaped = name.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  const pattern = new RegExp(`^${escaped.replace(/\*+/g, '.*').replaceAll('?', '.')}$`, 's');
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch (cause) {
    throw new DataError(`${path}: the folder cannot be read: ${messageOf(cause)}`, { cause });
  }
  const found = names.filter((each) => pattern.test(each)).sort();
  if (found.length === 0) throw new DataError(`${path}: no file matches. Look for a typing error.`);
  return found.map((each) => join(dirname(path), each));
}

/**
 * A folder with all below it. Links are followed; what lies outside of it cannot be opened.
 *
 * @example const source = readImageFolder(diskFolder('pictures'));
 */
export function diskFolder(root: string): FileTree {
  return {
    async *list() {
      const paths: string[] = [];
      await walk(root, '', paths, new Set());
      yield* paths.sort();
    },
    async open(path) {
      const file = resolve(root, path);
      const inside = relative(resolve(root), file);
      if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
        throw new DataError(`${path}: lies outside of ${root}. Give a folder that holds it.`);
      }
      const { size } = await stat(file);
      return {
        name: path,
        size,
        stream: (signal) => streamFile(file, signal),
        slice: (start, end) => readSlice(file, start, end),
      };
    },
  };
}

/** A source as plain JSON → the source, from the disk. @param folder - where relative paths begin */
export function openDiskSource(description: SourceDescription, folder = '.'): RecordSource {
  return openSource(description, {
    files: (patterns) => diskFiles(patterns, folder),
    folder: (path) => diskFolder(resolve(folder, path)),
  });
}

/** @param entered - folders on the way here, so that a link upwards does not lead round in circles */
async function walk(
  root: string,
  folder: string,
  paths: string[],
  entered: ReadonlySet<string>,
): Promise<void> {
  const place = await realpath(join(root, folder));
  if (entered.has(place)) return;
  const below = new Set([...entered, place]);
  for (const entry of await readdir(place, { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const kind = await kindOf(entry, join(root, path));
    if (kind === 'file') paths.push(path);
    else if (kind === 'folder') await walk(root, path, paths, below);
  }
}

async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | undefined> {
  const stats = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  if (stats?.isFile()) return 'file';
  return stats?.isDirectory() ? 'folder' : undefined;
}

async function* streamFile(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = new Uint8Array(CHUNK);
      const { bytesRead } = await handle.read(chunk, 0, CHUNK);
      if (bytesRead === 0) return;
      // A short read is copied: a view would keep a megabyte for a caption.
      yield bytesRead > CHUNK / 2 ? chunk.subarray(0, bytesRead) : chunk.slice(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function readSlice(path: string, start: number, end: number): Promise<Uint8Array> {
  const { handle, release } = borrow(path);
  try {
    const bytes = new Uint8Array(end - start);
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await (await handle).read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    release();
  }
}

/** An open file that is kept for the next slice: opening takes longer than reading a header of a tar. */
interface Borrowed {
  readonly handle: Promise<FileHandle>;
  users: number;
  isKept: boolean;
}

const MAX_KEPT = 16;
const kept = new Map<string, Borrowed>();

function borrow(path: string): { handle: Promise<FileHandle>; release: () => void } {
  const file = kept.get(path) ?? { handle: open(path), users: 0, isKept: true };
  file.users++;
  // A Map keeps its order: the first is the one that was not used for longest.
  kept.delete(path);
  kept.set(path, file);
  for (const [oldest, { users }] of kept) {
    if (kept.size <= MAX_KEPT) break;
    if (users === 0) drop(oldest);
  }
  const release = (): void => {
    file.users--;
    if (file.users === 0 && !file.isKept) close(file);
  };
  file.handle.catch(() => drop(path)); // it may be there another time
  return { handle: file.handle, release };
}

function drop(path: string): void {
  const file = kept.get(path);
  if (file === undefined) return;
  kept.delete(path);
  file.isKept = false;
  if (file.users === 0) close(file);
}

function close({ handle }: Borrowed): void {
  handle.then((opened) => opened.close()).catch(() => {}); // nothing was written, so nothing is lost
}
