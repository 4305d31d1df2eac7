// A batch of pairs as the caller gives it, and as the network takes it: rasters of one size go through together, and
// their rows come back in the order of the batch.

import type { PairBatch } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { groupBySize } from '../model/index.ts';
import { describeValue } from '../options.ts';
import type { Raster } from '../raster/index.ts';

/** The rasters of a batch, of pairs the pictures first, sorted into groups. */
export interface ArrangedBatch {
  /** One size each. */
  readonly groups: readonly (readonly Raster[])[];
  /** [N] the row of each raster among the rows of all groups. */
  readonly order: Int32Array;
  /** The other way round: the raster each row belongs to, N for one that fills up its group. */
  readonly inverse: Int32Array;
}

/**
 * A mixture drawn at random has another number of short texts in every batch, and a graph is recorded for each number.
 * So groups are filled up to multiples of a part of the batch: a handful of graphs, for a few rows nobody reads. Of
 * 128 pictures and 128 names of emoji an eleventh makes 14 graphs and 11 % more tokens, a sixteenth 22 and 9 %, an eighth
 * 6 and 21 %; opening a graph costs two steps, and some memory that the runtime does not give back.
 */
const PARTS = 11;

/** The pictures, then the texts. @throws DataError for what is no Raster */
export function arrangePairs(batch: PairBatch, fill: boolean): ArrangedBatch {
  return arrangeRasters(listRasters(batch), fill);
}

/**
 * @param fill - whether groups are filled up, where there are several
 * @throws DataError for what is no Raster
 */
export function arrangeRasters(rasters: readonly Raster[], fill: boolean): ArrangedBatch {
  const found = groupBySize(rasters, 'batch');
  const granule = fill && found.length > 1 ? Math.ceil(rasters.length / PARTS) : 1;
  const order = new Int32Array(rasters.length);
  const inverse: number[] = [];
  const groups = found.map(({ rasters: group, places }) => {
    for (const place of places) {
      order[place] = inverse.length;
      inverse.push(place);
    }
    const filling = Math.ceil(group.length / granule) * granule - group.length;
    for (let i = 0; i < filling; i++) inverse.push(rasters.length);
    return [...group, ...new Array<Raster>(filling).fill(group[0]!)]; // a group has at least one
  });
  return { groups, order, inverse: Int32Array.from(inverse) };
}

/** Pictures, then texts. */
export function listRasters({ images, texts }: PairBatch): Raster[] {
  return [...images, ...texts];
}

/** @throws ConfigError, DataError */
export function assertPairBatch(door: string, batch: PairBatch): void {
  if (!Array.isArray(batch?.images) || !Array.isArray(batch.texts)) {
    throw new ConfigError(
      `${door}: batch: expected { images, texts }, two lists of Rasters, got ${describeValue(batch)}.`,
    );
  }
  const pairs = batch.images.length;
  if (pairs === 0 || pairs !== batch.texts.length) {
    throw new DataError(
      `${door}: a batch needs as many texts as images, at least one, got ${pairs} images and ${batch.texts.length} texts.`,
    );
  }
}

/** @throws DataError for a batch that does not say what its pairs are of */
export function assertKeys(door: string, { images, keys }: PairBatch): void {
  if (keys?.length === images.length) return;
  throw new DataError(
    `${door}: training against anchors needs a key for each pair, got ${keys === undefined ? 'none' : keys.length} for ${images.length}. createBatches() gives them; in a batch of your own, keys: ['cat', …].`,
  );
}
