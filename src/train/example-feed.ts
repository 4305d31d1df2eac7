// Examples by number → tensors that a step takes: rows of features that were kept, or pictures and drawn text, read when
// their turn comes. A batch has the same shape every time: what is missing is filled up and marked.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { SkipCounter } from '../data/index.ts';
import type { Embeddings } from '../embeddings.ts';
import { ClippoError, ConfigError } from '../errors.ts';
import { toInputTensor } from '../model/index.ts';
import { createRaster, type Raster } from '../raster/index.ts';
import { arrangeInputs } from './arranged-batch.ts';
import type { FeatureScale } from './feature-scale.ts';
import { type Example, keyOf } from './labelled-examples.ts';

/** What goes through the network, or the head, together. */
export interface FeedBatch {
  /** One for each size of picture; the caller disposes them. */
  readonly tensors: readonly tf.Tensor[];
  /** The place in the batch of each row of all tensors; −1 for a row that fills up. */
  readonly places: Int32Array;
}

export interface Feed {
  /** Examples. */
  readonly count: number;
  /** @param numbers - of examples; −1 for none, to fill up a batch */
  batch(numbers: Int32Array): Promise<FeedBatch>;
}

/** Rows of features, each as the scale has it. */
export function featureFeed({ data, count, dim }: Embeddings, { shift, factor }: FeatureScale): Feed {
  return {
    count,
    async batch(numbers) {
      const rows = new Float32Array(numbers.length * dim);
      for (const [place, number] of numbers.entries()) {
        if (number < 0) continue;
        for (let k = 0; k < dim; k++) {
          rows[place * dim + k] = (data[number * dim + k]! - shift[k]!) * factor[k]!;
        }
      }
      const places = numbers.map((number, place) => (number < 0 ? -1 : place));
      return { tensors: [tf.tensor2d(rows, [numbers.length, dim])], places };
    },
  };
}

/** Bytes of pictures that are kept, so that they are not read and drawn again in every epoch. */
const KEPT_BYTES = 2 ** 28;

/**
 * Pictures and drawn text.
 *
 * @param skips - is told of what cannot be read; such an example has no part in any batch
 */
export function rasterFeed(model: ClippoModel, examples: readonly Example[], skips: SkipCounter): Feed {
  const kept = new Map<number, Raster>();
  const broken = new Set<number>();
  let bytes = 0;

  async function read(number: number): Promise<Raster | undefined> {
    if (number < 0 || broken.has(number)) return undefined;
    const known = kept.get(number);
    if (known !== undefined) return known;
    const raster = await readExample(model, examples[number]!, (detail) => {
      broken.add(number);
      skips.add('unreadable', keyOf(examples, number), detail);
      skips.check(examples.length);
    });
    if (raster !== undefined && bytes + raster.data.length <= KEPT_BYTES) {
      bytes += raster.data.length;
      kept.set(number, raster);
    }
    return raster;
  }

  return {
    count: examples.length,
    async batch(numbers) {
      const drawn = await Promise.all(Array.from(numbers, read));
      const found = drawn.find((raster) => raster !== undefined);
      const { imageSize } = model.config;
      const rasters = drawn.map((raster) => raster ?? found ?? createRaster(imageSize, imageSize, 3, 0));
      const { groups, inverse } = arrangeInputs(rasters, true);
      const places = inverse.map((place) => (drawn[place] === undefined ? -1 : place));
      return { tensors: groups.map(toInputTensor), places };
    },
  };
}

/**
 * An example as the network sees it.
 *
 * @param onBroken - hears why it cannot be read
 */
export async function readExample(
  model: ClippoModel,
  { input }: Example,
  onBroken: (detail: string) => void,
): Promise<Raster | undefined> {
  try {
    return await model.toRaster(typeof input === 'function' ? await input() : input);
  } catch (error) {
    // That the model reads no such input is no fault of the example.
    if (!(error instanceof ClippoError) || error instanceof ConfigError) throw error;
    onBroken(error.message);
    return undefined;
  }
}
