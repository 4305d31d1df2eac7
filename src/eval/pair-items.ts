// Pictures with their captions as evaluations embed them.

import { type BrokenRecord, broken, type RecordSource } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { Item } from './embed-items.ts';
import type { Findable } from './example-pictures.ts';

/** What is known of a pair later: its captions. */
export type Captions = readonly string[];

/**
 * @param most - captions of each picture that are taken, in stored order
 * @returns of each record its first picture; pairs of texts are told as broken
 */
export async function* pairItems(
  source: RecordSource,
  signal: AbortSignal | undefined,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item<Captions> | BrokenRecord> {
  for await (const { key, load } of source.references(signal)) {
    yield {
      key,
      async load(abort) {
        const record = await load(abort);
        if (record.kind === 'broken') return record;
        if (record.kind === 'text-text') return broken(key, 'no image', 'two texts and no picture');
        const texts = record.captions.slice(0, most);
        return { pictures: record.images.slice(0, 1), texts, about: texts };
      },
    };
  }
}

/** @throws ConfigError */
export function assertRecords(door: string, source: RecordSource): void {
  if (typeof source?.references === 'function' && !('classes' in source)) return;
  throw new ConfigError(
    `${door}: source: expected pictures with captions, as readKarpathy() gives, got ${describeValue(source)}.`,
  );
}

/** The pictures of records, to find some of them again. */
export async function* picturesOf(
  source: RecordSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Findable> {
  for await (const { key, load } of source.references(signal)) {
    yield {
      key,
      async load(abort) {
        const record = await load(abort);
        if (record.kind === 'broken') return record;
        return record.kind === 'image-text' ? record.images[0]! : record.texts[0]; // at least one
      },
    };
  }
}
