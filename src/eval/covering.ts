// A picture, regions of it and a vector → the cosine with that vector when each region in turn is covered.

import type { ClippoModel, EncodeOptions } from '../clippo-model.ts';
import { normalizeRows } from '../embeddings.ts';
import { ConfigError, DataError, ShapeError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { describeValue } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import type { Box } from './patch-map.ts';

/** What covers: a grey value of 0 … 255, or the mean colour of the picture. */
export type Fill = number | 'mean';

export interface CoverOptions extends Pick<EncodeOptions, 'batchSize' | 'signal' | 'onProgress'> {
  /** A value a channel. */
  readonly colour: readonly number[];
  /** What the regions are called by `onProgress`. */
  readonly unit: string;
}

/**
 * @param raster - as the network reads it
 * @param target - E numbers of length 1
 * @returns a cosine a box
 */
export async function cosinesWithout(
  model: ClippoModel,
  raster: Raster,
  boxes: readonly Box[],
  target: Float32Array,
  { colour, unit, batchSize = 32, signal, onProgress }: CoverOptions,
): Promise<Float64Array> {
  const cosines = new Float64Array(boxes.length);
  // Covered pictures are made when their turn comes: all of them at once may be gigabytes.
  for (let start = 0; start < boxes.length; start += batchSize) {
    const batch = boxes.slice(start, start + batchSize).map((box) => covered(raster, box, colour));
    const rows = await model.encode(batch, { batchSize, resize: false, ...(signal && { signal }) });
    for (let i = 0; i < rows.count; i++) {
      const row = rows.row(i);
      let dot = 0;
      for (let j = 0; j < row.length; j++) dot += row[j]! * target[j]!;
      cosines[start + i] = dot;
    }
    onProgress?.({ stage: 'cover', done: start + rows.count, total: boxes.length, unit });
    await new Promise((resolve) => setTimeout(resolve)); // timers, clicks and aborts have their turn
  }
  return cosines;
}

function covered(raster: Raster, box: Box, colour: readonly number[]): Raster {
  const { width, channels } = raster;
  const data = raster.data.slice();
  for (let y = box.top; y < box.bottom; y++) {
    const end = (y * width + box.right) * channels;
    for (let i = (y * width + box.left) * channels; i < end; i += channels) {
      for (let channel = 0; channel < channels; channel++) data[i + channel] = colour[channel]!;
    }
  }
  return { width, height: raster.height, channels, data };
}

/** A value a channel: as wanted, or the ground of a text and the mean of a picture. @throws ConfigError */
export function coverColour(
  door: string,
  model: ClippoModel,
  isText: boolean,
  { data, channels }: Raster,
  fill: Fill = isText ? (model.renderOptions.backgroundBrightness ?? 127) : 'mean',
): number[] {
  if (fill === 'mean') {
    const sums = new Array<number>(channels).fill(0);
    for (let i = 0; i < data.length; i++) sums[i % channels]! += data[i]!;
    return sums.map((sum) => Math.round((sum * channels) / data.length));
  }
  if (Number.isInteger(fill) && fill >= 0 && fill <= 255) return new Array<number>(channels).fill(fill);
  throw new ConfigError(
    `${door}: fill: expected 'mean' or a grey value, an integer from 0 to 255, got ${describeValue(fill)}.`,
  );
}

/** What is compared with, as E numbers of length 1. @throws ShapeError, DataError, and as `model.encode` */
export async function targetVector(
  door: string,
  model: ClippoModel,
  against: string | ImageLike | Float32Array,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  if (!(against instanceof Float32Array)) return (await model.encode([against], signal && { signal })).data;
  const { embeddingDim } = model.config;
  if (against.length !== embeddingDim) {
    throw new ShapeError(
      `${door}: against: expected ${embeddingDim} numbers, an embedding of this model, got ${against.length}.`,
    );
  }
  if (!against.every(Number.isFinite) || !against.some((value) => value !== 0)) {
    throw new DataError(`${door}: against: expected finite numbers that are not all 0.`);
  }
  const unit = against.slice();
  normalizeRows(unit, embeddingDim);
  return unit;
}
