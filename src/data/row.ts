// A row of named values, be it from JSON lines, CSV or Parquet → one record. Which column is what is decided here.

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue } from '../options.ts';
import { readImageAt } from './byte-file.ts';
import { assertTree } from './file-source.ts';
import { isObject } from './json.ts';
import { type BrokenRecord, broken, type DataRecord, imageTextRecord, textTextRecord } from './record.ts';
import { captionList, failedDownload, MAX_IMAGE_BYTES } from './sample.ts';
import type { FileTree, RecordReference } from './source.ts';
import { recordOrBroken, Unreadable } from './unreadable.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Which columns of a table hold what. */
export interface RowOptions {
  /**
   * Column of the picture: a path below `images`, a `data:` URL, bytes, or `{ bytes, path }` as Hugging Face stores it.
   * Default: the first there is of `image`, `filepath`, `file_name`, `image_path`, `path`, `jpg`, `png`, `webp`.
   */
  readonly image?: string;
  /** Column of the caption or list of captions. Default: `caption`, `captions`, `title`, `text`, `sentences`. */
  readonly caption?: string;
  /** Two columns of text, for text/text records; then neither `image` nor `caption`. */
  readonly texts?: readonly [string, string];
  /** Where paths of pictures are looked up. */
  readonly images?: FileTree;
  /** Column of the key. Default: `key` or `id` where there is one, else `<file>:<row>`, from 1. */
  readonly key?: string;
  /** Further columns to keep in the record's `fields`. Default none. */
  readonly fields?: readonly string[];
  /** Larger pictures are not read, 1 … 2^31 bytes, default 64 MiB. */
  readonly maxImageBytes?: number;
}

export const ROW_OPTIONS = ['image', 'caption', 'texts', 'images', 'key', 'fields', 'maxImageBytes'];

export interface ResolvedRowOptions {
  /** Columns in the order they are tried. */
  readonly image: readonly string[];
  readonly caption: readonly string[];
  readonly texts: readonly [string, string] | undefined;
  readonly images: FileTree | undefined;
  readonly key: readonly string[];
  readonly fields: readonly string[];
  readonly maxImageBytes: number;
}

/** Of open_clip, Hugging Face, and img2dataset when it writes Parquet. */
const IMAGE_COLUMNS = ['image', 'filepath', 'file_name', 'image_path', 'path', 'jpg', 'png', 'webp'];
const CAPTION_COLUMNS = ['caption', 'captions', 'title', 'text', 'sentences'];

/** @throws ConfigError */
export function resolveRowOptions(door: string, options: RowOptions): ResolvedRowOptions {
  const { image, caption, texts, images, key, fields = [], maxImageBytes = MAX_IMAGE_BYTES } = options;
  for (const [name, value] of Object.entries({ image, caption, key })) {
    if (value !== undefined && typeof value !== 'string') throw notAColumn(door, name, value);
  }
  for (const [name, value] of Object.entries({ texts, fields })) {
    const isList = Array.isArray(value) && value.every((column) => typeof column === 'string');
    if (value !== undefined && !isList) throw notAColumn(door, name, value);
  }
  if (texts !== undefined && texts.length !== 2) {
    throw new ConfigError(`${door}: texts: expected two columns, got ${texts.length}.`);
  }
  const extra = Object.entries({ image, caption, images }).filter(([, value]) => value !== undefined);
  if (texts !== undefined && extra.length > 0) {
    const names = extra.map(([name]) => name).join(', ');
    throw new ConfigError(`${door}: texts makes records without pictures; leave out ${names}, or texts.`);
  }
  if (images !== undefined) assertTree(door, 'images', images);
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  return {
    image: image === undefined ? IMAGE_COLUMNS : [image],
    caption: caption === undefined ? CAPTION_COLUMNS : [caption],
    texts,
    images,
    key: key === undefined ? ['key', 'id'] : [key],
    fields,
    maxImageBytes,
  };
}

function notAColumn(door: string, name: string, value: unknown): ConfigError {
  return new ConfigError(`${door}: ${name}: expected the name of a column, got ${describeValue(value)}.`);
}

/** All columns that may have a part in a record. */
export function columnsOf(options: ResolvedRowOptions): string[] {
  const { image, caption, texts, key, fields } = options;
  return [...key, ...fields, ...(texts ?? [...image, ...caption, 'status', 'error_message'])];
}

/** Keeps of a row what its record needs. @param place - file and number of the row */
export function rowReference(row: Row, place: string, options: ResolvedRowOptions): RecordReference {
  const key = rowKey(row, place, options);
  const kept: Record<string, unknown> = {};
  for (const column of columnsOf(options)) if (isGiven(row[column])) kept[column] = row[column];
  return { key, load: (signal) => recordOrBroken(key, () => loadRow(key, kept, options, signal)) };
}

export function rowKey(row: Row, place: string, options: ResolvedRowOptions): string {
  const value = options.key.map((column) => row[column]).find(isGiven);
  return ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : place;
}

/** @throws Unreadable, and ConfigError when a path has to be looked up and there is no `images` */
export async function loadRow(
  key: string,
  row: Row,
  options: ResolvedRowOptions,
  signal?: AbortSignal,
): Promise<DataRecord | BrokenRecord> {
  signal?.throwIfAborted();
  const kept = options.fields.filter((column) => isGiven(row[column]));
  const fields =
    kept.length > 0 ? Object.fromEntries(kept.map((column) => [column, row[column]])) : undefined;

  if (options.texts !== undefined) {
    const [first, second] = options.texts.map((column) => captionsIn(row[column])?.[0]);
    if (first === undefined || second === undefined) {
      return broken(key, 'no caption', `looked for ${options.texts.join(' and ')}`);
    }
    return textTextRecord(key, first, second, fields);
  }

  const image = options.image.map((column) => row[column]).find(isGiven);
  if (image === undefined || image === '') {
    return failedDownload(key, row) ?? broken(key, 'no image', `looked for ${options.image.join(', ')}`);
  }
  const captions = options.caption.map((column) => captionsIn(row[column])).find((list) => list);
  if (captions === undefined) return broken(key, 'no caption', `looked for ${options.caption.join(', ')}`);
  return imageTextRecord(key, await imageIn(image, options, signal), captions, { fields });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Parquet files do not always say that their bytes are text; where a label is the caption, it may be a number. */
function captionsIn(value: unknown): string[] | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  return captionList(value instanceof Uint8Array ? new TextDecoder().decode(value) : value);
}

async function imageIn(
  value: unknown,
  options: ResolvedRowOptions,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (value instanceof Uint8Array) {
    if (value.length <= options.maxImageBytes) return value;
    throw new Unreadable(
      'image too large',
      `${value.length} bytes, at most ${options.maxImageBytes} are read`,
    );
  }
  if (typeof value === 'string') {
    const base64 = /^data:[^,]*;base64,/i.exec(value);
    if (base64 !== null) return imageIn(parseBase64(value.slice(base64[0].length)), options, signal);
    if (options.images === undefined) {
      throw new ConfigError(
        `images: the picture is called ${describeValue(value)}, and there is no tree of files to look it up in. Give { images }.`,
      );
    }
    return readImageAt(options.images, value, options.maxImageBytes, signal);
  }
  if (isObject(value)) {
    const inner = [value.bytes, value.path].find(isGiven);
    if (inner instanceof Uint8Array || typeof inner === 'string') return imageIn(inner, options, signal);
  }
  throw new Unreadable('no image', `expected a path, a data: URL or bytes, got ${describeValue(value)}`);
}

function parseBase64(base64: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(base64);
  } catch (cause) {
    throw new Unreadable('corrupt', 'the data: URL is no base64', { cause });
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
