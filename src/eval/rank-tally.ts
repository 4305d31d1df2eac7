// Blocks of the similarity matrix, one after the other → the rank of every true pair among wrong ones, both ways. Nothing
// is sorted and no block is kept: the rank of an item is the number of wrong candidates that score at least as much as
// its own does. So each block only has to say how many of its scores reach the bar of each row and of each column.
//
// The bar lies below the own score by a tolerance. Own scores are computed by other code than the blocks, in another
// order, and equal vectors would else beat each other, or not, by rounding: a model that gives all inputs one vector
// would have found everything. With the tolerance such ties count against the model.

import { BackendError } from '../errors.ts';
import type { RetrievalPairs } from './retrieval-pairs.ts';

/** For every image and every text, how many wrong candidates stand before its own. */
export interface RetrievalRanks {
  /** [images] 0-based rank of the best text of its own among those of others; −1 for an image without texts */
  readonly imageToText: Int32Array;
  /** [texts] 0-based rank of its image */
  readonly textToImage: Int32Array;
  /** How many of those before it score the same, within rounding: they count as better. */
  readonly ties: { readonly imageToText: Int32Array; readonly textToImage: Int32Array };
  readonly imagesWithoutText: number;
}

/** Rows `start` (inclusive) to `end` (exclusive) of both. */
export interface Block {
  readonly images: { readonly start: number; readonly end: number };
  readonly texts: { readonly start: number; readonly end: number };
}

/** What there is to know of the n × m scores of a block. */
export interface BlockCounts {
  /** [m] score of each text with its own image, where that is in the block; else anything */
  readonly own: ArrayLike<number>;
  /** [n] scores of the row that are at least the image's floor */
  readonly imagesReached: ArrayLike<number>;
  /** [n] those that are above its ceiling */
  readonly imagesExceeded: ArrayLike<number>;
  /** [m] the same of columns and texts */
  readonly textsReached: ArrayLike<number>;
  readonly textsExceeded: ArrayLike<number>;
}

/** Who reaches the floor is not worse than the own score, who exceeds the ceiling is better. */
export interface Bars {
  readonly floor: Float32Array;
  readonly ceiling: Float32Array;
}

export interface RankTally {
  readonly images: Bars;
  readonly texts: Bars;
  add(block: Block, counts: BlockCounts): void;
  /**
   * How far blocks and own scores may differ, had all this to be counted again; undefined when it is right. Engines of
   * less precision than expected need that, and sums that are always rounded the same way (vectors of equal numbers).
   *
   * @throws BackendError when the engine gave what is no number
   */
  widerTolerance(): number | undefined;
  /** After all blocks. */
  ranks(): RetrievalRanks;
}

const [BLOCK_IMAGES, BLOCK_TEXTS] = [256, 2048];

/** The whole matrix in blocks of about one size, a column of blocks after the other. */
export function* blocksOf({ images, texts }: Pick<RetrievalPairs, 'images' | 'texts'>): Generator<Block> {
  for (const columns of spans(texts.count, BLOCK_TEXTS)) {
    for (const rows of spans(images.count, BLOCK_IMAGES)) yield { images: rows, texts: columns };
  }
}

function spans(count: number, most: number): { start: number; end: number }[] {
  const size = Math.ceil(count / Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    start: i * size,
    end: Math.min(count, (i + 1) * size),
  }));
}

export function createRankTally(pairs: RetrievalPairs, tolerance: number): RankTally {
  const { imageOfText, imageScores, textScores } = pairs;
  const images = sideOf(imageScores, tolerance);
  const texts = sideOf(textScores, tolerance);
  let error = 0;

  function add(block: Block, counts: BlockCounts): void {
    addTo(images.reached, block.images.start, counts.imagesReached);
    addTo(images.exceeded, block.images.start, counts.imagesExceeded);
    addTo(texts.reached, block.texts.start, counts.textsReached);
    addTo(texts.exceeded, block.texts.start, counts.textsExceeded);
    // True pairs are among the counted, and no competitors.
    for (let text = block.texts.start; text < block.texts.end; text++) {
      const image = imageOfText[text]!;
      if (image < block.images.start || image >= block.images.end) continue;
      const score = counts.own[text - block.texts.start]!;
      leaveOut(images, image, score);
      leaveOut(texts, text, score);
      error = Math.max(error, Math.abs(score - textScores[text]!)); // NaN stays
    }
  }

  function widerTolerance(): number | undefined {
    if (!Number.isFinite(error)) {
      throw new BackendError(
        `ranks: the engine multiplied finite vectors and got ${error}. Try another runtime or tfjs backend.`,
      );
    }
    return error > tolerance / 2 ? 4 * error : undefined;
  }

  function ranks(): RetrievalRanks {
    let imagesWithoutText = 0;
    for (const [image, score] of imageScores.entries()) {
      if (score !== -Infinity) continue;
      images.reached[image] = -1;
      imagesWithoutText++;
    }
    return {
      imageToText: images.reached,
      textToImage: texts.reached,
      ties: { imageToText: tiesOf(images), textToImage: tiesOf(texts) },
      imagesWithoutText,
    };
  }

  return { images, texts, add, widerTolerance, ranks };
}

interface Side extends Bars {
  readonly reached: Int32Array;
  readonly exceeded: Int32Array;
}

function sideOf(scores: Float64Array, tolerance: number): Side {
  return {
    floor: Float32Array.from(scores, (score) => score - tolerance),
    ceiling: Float32Array.from(scores, (score) => score + tolerance),
    reached: new Int32Array(scores.length),
    exceeded: new Int32Array(scores.length),
  };
}

function addTo(totals: Int32Array, start: number, counts: ArrayLike<number>): void {
  for (let i = 0; i < counts.length; i++) totals[start + i]! += counts[i]!;
}

/** Takes back what the block has counted, by the same comparison of the same float32. */
function leaveOut({ floor, ceiling, reached, exceeded }: Side, i: number, score: number): void {
  if (score >= floor[i]!) reached[i]!--;
  if (score > ceiling[i]!) exceeded[i]!--;
}

function tiesOf({ reached, exceeded }: Side): Int32Array {
  return reached.map((count, i) => (count < 0 ? 0 : count - exceeded[i]!));
}
