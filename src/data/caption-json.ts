// JSON files that name pictures and their captions → records, one a picture with all its captions: COCO's
// `captions_val2014.json`, the Karpathy splits (`dataset_coco.json`, `dataset_flickr30k.json`).

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { readImageAt } from './byte-file.ts';
import { assertTree, type Files, fileList, sourceOfFiles } from './file-source.ts';
import { type JsonObject, objectsIn, readJsonDocument } from './json.ts';
import { broken, imageTextRecord } from './record.ts';
import { MAX_IMAGE_BYTES } from './sample.ts';
import type { ByteFile, FileTree, RecordReference, RecordSource } from './source.ts';
import { brokenReference, recordOrBroken, Unreadable } from './unreadable.ts';

/** Where the pictures of a JSON file of captions are, and how many captions count. */
export interface CaptionJsonOptions {
  /** Where the pictures are. */
  readonly images: FileTree;
  /** Folder of that tree the paths in the file begin in, e.g. `'val2014'`. Default: its root. */
  readonly folder?: string;
  /** Captions kept of a picture, 1 …; the benchmarks keep 5, some pictures have 7. Default: all. */
  readonly maxCaptions?: number;
  /** Larger pictures are not read, 1 … 2^31 bytes, default 64 MiB. */
  readonly maxImageBytes?: number;
}

/** The same for the files of Karpathy, which hold several splits. */
export interface KarpathyOptions extends CaptionJsonOptions {
  /** `'train'`, `'restval'`, `'val'`, `'test'`; training commonly takes train and restval. Default: all. */
  readonly splits?: readonly string[];
}

const OPTIONS = ['images', 'folder', 'maxCaptions', 'maxImageBytes'];
const SPLITS = ['train', 'restval', 'val', 'test'];

/**
 * `{images: [{id, file_name}], annotations: [{image_id, caption}]}`, in the order of the images.
 *
 * @throws ConfigError
 * @example readCocoCaptions(file, { images: tree, folder: 'val2014', maxCaptions: 5 });
 */
export function readCocoCaptions(file: Files, options: CaptionJsonOptions): RecordSource {
  refuseUnknown('readCocoCaptions', options, OPTIONS);
  const resolved = resolve('readCocoCaptions', options);
  return sourceOfFiles(fileList('readCocoCaptions', file), (one, signal) =>
    cocoImages(one, resolved, signal),
  );
}

/**
 * `{images: [{filename, filepath?, split, sentences: [{raw}]}]}`, in stored order.
 *
 * @throws ConfigError
 * @example readKarpathy(file, { images: tree, splits: ['test'], maxCaptions: 5 });
 */
export function readKarpathy(file: Files, options: KarpathyOptions): RecordSource {
  refuseUnknown('readKarpathy', options, [...OPTIONS, 'splits']);
  const { splits = SPLITS, ...rest } = options;
  if (!Array.isArray(splits) || splits.length === 0 || !splits.every((split) => SPLITS.includes(split))) {
    throw new ConfigError(
      `readKarpathy: splits: expected some of ${SPLITS.join(', ')}, got ${JSON.stringify(splits)}.`,
    );
  }
  const resolved = resolve('readKarpathy', rest);
  return sourceOfFiles(fileList('readKarpathy', file), (one, signal) =>
    karpathyImages(one, splits, resolved, signal),
  );
}

type Resolved = Required<CaptionJsonOptions>;

function resolve(door: string, options: CaptionJsonOptions): Resolved {
  const { images, folder = '', maxCaptions = Infinity, maxImageBytes = MAX_IMAGE_BYTES } = options;
  assertTree(door, 'images', images);
  if (typeof folder !== 'string') {
    throw new ConfigError(`${door}: folder: expected a path in the tree, got ${describeValue(folder)}.`);
  }
  if (maxCaptions !== Infinity) assertNumber(door, 'maxCaptions', maxCaptions, 1, Infinity);
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  return { images, folder, maxCaptions, maxImageBytes };
}

async function* cocoImages(
  file: ByteFile,
  options: Resolved,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const document = await readJsonDocument(file, signal);
  requireList(file, document, 'images');
  requireList(file, document, 'annotations');
  const captions = new Map<string, string[]>(); // ids are numbers, and strings in some that follow COCO
  for (const { image_id, caption } of objectsIn(document.annotations)) {
    if (typeof caption !== 'string') continue;
    const list = captions.get(String(image_id));
    if (list === undefined) captions.set(String(image_id), [caption]);
    else list.push(caption);
  }
  for (const image of objectsIn(document.images)) {
    const { id, file_name: path } = image;
    const key = String(id);
    yield pictureReference(key, path, captions.get(key) ?? [], { id }, options);
    captions.delete(key);
  }
  for (const id of captions.keys()) {
    yield brokenReference(
      broken(id, 'no image', `${file.name}: captions of a picture that it does not list`),
    );
  }
}

async function* karpathyImages(
  file: ByteFile,
  splits: readonly string[],
  options: Resolved,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const document = await readJsonDocument(file, signal);
  requireList(file, document, 'images');
  for (const image of objectsIn(document.images)) {
    const { filename, filepath, split, cocoid, imgid, sentences } = image;
    if (!splits.includes(String(split))) continue;
    const captions = objectsIn(sentences).flatMap(({ raw }) => (typeof raw === 'string' ? [raw] : []));
    const path = typeof filepath === 'string' ? `${filepath}/${String(filename)}` : filename;
    const fields = { split, imgid, ...(cocoid !== undefined && { cocoid }) };
    yield pictureReference(String(cocoid ?? imgid), path, captions, fields, options);
  }
}

function requireList(file: ByteFile, document: JsonObject, name: string): void {
  if (Array.isArray(document[name])) return;
  throw new Unreadable(
    'corrupt',
    `${file.name}: expected a list called "${name}", got ${describeValue(document[name])}.`,
  );
}

function pictureReference(
  key: string,
  path: unknown,
  captions: readonly string[],
  fields: JsonObject,
  { images, folder, maxCaptions, maxImageBytes }: Resolved,
): RecordReference {
  if (typeof path !== 'string' || path === '') {
    return brokenReference(broken(key, 'no image', 'the entry has no file name'));
  }
  const kept = captions.slice(0, maxCaptions);
  if (kept.length === 0) return brokenReference(broken(key, 'no caption', `${path} has none`));
  const place = folder === '' ? path : `${folder}/${path}`;
  const load = async (signal?: AbortSignal) =>
    imageTextRecord(key, await readImageAt(images, place, maxImageBytes, signal), kept, { fields });
  return { key, load: (signal) => recordOrBroken(key, () => load(signal)) };
}
