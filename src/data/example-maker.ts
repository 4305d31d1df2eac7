// Numbers of examples → pairs of Rasters, as a model reads them: records loaded, pictures decoded and changed by
// chance, texts drawn. What is made of an example depends on the seed, its source and its number there and on nothing
// else, so it does not matter who makes it, when, or together with which others.

import { createRandom, type Random } from '../random.ts';
import type { Raster } from '../raster/index.ts';
import { createTextCanvas, type DrawText } from '../render/index.ts';
import { rampAugment } from './augment-ramp.ts';
import type { ResolvedBatchOptions } from './batch-options.ts';
import type { SkippedExample } from './data-report.ts';
import type { PairKind } from './mixture.ts';
import { choosePair, type PairPart } from './pair-choice.ts';
import { makePicture } from './picture.ts';
import { createPictureCache, type PictureCache } from './picture-cache.ts';
import type { BrokenRecord } from './record.ts';
import { createReferenceStream } from './shuffle.ts';
import type { RecordReference, RecordSource } from './source.ts';

/** Examples number `from` to `from + count − 1` of one source. */
export interface ExampleRange {
  readonly source: number;
  readonly from: number;
  readonly count: number;
}

export interface ExamplePair {
  readonly kind: 'pair';
  readonly key: string;
  /** The texts of the pair, none for two pictures. */
  readonly captions: readonly string[];
  /** A text that is not drawn is a string. */
  readonly image: Raster | string;
  readonly text: Raster | string;
}

export type MadeExample = ExamplePair | SkippedExample | BrokenRecord;

export interface MadeRange {
  readonly source: number;
  readonly from: number;
  /** One for each number that was asked for. */
  readonly examples: readonly MadeExample[];
  /** How many examples the source has, once it has been read to its end. */
  readonly length: number | undefined;
}

/** Who makes examples: this thread or another one. */
export interface ExampleMaker {
  /** Ranges of a source ascend from call to call. */
  make(ranges: readonly ExampleRange[]): Promise<readonly MadeRange[]>;
  close(): Promise<void>;
}

/** What a maker needs to know. All of it but a font can be sent to another thread. */
export type MakerOptions = Pick<
  ResolvedBatchOptions,
  | 'seed'
  | 'shuffleBuffer'
  | 'size'
  | 'textRows'
  | 'patchSize'
  | 'fit'
  | 'augment'
  | 'augmentRamp'
  | 'text'
  | 'maxPixels'
  | 'minSide'
  | 'pictureCache'
  | 'drawTexts'
> & {
  /** In the order of the sources. */
  readonly lanes: readonly LaneOptions[];
};

interface LaneOptions {
  readonly pair: PairKind | undefined;
  /** Examples of an epoch, where an earlier run has counted them. */
  readonly epochLength: number | undefined;
}

/** Examples being loaded and decoded at a time: decoders have threads of their own, and sources may be far away. */
const AT_ONCE = 8;

export function createExampleMaker(sources: readonly RecordSource[], options: MakerOptions): ExampleMaker {
  const { seed, shuffleBuffer, lanes } = options;
  const closing = new AbortController();
  const streams = sources.map((source, k) => {
    const { epochLength } = lanes[k]!;
    return createReferenceStream({ source, seed, shuffleBuffer, label: `source ${k}`, epochLength });
  });
  const { size, textRows, patchSize, text } = options;
  const canvas = options.drawTexts
    ? createTextCanvas({ imageSize: size, textRows, patchSize }, text)
    : Promise.resolve(undefined);
  const cache = createPictureCache(options.pictureCache * 2 ** 20);
  canvas.catch(() => {}); // each call of make sees it
  /** The streams go forwards only, so one call comes after the other. */
  let last: Promise<unknown> = Promise.resolve();

  async function makeRange({ source, from, count }: ExampleRange): Promise<MadeRange> {
    const stream = streams[source]!;
    const context = {
      options,
      pair: lanes[source]!.pair,
      drawText: await canvas,
      signal: closing.signal,
      cache,
    };
    const references = await stream.take(from, count, closing.signal);
    const examples = await mapConcurrently(references, AT_ONCE, (reference, i) => {
      const number = from + i;
      return makeExample(reference, number, createRandom(seed, `example ${source} ${number}`), context);
    });
    return { source, from, examples, length: stream.epochLength() };
  }

  return {
    make(ranges) {
      const answer = last.then(async () => {
        const made: MadeRange[] = [];
        for (const range of ranges) made.push(await makeRange(range));
        return made;
      });
      last = answer.catch(() => {}); // the caller sees it
      return answer;
    },
    async close() {
      closing.abort();
      await last;
    },
  };
}

interface Context {
  readonly options: MakerOptions;
  readonly pair: PairKind | undefined;
  /** undefined: texts are left as they are */
  readonly drawText: DrawText | undefined;
  readonly signal: AbortSignal;
  readonly cache: PictureCache;
}

async function makeExample(
  reference: RecordReference,
  number: number,
  random: Random,
  { options, pair, drawText, signal, cache }: Context,
): Promise<MadeExample> {
  signal.throwIfAborted();
  const record = await reference.load(signal);
  if (record.kind === 'broken') return record;
  const { key } = record;
  const chosen = choosePair(record, { pair, isChanged: options.augment !== undefined }, random);
  if ('kind' in chosen) return chosen;
  const { augment, augmentRamp } = options;
  const changes = augment && rampAugment(augment, augmentRamp === 0 ? 1 : number / augmentRamp);

  async function fill(part: PairPart): Promise<Raster | string | BrokenRecord> {
    if (typeof part !== 'string') return makePicture(key, part, options, changes, random, cache);
    if (drawText === undefined) return part;
    const { width, height, channels, data } = drawText(part);
    return { width, height, channels, data };
  }
  // One after the other: both draw from the same numbers.
  const image = await fill(chosen[0]);
  if (isBroken(image)) return image;
  const text = await fill(chosen[1]);
  if (isBroken(text)) return text;
  return { kind: 'pair', key, captions: chosen.filter((part) => typeof part === 'string'), image, text };
}

function isBroken(filled: Raster | string | BrokenRecord): filled is BrokenRecord {
  return typeof filled === 'object' && 'kind' in filled;
}

/** Results in the order of the items. The first failure is the failure of all. */
async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  async function runner(): Promise<void> {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!, i);
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
  return results;
}
