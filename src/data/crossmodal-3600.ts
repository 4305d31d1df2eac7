// Crossmodal-3600 (Thapliyal, Pont-Tuset, Chen, Soricut, EMNLP 2022), `captions.jsonl` → records, one for each picture
// and language: 3,600 pictures, 36 languages, about two captions each. Benchmarks differ: some take the first caption
// alone (CLIP_benchmark), some take all.

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { readImageAt } from './byte-file.ts';
import { assertTree, type Files, fileList, sourceOfFiles } from './file-source.ts';
import { isObject, type JsonObject } from './json.ts';
import { readJsonRows } from './jsonl.ts';
import { type BrokenRecord, broken, imageTextRecord } from './record.ts';
import { captionList, MAX_IMAGE_BYTES } from './sample.ts';
import type { ByteFile, FileTree, RecordReference, RecordSource } from './source.ts';
import { brokenReference, recordOrBroken, Unreadable } from './unreadable.ts';

/** As they are called in the file; mostly ISO 639-1. */
export const CROSSMODAL_LANGUAGES: readonly string[] = [
  'ar bn cs da de el en es fa fi fil fr he hi hr hu id it',
  'ja ko mi nl no pl pt quz ro ru sv sw te th tr uk vi zh',
].flatMap((row) => row.split(' '));

/** Where the pictures are, and which languages count. */
export interface Crossmodal3600Options {
  /** Where the pictures are. */
  readonly images: FileTree;
  /** Folder of that tree with `<key>.jpg`. Default `'images'`. */
  readonly folder?: string;
  /** Codes as in {@link CROSSMODAL_LANGUAGES}. Default: all 36. */
  readonly languages?: readonly string[];
  /** Default `'all'`. */
  readonly captions?: 'all' | 'first';
  /** Larger pictures are not read, 1 … 2^31 bytes, default 64 MiB. */
  readonly maxImageBytes?: number;
}

/**
 * Keys are `<picture>/<language>`; `fields` are the language, the picture's key and its locale.
 *
 * @throws ConfigError
 * @example readCrossmodal3600(file, { images: tree, languages: ['sw', 'te'], captions: 'first' });
 */
export function readCrossmodal3600(file: Files, options: Crossmodal3600Options): RecordSource {
  const door = 'readCrossmodal3600';
  const resolved = resolveOptions(door, options);
  return sourceOfFiles(fileList(door, file), (one, signal) => references(one, resolved, signal));
}

/** A picture with its captions in every language. */
export interface MultilingualReference {
  readonly key: string;
  /** By language; those that have none are absent. */
  readonly captions: Readonly<Record<string, readonly string[]>>;
  /** The encoded picture. Rejects only when aborted. */
  load(signal?: AbortSignal): Promise<Uint8Array | BrokenRecord>;
}

/** Pictures in their stored order. Reading twice gives the same. */
export interface MultilingualSource {
  readonly name: string;
  readonly languages: readonly string[];
  /** All of them; what cannot be read is a broken record. */
  references(signal?: AbortSignal): AsyncIterable<MultilingualReference | BrokenRecord>;
}

/**
 * The same file picture by picture, so that each is read once whatever the number of languages.
 *
 * @throws ConfigError
 * @example readCrossmodalPictures(diskFile('captions.jsonl'), { images: diskFolder('crossmodal-3600') });
 */
export function readCrossmodalPictures(file: Files, options: Crossmodal3600Options): MultilingualSource {
  const door = 'readCrossmodalPictures';
  const resolved = resolveOptions(door, options);
  const files = fileList(door, file);
  async function* references(signal?: AbortSignal): AsyncGenerator<MultilingualReference | BrokenRecord> {
    for (const one of files) {
      for await (const { number, row } of readJsonRows(one, signal)) {
        const place = `${one.name}:${number}`;
        if (row instanceof Unreadable) yield broken(place, row.reason, row.message);
        else if (typeof row['image/key'] !== 'string') yield broken(place, 'bad row', NO_KEY);
        else yield multilingualReference(row['image/key'], row, resolved);
      }
    }
  }
  return { name: files.map(({ name }) => name).join(' '), languages: resolved.languages, references };
}

const NO_KEY = 'no "image/key"';

/** @throws ConfigError */
function resolveOptions(door: string, options: Crossmodal3600Options): Required<Crossmodal3600Options> {
  refuseUnknown(door, options, ['images', 'folder', 'languages', 'captions', 'maxImageBytes']);
  const resolved = {
    images: options.images,
    folder: options.folder ?? 'images',
    languages: options.languages ?? CROSSMODAL_LANGUAGES,
    captions: options.captions ?? 'all',
    maxImageBytes: options.maxImageBytes ?? MAX_IMAGE_BYTES,
  };
  const { images, folder, languages, captions, maxImageBytes } = resolved;
  assertTree(door, 'images', images);
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  if (typeof folder !== 'string') {
    throw new ConfigError(`${door}: folder: expected a path in the tree, got ${describeValue(folder)}.`);
  }
  if (captions !== 'all' && captions !== 'first') {
    throw new ConfigError(`${door}: captions: expected "all" or "first", got ${describeValue(captions)}.`);
  }
  const unknown = [languages].flat().filter((code) => !CROSSMODAL_LANGUAGES.includes(code));
  if (!Array.isArray(languages) || languages.length === 0 || unknown.length > 0) {
    throw new ConfigError(
      `${door}: languages: expected some of ${CROSSMODAL_LANGUAGES.join(' ')}, got ${JSON.stringify(languages)}.`,
    );
  }
  return resolved;
}

async function* references(
  file: ByteFile,
  options: Required<Crossmodal3600Options>,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  for await (const { number, row } of readJsonRows(file, signal)) {
    const place = `${file.name}:${number}`;
    if (row instanceof Unreadable) {
      yield brokenReference(broken(place, row.reason, row.message));
    } else if (typeof row['image/key'] !== 'string') {
      yield brokenReference(broken(place, 'bad row', NO_KEY));
    } else {
      for (const language of options.languages)
        yield pictureReference(row['image/key'], language, row, options);
    }
  }
}

function pictureReference(
  image: string,
  language: string,
  row: JsonObject,
  options: Required<Crossmodal3600Options>,
): RecordReference {
  const key = `${image}/${language}`;
  const captions = captionsIn(row, language, options);
  if (captions === undefined) {
    return brokenReference(broken(key, 'no caption', `no captions in ${language}`));
  }
  const fields = { language, image, locale: row['image/locale'] };
  const load = async (signal?: AbortSignal) =>
    imageTextRecord(key, await readPicture(image, options, signal), captions, { fields });
  return { key, load: (signal) => recordOrBroken(key, () => load(signal)) };
}

function multilingualReference(
  key: string,
  row: JsonObject,
  options: Required<Crossmodal3600Options>,
): MultilingualReference {
  const entries = options.languages.flatMap((language) => {
    const captions = captionsIn(row, language, options);
    return captions === undefined ? [] : [[language, captions] as const];
  });
  return {
    key,
    captions: Object.fromEntries(entries),
    load: (signal) => recordOrBroken(key, () => readPicture(key, options, signal)),
  };
}

function captionsIn(
  row: JsonObject,
  language: string,
  { captions }: Required<Crossmodal3600Options>,
): readonly string[] | undefined {
  const said = row[language];
  const all = isObject(said) ? captionList(said.caption) : undefined;
  return captions === 'first' ? all?.slice(0, 1) : all;
}

function readPicture(
  key: string,
  { images, folder, maxImageBytes }: Required<Crossmodal3600Options>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return readImageAt(images, `${folder === '' ? '' : `${folder}/`}${key}.jpg`, maxImageBytes, signal);
}
