// Files that share a name (`dog.jpg`, `dog.txt`, `dog.json`) → one record. Which of them is the picture and where the
// captions are is decided here, for tar shards and for folders alike.

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { type JsonObject, parseJsonObject } from './json.ts';
import { type BrokenRecord, broken, type ImageTextRecord, imageTextRecord } from './record.ts';

/** One place where captions may be. */
export interface CaptionPlace {
  /** Of the file, e.g. `'txt'`. `'json'` is parsed; any other is text. */
  readonly extension: string;
  /** Of a JSON object: a string or a list of strings. */
  readonly field?: string;
  /** Of a text file: every line is a caption, rather than the file as a whole. Default false. */
  readonly perLine?: boolean;
  /**
   * How often a caption of this place is drawn against those of the others, above 0, shared among its captions: ten
   * keywords of one list count as much together as one name. Once any place has a weight, captions of all places that
   * are there are taken, and places without one weigh 1.
   */
  readonly weight?: number;
}

/** Which files of a sample hold what. */
export interface SampleOptions {
  /**
   * Places of captions; the first that is there is taken, or, where places have weights, all of them. Default: `.txt`,
   * then `caption` and `captions` of `.json`.
   */
  readonly captions?: readonly CaptionPlace[];
  /**
   * Extensions of pictures, the first that is there is taken. A sample may have several pictures of it, with names
   * between: `dog.left.png`, `dog.right.png`. Default: the usual ones.
   */
  readonly images?: readonly string[];
  /** Larger pictures are not read, 1 … 2^31 bytes, default 64 MiB. */
  readonly maxImageBytes?: number;
}

export type ResolvedSampleOptions = Required<SampleOptions>;

export const IMAGE_EXTENSIONS: readonly string[] = [
  ...['jpg', 'jpeg', 'jpe', 'png', 'webp', 'gif', 'bmp', 'avif', 'heic', 'tif', 'tiff', 'jxl', 'svg'],
];

export const MAX_IMAGE_BYTES = 64 * 2 ** 20;

/** Of a caption file: enough for a caption of a million characters in any script, or for many. */
export const MAX_TEXT_BYTES = 4 * 2 ** 20;

const SAMPLE_DEFAULTS: ResolvedSampleOptions = {
  captions: [
    { extension: 'txt' },
    { extension: 'json', field: 'caption' },
    { extension: 'json', field: 'captions' },
  ],
  images: IMAGE_EXTENSIONS,
  maxImageBytes: MAX_IMAGE_BYTES,
};

export const SAMPLE_OPTIONS = Object.keys(SAMPLE_DEFAULTS);

/** @throws ConfigError */
export function resolveSampleOptions(door: string, options: SampleOptions): ResolvedSampleOptions {
  const {
    captions = SAMPLE_DEFAULTS.captions,
    images = SAMPLE_DEFAULTS.images,
    maxImageBytes = SAMPLE_DEFAULTS.maxImageBytes,
  } = options;
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  if (!Array.isArray(images) || images.length === 0 || !images.every(isExtension)) {
    throw new ConfigError(
      `${door}: images: expected extensions without a leading dot, e.g. ['jpg', 'png'], got ${JSON.stringify(images)}.`,
    );
  }
  if (!Array.isArray(captions) || captions.length === 0) {
    throw new ConfigError(`${door}: captions: expected a list of places, got ${describeValue(captions)}.`);
  }
  for (const place of captions) checkPlace(door, place);
  return { captions, images: images.map((extension) => extension.toLowerCase()), maxImageBytes };
}

function isExtension(value: unknown): boolean {
  return typeof value === 'string' && /^[^./][^/]*$/.test(value);
}

function checkPlace(door: string, place: CaptionPlace): void {
  refuseUnknown(`${door}: captions`, place, ['extension', 'field', 'perLine', 'weight']);
  const { extension, field, perLine, weight } = place;
  if (weight !== undefined && !(Number.isFinite(weight) && weight > 0)) {
    throw new ConfigError(
      `${door}: captions: weight: expected a number above 0, got ${describeValue(weight)}.`,
    );
  }
  if (!isExtension(extension) || extension !== extension.toLowerCase()) {
    throw new ConfigError(
      `${door}: captions: extension: expected one without a leading dot, in lower case, e.g. 'txt', got ${describeValue(extension)}.`,
    );
  }
  if (perLine !== undefined && typeof perLine !== 'boolean') {
    throw new ConfigError(
      `${door}: captions: perLine: expected true or false, got ${describeValue(perLine)}.`,
    );
  }
  const isJson = extension === 'json';
  if (isJson ? typeof field !== 'string' || perLine !== undefined : field !== undefined) {
    throw new ConfigError(
      `${door}: captions: "json" takes a field and no perLine, other extensions no field. Got ${JSON.stringify(place)}.`,
    );
  }
}

/** The files of one sample: sizes where they are known, and their bytes, all those asked for at once. */
export interface SampleFiles {
  /** Extension in lower case → bytes. */
  readonly sizes: ReadonlyMap<string, number | undefined>;
  /** @throws Unreadable */
  read(extensions: readonly string[]): Promise<Uint8Array[]>;
}

/** Whether a file of this extension may have a part in a record. */
export function isWanted(extension: string, options: ResolvedSampleOptions): boolean {
  return (
    extension === 'json' ||
    isPicture(extension, options) ||
    options.captions.some((place) => place.extension === extension)
  );
}

/** Whether a file of this extension is a picture: `png`, and `left.png` as well. */
export function isPicture(extension: string, options: ResolvedSampleOptions): boolean {
  return options.images.some((image) => isNamed(extension, image));
}

function isNamed(extension: string, image: string): boolean {
  return extension === image || extension.endsWith(`.${image}`);
}

/** How many bytes of such a file are read at most. */
export function sizeLimit(extension: string, options: ResolvedSampleOptions): number {
  return isPicture(extension, options) ? options.maxImageBytes : MAX_TEXT_BYTES;
}

const decoder = new TextDecoder();

/** @throws Unreadable */
export async function loadSample(
  key: string,
  { sizes, read }: SampleFiles,
  options: ResolvedSampleOptions,
): Promise<ImageTextRecord | BrokenRecord> {
  const present = [...sizes.keys()];
  const kind = options.images.find((image) => present.some((extension) => isNamed(extension, image)));
  const pictures = kind === undefined ? [] : present.filter((extension) => isNamed(extension, kind));
  const texts = [...new Set([...options.captions.map((place) => place.extension), 'json'])].filter(
    (extension) => sizes.has(extension) && !pictures.includes(extension),
  );
  const wanted = [...pictures, ...texts];
  for (const extension of wanted) {
    const size = sizes.get(extension) ?? 0;
    if (size <= sizeLimit(extension, options)) continue;
    const cause = pictures.includes(extension) ? 'image too large' : 'caption too long';
    return broken(
      key,
      cause,
      `.${extension} has ${size} bytes, at most ${sizeLimit(extension, options)} are read`,
    );
  }

  const files = await read(wanted);
  const contents = new Map(wanted.map((extension, i) => [extension, files[i]!]));
  const json = contents.get('json');
  const fields = json && fieldsIn(json);
  if (pictures.length === 0) return failedDownload(key, fields) ?? broken(key, 'no image', found(sizes));

  const captions = captionsIn(contents, fields, options);
  if (captions === 'bad JSON') return broken(key, captions, '.json is no JSON object');
  if (captions.length === 0) return broken(key, 'no caption', found(sizes));
  return imageTextRecord(
    key,
    pictures.map((extension) => contents.get(extension)!),
    captions.map(({ text }) => text),
    { fields, weights: captions.map(({ weight }) => weight) },
  );
}

interface WeighedCaption {
  readonly text: string;
  readonly weight: number;
}

/** Those of the first place that is there; where places have weights, of all that are. */
function captionsIn(
  contents: ReadonlyMap<string, Uint8Array>,
  fields: JsonObject | undefined,
  { captions }: ResolvedSampleOptions,
): WeighedCaption[] | 'bad JSON' {
  const areWeighed = captions.some(({ weight }) => weight !== undefined);
  const gathered: WeighedCaption[] = [];
  for (const { extension, field, perLine, weight = 1 } of captions) {
    const bytes = contents.get(extension);
    if (bytes === undefined) continue;
    if (field !== undefined && fields === undefined) return 'bad JSON';
    const text = field === undefined ? decoder.decode(bytes) : '';
    const texts = field === undefined ? (perLine ? captionLines(text) : [text]) : captionList(fields![field]);
    if (texts === undefined) continue;
    gathered.push(...texts.map((text) => ({ text, weight: weight / texts.length })));
    if (!areWeighed) break;
  }
  return gathered;
}

/** img2dataset writes down what it could not get. */
export function failedDownload(key: string, fields: JsonObject | undefined): BrokenRecord | undefined {
  const status = fields?.status;
  if (typeof status !== 'string' || status === 'success') return undefined;
  return broken(key, 'failed download', `${status}: ${String(fields?.error_message)}`.slice(0, 200));
}

/** A string or a list of strings, or undefined for anything else. */
export function captionList(value: unknown): string[] | undefined {
  if (typeof value === 'string') return [value];
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isList ? value : undefined;
}

function captionLines(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.length > 0 ? lines : [''];
}

/** Metadata that no caption is looked for in need not be sound. */
function fieldsIn(json: Uint8Array): JsonObject | undefined {
  try {
    return parseJsonObject(json);
  } catch {
    return undefined;
  }
}

function found(sizes: ReadonlyMap<string, unknown>): string {
  const names = [...sizes.keys()].slice(0, 10).map((extension) => `.${extension}`);
  return `found ${names.length > 0 ? names.join(', ') : 'nothing'}`;
}
