// webdataset tar shards → records. A sample is a run of members with the same key; the key is the path up to the
// first dot of its last part, the extension the rest (webdataset's `tariterators.py`). Shards may be packed (.tar.gz).
// With random access only headers are read to find the samples; a stream is read as it comes.

import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { isGzip, isRandomAccess, openAt, type RandomAccessFile, readSlice, readStream } from './byte-file.ts';
import { sliceReader, streamReader } from './byte-reader.ts';
import { fileList, isTree, sourceOfFiles } from './file-source.ts';
import {
  isWanted,
  loadSample,
  type ResolvedSampleOptions,
  resolveSampleOptions,
  SAMPLE_OPTIONS,
  type SampleOptions,
  sizeLimit,
} from './sample.ts';
import { expandBraces, findShards } from './shard-glob.ts';
import type { ByteFile, FileTree, RecordReference, RecordSource } from './source.ts';
import { tarMembers } from './tar.ts';
import { recordOrBroken, untilUnreadable } from './unreadable.ts';

/** How {@link readWebDataset} reads shards. */
export interface WebDatasetOptions extends SampleOptions {
  /** Which files of a tree: `'train-{000..031}.tar'`, `'*.tar'`, or several such. Default `'*.tar'`. */
  readonly shards?: string | readonly string[];
}

/**
 * Image/text records out of webdataset shards, img2dataset's among them.
 *
 * @param shards - the files in the order to be read, or a tree to find them in
 * @throws ConfigError
 * @example
 * const source = readWebDataset([blobFile(await (await fetch('/000.tar')).blob(), '000.tar')]);
 * for await (const reference of source.references()) console.log((await reference.load()).key);
 */
export function readWebDataset(
  shards: ByteFile | readonly ByteFile[] | FileTree,
  options: WebDatasetOptions = {},
): RecordSource {
  const door = 'readWebDataset';
  refuseUnknown(door, options, [...SAMPLE_OPTIONS, 'shards']);
  const sample = resolveSampleOptions(door, options);
  if (isTree(shards)) {
    const patterns = [options.shards ?? '*.tar'].flat();
    for (const pattern of patterns) {
      if (typeof pattern !== 'string') {
        throw new ConfigError(`${door}: shards: expected patterns, got ${describeValue(pattern)}.`);
      }
      expandBraces(pattern); // says now what is wrong with it
    }
    return {
      name: patterns.join(' '),
      async *references(signal) {
        for (const name of patterns.flatMap(expandBraces)) {
          yield* untilUnreadable(name, ofName(shards, name, sample, signal));
        }
      },
    };
  }
  if (options.shards !== undefined) {
    throw new ConfigError(`${door}: shards names files of a tree, but the files themselves were given.`);
  }
  return sourceOfFiles(fileList(door, shards), (file, signal) => ofShard(file, sample, signal));
}

async function* ofName(
  tree: FileTree,
  name: string,
  options: ResolvedSampleOptions,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  for await (const path of findShards(tree, name)) {
    yield* untilUnreadable(path, ofPath(tree, path, options, signal));
  }
}

async function* ofPath(
  tree: FileTree,
  path: string,
  options: ResolvedSampleOptions,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  yield* ofShard(await openAt(tree, path, 'shard missing'), options, signal);
}

/** Where a member lies, or what is in it. */
interface Part {
  readonly start: number;
  readonly size: number;
  readonly bytes?: Uint8Array;
}

async function* ofShard(
  file: ByteFile,
  options: ResolvedSampleOptions,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const seekable = isRandomAccess(file) && !isGzip(file) ? file : undefined;
  const reader = seekable ? sliceReader(seekable) : streamReader(readStream(file, signal));
  let key = '';
  let parts = new Map<string, Part>();
  for await (const member of tarMembers(file.name, reader)) {
    signal?.throwIfAborted();
    const name = splitName(member.path);
    if (name === undefined) continue;
    // The same extension again is another sample, which happens where shards were put together.
    if (parts.size > 0 && (name.key !== key || parts.has(name.extension))) {
      yield sampleReference(key, parts, seekable, options);
      parts = new Map();
    }
    key = name.key;
    const { start, size } = member;
    const isKept =
      seekable === undefined &&
      isWanted(name.extension, options) &&
      size <= sizeLimit(name.extension, options);
    parts.set(name.extension, isKept ? { start, size, bytes: await member.bytes() } : { start, size });
  }
  // Where the shard breaks off, the sample it breaks off in is lost with it.
  if (parts.size > 0) yield sampleReference(key, parts, seekable, options);
}

function splitName(path: string): { key: string; extension: string } | undefined {
  if (/^(\.\/)?__[^/]*__([./]|$)/.test(path)) return undefined; // webdataset's own notes
  const match = /^((?:.*\/)?[^./]+)\.([^/]*)$/s.exec(path);
  return match === null ? undefined : { key: match[1]!, extension: match[2]!.toLowerCase() };
}

function sampleReference(
  key: string,
  parts: ReadonlyMap<string, Part>,
  file: RandomAccessFile | undefined,
  options: ResolvedSampleOptions,
): RecordReference {
  const sizes = new Map([...parts].map(([extension, { size }]) => [extension, size]));
  const load = (signal?: AbortSignal) => {
    signal?.throwIfAborted();
    const read = (extensions: readonly string[]) =>
      readParts(
        extensions.map((name) => parts.get(name)!),
        file,
      );
    return loadSample(key, { sizes, read }, options);
  };
  return { key, load: (signal) => recordOrBroken(key, () => load(signal)) };
}

/** Members of a sample are neighbours: unless much lies between them, one request fetches them all. */
const MAX_GAP = 64 * 1024;

async function readParts(parts: readonly Part[], file: RandomAccessFile | undefined): Promise<Uint8Array[]> {
  if (file === undefined) return parts.map((part) => part.bytes!); // kept, for they are wanted and not too large
  if (parts.length === 0) return [];
  const start = Math.min(...parts.map((part) => part.start));
  const end = Math.max(...parts.map((part) => part.start + part.size));
  const sum = parts.reduce((total, part) => total + part.size, 0);
  if (end - start > sum + MAX_GAP) {
    return Promise.all(parts.map((part) => readSlice(file, part.start, part.start + part.size)));
  }
  const bytes = await readSlice(file, start, end);
  return parts.map((part) => bytes.subarray(part.start - start, part.start - start + part.size));
}
