// Files, and how one of them is read → a RecordSource. What ends the reading of one file does not end the others.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { ByteFile, FileTree, RecordReference, RecordSource } from './source.ts';
import { untilUnreadable } from './unreadable.ts';

/** One file or several, read in this order. */
export type Files = ByteFile | readonly ByteFile[];

/**
 * @param door - the function that was called, as it stands in messages
 * @throws ConfigError when these are no files
 */
export function fileList(door: string, files: Files): ByteFile[] {
  const list = [files].flat() as ByteFile[]; // flat() does not know that files are no lists
  for (const file of list) assertFile(door, file);
  if (list.length === 0) throw new ConfigError(`${door}: expected at least one file, got an empty list.`);
  return list;
}

/** @param referencesIn - throws Unreadable where it cannot go on */
export function sourceOfFiles(
  files: readonly ByteFile[],
  referencesIn: (file: ByteFile, signal?: AbortSignal) => AsyncIterable<RecordReference>,
): RecordSource {
  return {
    name: nameOf(files),
    async *references(signal) {
      for (const file of files) yield* untilUnreadable(file.name, referencesIn(file, signal));
    },
  };
}

/** @throws ConfigError */
export function assertFile(door: string, file: ByteFile): void {
  if (typeof file?.stream === 'function' && typeof file.name === 'string') return;
  throw new ConfigError(
    `${door}: expected a ByteFile, with a name and stream(), got ${describeValue(file)}. In a browser: blobFile(blob).`,
  );
}

export function isTree(value: unknown): value is FileTree {
  const { list, open } = (value ?? {}) as Partial<FileTree>; // asked for below
  return typeof list === 'function' && typeof open === 'function';
}

/** @throws ConfigError */
export function assertTree(door: string, name: string, value: unknown): void {
  if (isTree(value)) return;
  throw new ConfigError(
    `${door}: ${name}: expected a FileTree, with list() and open(path), got ${describeValue(value)}.`,
  );
}

function nameOf(files: readonly ByteFile[]): string {
  const [first] = files;
  return files.length === 1 ? first!.name : `${first!.name} and ${files.length - 1} more`;
}
