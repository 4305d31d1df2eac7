// A folder of pictures → records. Captions lie beside the pictures (dog.jpg, dog.txt, dog.json: img2dataset's `files`
// output too), or in one table of paths and captions (captions.tsv, Hugging Face's metadata.jsonl).

import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { listTree, openAt, readImageAt, readStream, readWhole } from './byte-file.ts';
import { readCsvRows } from './csv.ts';
import { assertTree } from './file-source.ts';
import { readJsonRows } from './jsonl.ts';
import { readLines } from './lines.ts';
import { broken, imageTextRecord } from './record.ts';
import { type ResolvedRowOptions, resolveRowOptions } from './row.ts';
import {
  captionList,
  isPicture,
  isWanted,
  loadSample,
  type ResolvedSampleOptions,
  resolveSampleOptions,
  SAMPLE_OPTIONS,
  type SampleOptions,
  sizeLimit,
} from './sample.ts';
import type { ByteFile, FileTree, RecordReference, RecordSource } from './source.ts';
import { brokenReference, recordOrBroken, Unreadable, untilUnreadable } from './unreadable.ts';

/** How {@link readImageFolder} finds the captions. */
export interface ImageFolderOptions extends SampleOptions {
  /**
   * A table in the tree, `.tsv`, `.csv` or `.jsonl`, with a column of paths and one of captions; a picture may have
   * several rows. Default: captions.tsv, captions.csv, captions.jsonl, metadata.csv or metadata.jsonl where the root
   * has one, else the files beside the pictures.
   */
  readonly table?: string;
}

const TABLE = /^(captions\.(tsv|csv|jsonl)|metadata\.(csv|jsonl))$/;

/**
 * @param tree - pictures in folders of any depth; the key of a record is the path without its extension
 * @throws ConfigError
 * @example readImageFolder(tree, { captions: [{ extension: 'txt', perLine: true }] });
 */
export function readImageFolder(tree: FileTree, options: ImageFolderOptions = {}): RecordSource {
  const door = 'readImageFolder';
  assertTree(door, 'tree', tree);
  refuseUnknown(door, options, [...SAMPLE_OPTIONS, 'table']);
  const { table, ...rest } = options;
  const sample = resolveSampleOptions(door, rest);
  if (table !== undefined && !/\.(tsv|csv|jsonl)$/i.test(String(table))) {
    throw new ConfigError(
      `${door}: table: expected a .tsv, .csv or .jsonl file, got ${describeValue(table)}.`,
    );
  }
  if (table !== undefined && options.captions !== undefined) {
    throw new ConfigError(`${door}: captions are either in a table or beside the pictures; leave out one.`);
  }
  const name = table ?? 'image folder';
  async function* references(signal?: AbortSignal): AsyncGenerator<RecordReference> {
    const paths: string[] = [];
    for await (const path of listTree(tree)) paths.push(path);
    const found =
      table ?? (options.captions === undefined ? paths.find((path) => TABLE.test(path)) : undefined);
    if (found === undefined) yield* besidePictures(tree, paths, sample);
    else yield* ofTable(tree, paths, found, sample, signal);
  }
  return { name, references: (signal) => untilUnreadable(name, references(signal)) };
}

function* besidePictures(
  tree: FileTree,
  paths: readonly string[],
  options: ResolvedSampleOptions,
): Generator<RecordReference> {
  const samples = new Map<string, Map<string, string>>(); // key → extension → path
  for (const path of paths) {
    const { key, extension } = splitPath(path);
    if (!isWanted(extension, options)) continue;
    const files = samples.get(key) ?? new Map();
    samples.set(key, files.set(extension, path));
  }
  for (const [key, files] of samples) {
    // A lone dataset.json says nothing about a picture.
    if (files.size === 1 && files.has('json') && !options.images.includes('json')) continue;
    yield { key, load: (signal) => recordOrBroken(key, () => load(key, files, signal)) };
  }

  function load(key: string, files: ReadonlyMap<string, string>, signal?: AbortSignal) {
    const readOne = async (extension: string): Promise<Uint8Array> => {
      const isImage = isPicture(extension, options);
      const bytes = sizeLimit(extension, options);
      if (isImage) return readImageAt(tree, files.get(extension)!, bytes, signal);
      const file = await openAt(tree, files.get(extension)!, 'no caption');
      return readWhole(file, { bytes, reason: 'caption too long' }, signal);
    };
    const sizes = new Map([...files.keys()].map((extension) => [extension, undefined]));
    return loadSample(key, { sizes, read: (extensions) => Promise.all(extensions.map(readOne)) }, options);
  }
}

async function* ofTable(
  tree: FileTree,
  paths: readonly string[],
  table: string,
  options: ResolvedSampleOptions,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const file = await openAt(tree, table, 'shard missing');
  const columns = resolveRowOptions('readImageFolder', {});
  const captions = new Map<string, string[]>();
  for await (const { number, row } of rowsOf(file, table, options, signal)) {
    const place = `${table}:${number}`;
    if (row instanceof Unreadable) {
      yield brokenReference(broken(place, row.reason, row.message));
      continue;
    }
    const { path, texts } = entryOf(row, columns);
    if (path === undefined) yield brokenReference(broken(place, 'no image', 'no column has a path'));
    else if (texts === undefined)
      yield brokenReference(broken(place, 'no caption', 'no column has a caption'));
    else if (captions.has(path)) captions.get(path)!.push(...texts);
    else captions.set(path, [...texts]);
  }
  for (const path of paths) {
    const { key, extension } = splitPath(path);
    if (!options.images.includes(extension)) continue;
    const texts = captions.get(path);
    captions.delete(path);
    if (texts === undefined) {
      yield brokenReference(broken(key, 'no caption', `${table} does not name ${path}`));
      continue;
    }
    const load = async (abort?: AbortSignal) =>
      imageTextRecord(key, await readImageAt(tree, path, options.maxImageBytes, abort), texts);
    yield { key, load: (abort) => recordOrBroken(key, () => load(abort)) };
  }
  for (const path of captions.keys()) {
    yield brokenReference(broken(path, 'no image', `${table} names it, and it is not there`));
  }
}

async function* rowsOf(
  file: ByteFile,
  table: string,
  options: ResolvedSampleOptions,
  signal?: AbortSignal,
): AsyncGenerator<{ number: number; row: Readonly<Record<string, unknown>> | Unreadable }> {
  if (/\.jsonl$/i.test(table)) return yield* readJsonRows(file, signal);
  // A first line that names a picture is no header.
  for await (const { bytes } of readLines(file.name, readStream(file, signal))) {
    const [first = ''] = new TextDecoder().decode(bytes).split(/[\t,]/, 1);
    const isHeader = !options.images.includes(splitPath(first.replace(/"$/, '')).extension);
    return yield* readCsvRows(file, isHeader ? {} : { columns: ['image', 'caption'] }, signal);
  }
}

function entryOf(
  row: Readonly<Record<string, unknown>>,
  columns: ResolvedRowOptions,
): { path: string | undefined; texts: string[] | undefined } {
  const path = columns.image.map((column) => row[column]).find((value) => typeof value === 'string');
  const texts = columns.caption.map((column) => captionList(row[column])).find((list) => list !== undefined);
  return { path: path?.replace(/^(\.\/)+/, ''), texts };
}

function splitPath(path: string): { key: string; extension: string } {
  const dot = path.lastIndexOf('.');
  if (dot <= path.lastIndexOf('/')) return { key: path, extension: '' };
  return { key: path.slice(0, dot), extension: path.slice(dot + 1).toLowerCase() };
}
