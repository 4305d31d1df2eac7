// Embeddings → ranks at once, in plain JavaScript and WebAssembly: for anything up to a few thousand pictures, and where
// there is nothing to wait for. `async-ranks` is the same for large sets.

import type { Embeddings } from '../embeddings.ts';
import {
  createProductMemory,
  PANEL_ROWS,
  type ProductMemory,
  packPanels,
  panelColumns,
  roundUp,
} from './panel-product.ts';
import {
  type Block,
  type BlockCounts,
  blocksOf,
  createRankTally,
  type RankTally,
  type RetrievalRanks,
} from './rank-tally.ts';
import { checkRetrievalPairs, type RetrievalPairs } from './retrieval-pairs.ts';

/**
 * How many wrong candidates stand before the right one, for each text among the images, and for each image, by the best
 * of its texts, among the texts of others.
 *
 * A candidate that scores the same, within rounding, stands before: all vectors equal gives the last rank. Images
 * without texts are candidates for texts, but have no rank of their own (−1).
 *
 * @param images - [N, E], of length 1 for cosines
 * @param texts - [M, E]
 * @param imageOfText - [M] the row of each text's image; any number of texts an image, in any order
 * @returns 0-based ranks
 * @throws ShapeError for vectors or lists of other sizes, DataError for none, NaN or Infinity, and rows that are not there
 * @example
 * const { textToImage } = retrievalRanks(images, captions, [0, 0, 1, 1]);
 * @see big_vision `evaluators/proj/image_text/image_text_retrieval.py`, which sorts, and leaves ties to chance
 */
export function retrievalRanks(
  images: Embeddings,
  texts: Embeddings,
  imageOfText: ArrayLike<number>,
): RetrievalRanks {
  const pairs = checkRetrievalPairs('retrievalRanks', images, texts, imageOfText);
  let tolerance: number | undefined = pairs.tolerance;
  for (;;) {
    const tally: RankTally = countAll(pairs, tolerance);
    tolerance = tally.widerTolerance();
    if (tolerance === undefined) return tally.ranks();
  }
}

function countAll(pairs: RetrievalPairs, tolerance: number): RankTally {
  const tally = createRankTally(pairs, tolerance);
  const multiply = blockProduct(pairs);
  for (const block of blocksOf(pairs)) tally.add(block, countBlock(block, multiply(block), pairs, tally));
  return tally;
}

/** Scores of a block, row-major with a stride. */
interface Scores {
  readonly values: Float32Array;
  readonly stride: number;
}

/** @returns a function whose scores are there until it is called again */
function blockProduct({ images, texts }: RetrievalPairs): (block: Block) => Scores {
  const depth = images.dim;
  const [first] = blocksOf({ images, texts }); // none is larger
  const rows = roundUp(first!.images.end, PANEL_ROWS);
  const stride = roundUp(first!.texts.end, panelColumns(Float32Array));
  const memory: ProductMemory = createProductMemory(4 * (depth * (rows + stride) + rows * stride) + 96);
  const a = memory.float32(rows * depth);
  const b = memory.float32(stride * depth);
  const values = memory.float32(rows * stride);
  let packed = -1;

  function pack(
    panels: Float32Array,
    width: number,
    { data }: Embeddings,
    { start, end }: Block['images'],
  ): void {
    const source = new Float64Array(data.subarray(start * depth, end * depth)); // packPanels takes nothing else
    const layout = { start: 0, depth, depthStride: 1, count: end - start, stride: depth };
    packPanels(panels, width, source, layout);
  }

  return (block) => {
    pack(a, PANEL_ROWS, images, block.images);
    if (packed !== block.texts.start) {
      pack(b, panelColumns(b), texts, block.texts);
      packed = block.texts.start;
    }
    values.fill(0);
    const rowPanels = Math.ceil((block.images.end - block.images.start) / PANEL_ROWS);
    const columnPanels = Math.ceil((block.texts.end - block.texts.start) / panelColumns(b));
    memory.multiply({ a, rowPanels, b, columnPanels, depth, c: values, at: 0, stride });
    return { values, stride };
  };
}

function countBlock(
  block: Block,
  { values, stride }: Scores,
  { imageOfText }: RetrievalPairs,
  { images, texts }: RankTally,
): BlockCounts {
  const [n, m] = [block.images.end - block.images.start, block.texts.end - block.texts.start];
  const [imagesReached, imagesExceeded] = [new Int32Array(n), new Int32Array(n)];
  const [textsReached, textsExceeded] = [new Int32Array(m), new Int32Array(m)];
  const floors = texts.floor.subarray(block.texts.start, block.texts.end);
  const ceilings = texts.ceiling.subarray(block.texts.start, block.texts.end);
  for (let i = 0; i < n; i++) {
    const floor = images.floor[block.images.start + i]!;
    const ceiling = images.ceiling[block.images.start + i]!;
    let [reached, exceeded] = [0, 0];
    for (let j = 0, at = i * stride; j < m; j++, at++) {
      const score = values[at]!;
      // Seldom true for a model that has learnt something.
      if (score >= floor) {
        reached++;
        if (score > ceiling) exceeded++;
      }
      if (score >= floors[j]!) {
        textsReached[j]!++;
        if (score > ceilings[j]!) textsExceeded[j]!++;
      }
    }
    imagesReached[i] = reached;
    imagesExceeded[i] = exceeded;
  }
  const own = Float32Array.from({ length: m }, (_, j) => {
    const row = imageOfText[block.texts.start + j]! - block.images.start;
    return row >= 0 && row < n ? values[row * stride + j]! : 0;
  });
  return { own, imagesReached, imagesExceeded, textsReached, textsExceeded };
}
