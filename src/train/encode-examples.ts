// Examples → what the network makes of each, once: all that a head alone has to see.

import type { ClippoModel, EncodeOptions } from '../clippo-model.ts';
import { createSkipCounter, type Skipped } from '../data/index.ts';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { DataError } from '../errors.ts';
import type { OnProgress } from '../progress.ts';
import type { Raster } from '../raster/index.ts';
import type { ClassifierSettings } from './classifier-options.ts';
import { readExample } from './example-feed.ts';
import { type Example, keyOf } from './labelled-examples.ts';

/** How examples become features. */
export interface EncodeExamplesOptions {
  /** Inputs that go through the network together, default 32. */
  readonly batchSize?: number | undefined;
  /** Share that may be passed over as unreadable, 0 … 1, default 0.1. */
  readonly maxSkipped?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface EncodedInputs {
  readonly features: Embeddings;
  /** Which example each row is of. */
  readonly numbers: readonly number[];
  readonly skipped: Skipped;
}

/** What `encode` has to be told for the features of a classifier. */
export function featureOptions({ on }: Pick<ClassifierSettings, 'on'>): EncodeOptions {
  return on === 'embedding' ? {} : { layer: 'pre_logits', normalize: false };
}

/**
 * @param door - whoever asks, as it stands in messages
 * @throws DataError when too much cannot be read, or the model gives what is no number
 */
export async function encodeInputs(
  door: string,
  model: ClippoModel,
  settings: Pick<ClassifierSettings, 'on'>,
  examples: readonly Example[],
  { batchSize = 32, maxSkipped = 0.1, signal, onProgress }: EncodeExamplesOptions = {},
): Promise<EncodedInputs> {
  const skips = createSkipCounter(door, maxSkipped);
  const numbers: number[] = [];
  const rows: Float32Array[] = [];
  let dim = 1;
  for (let start = 0; start < examples.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = examples.slice(start, start + batchSize);
    const read = await Promise.all(
      batch.map((example, i) =>
        readExample(model, example, (detail) => {
          skips.add('unreadable', keyOf(examples, start + i), detail);
        }),
      ),
    );
    const rasters: Raster[] = [];
    for (const [i, raster] of read.entries()) {
      if (raster === undefined) continue;
      rasters.push(raster);
      numbers.push(start + i);
    }
    if (rasters.length > 0) {
      const encoded = await model.encode(rasters, { ...featureOptions(settings), batchSize, resize: false });
      rows.push(encoded.data);
      dim = encoded.dim;
    }
    onProgress?.({ stage: 'encode', done: start + batch.length, total: examples.length, unit: 'examples' });
  }
  skips.check(examples.length);
  if (numbers.length === 0) throw new DataError(`${door}: none of ${examples.length} examples can be read.`);
  const data = new Float32Array(numbers.length * dim);
  let at = 0;
  for (const part of rows) {
    data.set(part, at);
    at += part.length;
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new DataError(
      `${door}: the model gives ${data[bad]} for example ${keyOf(examples, numbers[Math.floor(bad / dim)]!)}. Its weights may be spoilt.`,
    );
  }
  return { features: createEmbeddings(data, dim), numbers, skipped: skips.summary() };
}
