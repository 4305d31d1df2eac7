// Sources whose records lie in memory, and batches in a form that tests can compare.

import { createHash } from 'node:crypto';
import {
  type BatchesOptions,
  type BatchSource,
  type BrokenRecord,
  createBatches,
  type DataRecord,
  type ImageTextRecord,
  type JsonValue,
  type PairBatch,
  type RecordSource,
} from '../../src/data/index.ts';
import { encodePng } from '../../src/node/index.ts';
import { generateImage } from './golden.ts';

export interface CountedSource extends RecordSource {
  /** Numbers of the records that were loaded, in that order. */
  readonly loaded: number[];
}

/** A picture for each word, with two captions. */
export async function wordSource(words: readonly string[]): Promise<CountedSource> {
  const pictures = await Promise.all(words.map((_, k) => encodePng(generateImage(k, 40))));
  return recordSource('words', words.length, (k) => ({
    kind: 'image-text',
    key: words[k]!,
    images: [pictures[k]!],
    captions: [words[k]!, `a ${words[k]!}`],
  }));
}

/** Batches of a source of words, opened where a run stopped. */
export function wordBatches(
  source: RecordSource,
  options: Omit<BatchesOptions, 'sources' | 'size' | 'position'>,
): (position: JsonValue | undefined) => BatchSource {
  return (position) =>
    createBatches({
      sources: [{ source }],
      size: 32,
      ...options,
      ...(position === undefined ? {} : { position }),
    });
}

/** @param make - number of a record → the record */
export function recordSource(
  name: string,
  count: number,
  make: (number: number) => DataRecord | BrokenRecord,
): CountedSource {
  const loaded: number[] = [];
  return {
    name,
    loaded,
    async *references(signal) {
      for (let i = 0; i < count; i++) {
        signal?.throwIfAborted();
        yield {
          key: `${name}-${i}`,
          async load() {
            loaded.push(i);
            return make(i);
          },
        };
      }
    },
  };
}

/** A picture of one grey. */
export function greyPng(brightness: number, side = 4): Uint8Array {
  const data = new Uint8Array(side * side).fill(brightness);
  return encodePng({ width: side, height: side, channels: 1, data });
}

/** A picture of grey number `i`, said to be number i. */
export function numberedRecord(
  name: string,
  i: number,
  more: Partial<ImageTextRecord> = {},
): ImageTextRecord {
  return {
    kind: 'image-text',
    key: `${name}-${i}`,
    images: [greyPng(i % 256)],
    captions: [`${name} ${i}`],
    ...more,
  };
}

export function numberedSource(name: string, count: number): CountedSource {
  return recordSource(name, count, (i) => numberedRecord(name, i));
}

/** The grey of every picture of a batch that was not changed. */
export function greysOf(batch: PairBatch): number[] {
  return batch.images.map(({ data }) => data[0]!);
}

export async function takeBatches(batches: BatchSource, count: number): Promise<PairBatch[]> {
  const taken: PairBatch[] = [];
  const iterator = batches[Symbol.asyncIterator]();
  while (taken.length < count) {
    const { done, value } = await iterator.next();
    if (done) throw new Error(`the batches end after ${taken.length}`);
    taken.push(value);
  }
  return taken;
}

/** Every pixel of every batch in one line each. */
export function digestsOf(batches: readonly PairBatch[]): string[] {
  return batches.map(({ images, texts }) => {
    const hash = createHash('sha256');
    for (const { width, height, channels, data } of [...images, ...texts]) {
      hash.update(`${width} ${height} ${channels} `).update(data);
    }
    return hash.digest('hex');
  });
}
