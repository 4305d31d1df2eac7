// Examples, one after the other → vectors of their pictures and texts: loaded, decoded, encoded and, where there is a
// place for it, kept part by part. What cannot be read is counted; memory holds one part's pixels and all vectors.

import { ClippoModel, type EncodeOptions } from '../clippo-model.ts';
import { type BrokenRecord, decodePicture, type JsonValue, PICTURE_LIMITS } from '../data/index.ts';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { DataError } from '../errors.ts';
import { type Raster, resize } from '../raster/index.ts';
import { type Encoder, encodeRows } from './encoder.ts';
import { createSkipCounter, type ResolvedMeasure, type Skipped } from './evaluation.ts';
import { fingerprint, type Part, packPart, unpackPart } from './parts.ts';

/** An example that is to be embedded. */
export interface Item<About extends JsonValue> {
  readonly key: string;
  /** What is said of it before it is loaded: a part that was made when something else was said is made anew. */
  readonly mark?: JsonValue;
  load(signal?: AbortSignal): Promise<LoadedItem<About> | BrokenRecord>;
}

export interface LoadedItem<About extends JsonValue> {
  /** Encoded, or pixels. */
  readonly pictures: readonly (Uint8Array | Raster)[];
  readonly texts: readonly string[];
  /** What the evaluation wants to know of it later; small. */
  readonly about: About;
}

export interface EmbedItemsOptions<About extends JsonValue> extends ResolvedMeasure {
  readonly model: Encoder;
  /** The evaluation, as it stands in messages and in the names of parts. */
  readonly door: string;
  readonly items: AsyncIterable<Item<About> | BrokenRecord>;
  /** How many there are, where that is known. */
  readonly total?: number | undefined;
  /** All that changes the vectors beside the model and the examples. */
  readonly settings: JsonValue;
  /** Of decoded pictures; default: resized as the model reads them, so that no large ones are held. */
  readonly prepare?: (picture: Raster, key: string) => Raster | Promise<Raster>;
  readonly layer?: NonNullable<EncodeOptions['layer']>;
}

export interface EmbeddedItems<About extends JsonValue> {
  readonly keys: readonly string[];
  readonly about: readonly About[];
  readonly pictures: Embeddings;
  /** Which item each picture is of. */
  readonly itemOfPicture: Int32Array;
  readonly texts: Embeddings;
  readonly itemOfText: Int32Array;
  readonly skipped: Skipped;
}

/** Items a part. */
const PART = 256;

/** What is kept of an item beside its vectors. */
interface Entry<About extends JsonValue> {
  readonly key: string;
  readonly pictures: number;
  readonly texts: number;
  readonly about: About;
}

/**
 * @throws DataError when too much cannot be read, nothing is left, or the model gives what is no number
 */
export async function embedItems<About extends JsonValue>(
  options: EmbedItemsOptions<About>,
): Promise<EmbeddedItems<About>> {
  const { door, items, total, parts, signal, onProgress, maxSkipped, model } = options;
  const skips = createSkipCounter(door, maxSkipped);
  const mark = parts && (await fingerprint(model, [door, options.settings, options.layer ?? 'head']));
  const entries: Entry<About>[] = [];
  const made: Part[] = [];
  const known = new Set<string>();
  let seen = 0;
  let slot: (Item<About> | BrokenRecord)[] = [];

  const finishSlot = async (): Promise<void> => {
    const usable = slot.filter((item): item is Item<About> => {
      if ('kind' in item) skips.add(item.cause, item.key, item.detail);
      else if (known.has(item.key)) skips.add('duplicate', item.key, 'was there before');
      else {
        known.add(item.key);
        return true;
      }
      return false;
    });
    const name = `${door}-${mark}-${made.length}.safetensors`;
    const part = (await storedPart(name, usable, options)) ?? (await makePart(name, usable, options));
    // What unpackPart has found to be of this shape, or what makePart has just made.
    const { entries: inPart, broken } = part.about as unknown as PartAbout<About>;
    for (const { cause, key, detail } of broken) skips.add(cause, key, detail);
    for (const entry of inPart) entries.push(entry);
    made.push(part);
    seen += slot.length;
    slot = [];
    skips.check(seen, 10 * PART); // a bad beginning may yet be made good by a long rest
    onProgress?.({ stage: 'embed', done: seen, ...(total !== undefined && { total }), unit: 'examples' });
  };
  for await (const item of items) {
    slot.push(item);
    if (slot.length === PART) await finishSlot();
    signal?.throwIfAborted();
  }
  if (slot.length > 0) await finishSlot();
  skips.check(seen);
  if (entries.length < 2) {
    throw new DataError(
      `${door}: the data has ${entries.length === 0 ? 'no example' : 'one example, which says nothing of others'}. Give two or more.`,
    );
  }
  return {
    keys: entries.map(({ key }) => key),
    about: entries.map(({ about }) => about),
    pictures: joined(made.map(({ pictures }) => pictures)),
    itemOfPicture: ownersOf(entries.map(({ pictures }) => pictures)),
    texts: joined(made.map(({ texts }) => texts)),
    itemOfText: ownersOf(entries.map(({ texts }) => texts)),
    skipped: skips.summary(),
  };
}

interface PartAbout<About extends JsonValue> {
  /** All that should be in it, so that it is used only for these. */
  readonly keys: readonly JsonValue[];
  readonly entries: readonly Entry<About>[];
  readonly broken: readonly { readonly cause: string; readonly key: string; readonly detail: string }[];
}

async function storedPart<About extends JsonValue>(
  name: string,
  items: readonly Item<About>[],
  { parts }: EmbedItemsOptions<About>,
): Promise<Part | undefined> {
  const bytes = await parts?.read(name);
  const part = bytes && unpackPart(bytes);
  const { keys } = (part?.about ?? {}) as Partial<PartAbout<About>>; // compared with what is wanted
  const wanted = items.map(identityOf);
  return JSON.stringify(keys) === JSON.stringify(wanted) ? part : undefined;
}

async function makePart<About extends JsonValue>(
  name: string,
  items: readonly Item<About>[],
  options: EmbedItemsOptions<About>,
): Promise<Part> {
  const { door, parts, model, batchSize, signal, layer = 'head' } = options;
  const { prepare = (picture) => resizedFor(model, picture) } = options;
  const broken: BrokenRecord[] = [];
  const entries: Entry<About>[] = [];
  const [pictures, texts]: [Raster[], string[]] = [[], []];
  for (const { key, load } of items) {
    const loaded = await load(signal);
    const rasters = 'kind' in loaded ? loaded : await decodeAll(key, loaded.pictures, prepare);
    if ('kind' in rasters) {
      broken.push(rasters);
      continue;
    }
    const { texts: said, about } = loaded as LoadedItem<About>; // it was not broken
    pictures.push(...rasters);
    texts.push(...said);
    entries.push({ key, pictures: rasters.length, texts: said.length, about });
  }
  const encodeOptions = { batchSize, layer, normalize: layer === 'head', ...(signal && { signal }) };
  const vectors = async (inputs: readonly (Raster | string)[]): Promise<Embeddings> => {
    const embedded = await encodeRows(door, model, inputs, encodeOptions);
    if (embedded.data.every(Number.isFinite)) return embedded;
    const row = Math.floor(embedded.data.findIndex((value) => !Number.isFinite(value)) / embedded.dim);
    throw new DataError(
      `${door}: the model gives ${embedded.row(row).find((value) => !Number.isFinite(value))} for input ${row} of ${name}. Its weights may be spoilt.`,
    );
  };
  const about = { keys: items.map(identityOf), entries, broken: broken.map(plain) };
  const part: Part = {
    pictures: await vectors(pictures),
    texts: await vectors(texts),
    about: about as unknown as JsonValue, // plain data, by its types
  };
  await parts?.write(name, packPart(part));
  return part;
}

/** So that no large pictures are held. */
function resizedFor(model: Encoder, picture: Raster): Raster {
  return model instanceof ClippoModel ? resize(picture, model.config.imageSize) : picture;
}

function identityOf({ key, mark }: Item<JsonValue>): JsonValue {
  return mark === undefined ? key : [key, mark];
}

function plain({ cause, key, detail }: BrokenRecord): { cause: string; key: string; detail: string } {
  return { cause, key, detail };
}

async function decodeAll(
  key: string,
  pictures: readonly (Uint8Array | Raster)[],
  prepare: NonNullable<EmbedItemsOptions<JsonValue>['prepare']>,
): Promise<Raster[] | BrokenRecord> {
  const rasters: Raster[] = [];
  for (const picture of pictures) {
    const decoded =
      picture instanceof Uint8Array ? await decodePicture(key, picture, PICTURE_LIMITS, {}) : picture;
    if ('kind' in decoded) return decoded;
    rasters.push(await prepare(decoded, key));
  }
  return rasters;
}

function joined(all: readonly Embeddings[]): Embeddings {
  const dim = all[0]!.dim; // there is a part
  const data = new Float32Array(all.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data: part } of all) {
    data.set(part, at);
    at += part.length;
  }
  return createEmbeddings(data, dim);
}

function ownersOf(counts: readonly number[]): Int32Array {
  return Int32Array.from(counts.flatMap((count, i) => new Array<number>(count).fill(i)));
}

/** How many references there are, which costs a look at what the files say of themselves. */
export async function countOf(references: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of references) count++;
  return count;
}
