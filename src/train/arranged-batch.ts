// A batch of pairs as the caller gives it, and as the networks take it: strings read as the model reads text, inputs of one
// kind and size together, and their rows back in the order of the batch.

import type { ClippoModel } from '../clippo-model.ts';
import type { TextBatch } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import {
  describeText,
  groupInputs,
  isOneRoad,
  type NetworkInput,
  resolveClippoConfig,
} from '../model/index.ts';
import { describeValue } from '../options.ts';

/** The inputs of a batch, of pairs the pictures first, sorted into groups. */
export interface ArrangedBatch {
  /** One kind and size each. */
  readonly groups: readonly (readonly NetworkInput[])[];
  /** [N] the row of each input among the rows of all groups. */
  readonly order: Int32Array;
  /** The other way round: the input each row belongs to, N for one that fills up its group. */
  readonly inverse: Int32Array;
}

/**
 * A mixture drawn at random has another number of short texts in every batch, and a graph is recorded for each number.
 * So groups are filled up to multiples of a part of the batch: a handful of graphs, for a few rows nobody reads. Of
 * 128 pictures and 128 names of emoji an eleventh makes 14 graphs and 11 % more tokens, a sixteenth 22 and 9 %, an eighth
 * 6 and 21 %; opening a graph costs two steps, and some memory that the runtime does not give back.
 */
const PARTS = 11;

/** The pictures, then the texts, as the model reads them. @throws DataError for what is no Raster */
export async function arrangePairs(
  model: ClippoModel,
  batch: TextBatch,
  fill: boolean,
): Promise<ArrangedBatch> {
  const inputs = [...batch.images, ...batch.texts];
  assertTextsAreText(model, inputs);
  const read = inputs.map((input) => (typeof input === 'string' ? model.read(input) : input));
  return arrangeInputs(await Promise.all(read), fill);
}

/** Where text has a road of its own, drawn text would go that of pictures, and nobody would know. */
function assertTextsAreText({ config }: ClippoModel, inputs: readonly unknown[]): void {
  if (config.text === undefined || inputs.some((input) => typeof input === 'string')) return;
  const { text } = resolveClippoConfig(config);
  if (isOneRoad(text)) return;
  throw new DataError(
    `batch: the model is ${describeText(text)}, which takes texts as strings, and this batch has none. Make batches with createBatches({ drawTexts: false, … }).`,
  );
}

/**
 * @param fill - whether groups are filled up, where there are several
 * @throws DataError for what is no Raster
 */
export function arrangeInputs(inputs: readonly NetworkInput[], fill: boolean): ArrangedBatch {
  const found = groupInputs(inputs, 'batch');
  const granule = fill && found.length > 1 ? Math.ceil(inputs.length / PARTS) : 1;
  const order = new Int32Array(inputs.length);
  const inverse: number[] = [];
  const groups = found.map(({ inputs: group, places }) => {
    for (const place of places) {
      order[place] = inverse.length;
      inverse.push(place);
    }
    const filling = Math.ceil(group.length / granule) * granule - group.length;
    for (let i = 0; i < filling; i++) inverse.push(inputs.length);
    return [...group, ...new Array<NetworkInput>(filling).fill(group[0]!)]; // a group has at least one
  });
  return { groups, order, inverse: Int32Array.from(inverse) };
}

/** @throws ConfigError, DataError */
export function assertPairBatch(door: string, batch: TextBatch): void {
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
export function assertKeys(door: string, { images, keys }: TextBatch): void {
  if (keys?.length === images.length) return;
  throw new DataError(
    `${door}: training against anchors needs a key for each pair, got ${keys === undefined ? 'none' : keys.length} for ${images.length}. createBatches() gives them; in a batch of your own, keys: ['cat', …].`,
  );
}
