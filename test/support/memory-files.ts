// Files and folders in memory, behind the contracts of src/data/source.ts.

import type { ByteFile, FileTree, RecordReference, RecordSource } from '../../src/data/index.ts';
import type { BrokenRecord, DataRecord } from '../../src/data/record.ts';

export interface MemoryFileOptions {
  /** Bytes handed out at a time. Default 64 KiB. */
  readonly chunk?: number;
  /** Whether it has a size and random access. Default true. */
  readonly seekable?: boolean;
}

const encoder = new TextEncoder();

export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? encoder.encode(content) : content;
}

export function memoryFile(
  name: string,
  content: string | Uint8Array,
  { chunk = 2 ** 16, seekable = true }: MemoryFileOptions = {},
): ByteFile {
  const bytes = bytesOf(content);
  async function* stream(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) {
      signal?.throwIfAborted();
      yield bytes.slice(at, at + chunk);
    }
  }
  if (!seekable) return { name, stream };
  return { name, size: bytes.length, stream, slice: async (start, end) => bytes.slice(start, end) };
}

export function memoryTree(
  files: Readonly<Record<string, string | Uint8Array>>,
  options?: MemoryFileOptions,
): FileTree {
  return {
    async *list() {
      yield* Object.keys(files).sort();
    },
    async open(path) {
      const content = files[path];
      if (content === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
      return memoryFile(path, content, options);
    },
  };
}

export async function referencesOf(source: RecordSource, signal?: AbortSignal): Promise<RecordReference[]> {
  const references: RecordReference[] = [];
  for await (const reference of source.references(signal)) references.push(reference);
  return references;
}

/** All records, loaded in order after all references were found, as a shuffle buffer would. */
export async function recordsOf(source: RecordSource): Promise<(DataRecord | BrokenRecord)[]> {
  const records: (DataRecord | BrokenRecord)[] = [];
  for (const reference of await referencesOf(source)) records.push(await reference.load());
  return records;
}

/** Records in a line each: what a test compares with. */
export async function summaryOf(source: RecordSource): Promise<string[]> {
  return (await recordsOf(source)).map((record) => {
    if (record.kind === 'broken') return `${record.key}: ${record.cause}`;
    const texts = record.kind === 'image-text' ? record.captions : record.texts;
    const image =
      record.kind === 'image-text'
        ? ` [${record.images.map((image) => new TextDecoder().decode(image)).join(' ')}]`
        : '';
    return `${record.key}${image} ${texts.join(' | ')}`;
  });
}
