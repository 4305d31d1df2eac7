// Embeddings → ranks, for large sets: blocks are multiplied and counted by ONNX Runtime or by the tfjs backend, which
// give back counts and never the scores. 5,000 images and 25,000 texts are 125 million scores; half a gigabyte, if they
// were kept.

import * as tf from '@tensorflow/tfjs-core';
import type { OrtRuntime } from '../compile/index.ts';
import type { Embeddings } from '../embeddings.ts';
import { refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import {
  type Bars,
  type Block,
  type BlockCounts,
  blocksOf,
  createRankTally,
  type RankTally,
  type RetrievalRanks,
} from './rank-tally.ts';
import { checkRetrievalPairs, type RetrievalPairs } from './retrieval-pairs.ts';

/** How {@link retrievalRanksAsync} computes. */
export interface AsyncRanksOptions {
  /** ONNX Runtime, `nodeRuntime()` of clippo-ts/node or the module onnxruntime-web. Default: the tfjs backend. */
  readonly runtime?: OrtRuntime;
  readonly signal?: AbortSignal;
  /** Told after every 2048 texts or so. */
  readonly onProgress?: OnProgress;
}

/** ms after which timers, clicks and aborts have their turn. */
const PATIENCE = 50;

/**
 * {@link retrievalRanks} for large sets, in little memory: COCO's 5,000 × 25,000 take a second or two in ONNX Runtime.
 *
 * @param images - [N, E]
 * @param texts - [M, E]
 * @param imageOfText - [M] the row of each text's image
 * @throws as retrievalRanks; ConfigError; BackendError when the runtime fails; the signal's reason when it is aborted
 * @example
 * const ranks = await retrievalRanksAsync(images, texts, imageOfText, { runtime: nodeRuntime() });
 * console.log(recallOfRanks(ranks).textToImage[1]);
 */
export async function retrievalRanksAsync(
  images: Embeddings,
  texts: Embeddings,
  imageOfText: ArrayLike<number>,
  options: AsyncRanksOptions = {},
): Promise<RetrievalRanks> {
  refuseUnknown('retrievalRanksAsync', options, ['runtime', 'signal', 'onProgress']);
  const { runtime } = options;
  const pairs = checkRetrievalPairs('retrievalRanksAsync', images, texts, imageOfText);
  options.signal?.throwIfAborted();
  await tf.ready();
  const counter = runtime === undefined ? eagerCounter() : await compiledCounter(runtime);
  try {
    let tolerance: number | undefined = pairs.tolerance;
    for (;;) {
      const tally: RankTally = await countAll(pairs, tolerance, counter.count, options);
      tolerance = tally.widerTolerance();
      if (tolerance === undefined) return tally.ranks();
    }
  } finally {
    await counter.dispose();
  }
}

/** Tensors in, tensors out. */
interface Counter {
  readonly count: (...inputs: Parameters<typeof countBlock>) => Promise<ReturnType<typeof countBlock>>;
  dispose(): Promise<void>;
}

function eagerCounter(): Counter {
  return { count: async (...inputs) => tf.tidy(() => countBlock(...inputs)), dispose: async () => {} };
}

async function compiledCounter(runtime: OrtRuntime): Promise<Counter> {
  const { compile } = await import('../compile/index.ts');
  const count = await compile(countBlock, { runtime }); // one graph a size of block: four at most
  return { count, dispose: () => count.dispose() };
}

/**
 * @param images - float32 [n, E]
 * @param texts - float32 [m, E]
 * @param imageFloor - float32 [n, 1], the bars of the images, and their ceiling
 * @param textFloor - float32 [1, m], those of the texts
 * @param own - int32 [m, 2], where in the block the score of each text with its own image is
 */
function countBlock(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  imageFloor: tf.Tensor2D,
  imageCeiling: tf.Tensor2D,
  textFloor: tf.Tensor2D,
  textCeiling: tf.Tensor2D,
  own: tf.Tensor2D,
): Record<keyof BlockCounts, tf.Tensor> {
  const scores = tf.matMul(images, tf.transpose(texts)); // [n, m]
  const count = (hits: tf.Tensor, axis: number): tf.Tensor => tf.sum(tf.cast(hits, 'float32'), axis);
  return {
    own: tf.gatherND(scores, own), // [m]
    imagesReached: count(tf.greaterEqual(scores, imageFloor), 1), // [n]
    imagesExceeded: count(tf.greater(scores, imageCeiling), 1),
    textsReached: count(tf.greaterEqual(scores, textFloor), 0), // [m]
    textsExceeded: count(tf.greater(scores, textCeiling), 0),
  };
}

async function countAll(
  pairs: RetrievalPairs,
  tolerance: number,
  count: Counter['count'],
  { signal, onProgress }: AsyncRanksOptions,
): Promise<RankTally> {
  const tally = createRankTally(pairs, tolerance);
  const { images, texts, imageOfText } = pairs;
  let columns: { readonly start: number; readonly tensors: tf.Tensor2D[] } | undefined;
  let turn = performance.now();
  try {
    for (const block of blocksOf(pairs)) {
      signal?.throwIfAborted();
      if (columns?.start !== block.texts.start) {
        tf.dispose(columns?.tensors ?? []);
        const tensors = [rowsOf(texts, block.texts), ...barsOf(tally.texts, block.texts, 'row')];
        columns = { start: block.texts.start, tensors };
      }
      const [textRows, ...textBars] = columns.tensors as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]; // as just made
      const imageTensors = [rowsOf(images, block.images), ...barsOf(tally.images, block.images, 'column')];
      const [imageRows, ...imageBars] = imageTensors as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const places = ownPlaces(imageOfText, block);
      try {
        tally.add(block, await read(await count(imageRows, textRows, ...imageBars, ...textBars, places)));
      } finally {
        tf.dispose([imageTensors, places]);
      }
      if (performance.now() - turn > PATIENCE) {
        await new Promise((resolve) => setTimeout(resolve));
        turn = performance.now();
      }
      if (block.images.end === images.count) {
        onProgress?.({ stage: 'rank', done: block.texts.end, total: texts.count, unit: 'texts' });
      }
    }
  } finally {
    tf.dispose(columns?.tensors ?? []);
  }
  return tally;
}

function rowsOf({ data, dim }: Embeddings, { start, end }: Block['images']): tf.Tensor2D {
  return tf.tensor2d(data.subarray(start * dim, end * dim), [end - start, dim]);
}

function barsOf(
  { floor, ceiling }: Bars,
  { start, end }: Block['images'],
  as: 'row' | 'column',
): tf.Tensor2D[] {
  const shape: [number, number] = as === 'row' ? [1, end - start] : [end - start, 1];
  return [floor, ceiling].map((bar) => tf.tensor2d(bar.subarray(start, end), shape));
}

/** For a text whose image is not in the block, any place. */
function ownPlaces(imageOfText: Int32Array, { images, texts }: Block): tf.Tensor2D {
  const places = new Int32Array(2 * (texts.end - texts.start));
  for (let j = 0; j < places.length / 2; j++) {
    const image = imageOfText[texts.start + j]!;
    places[2 * j] = image >= images.start && image < images.end ? image - images.start : 0;
    places[2 * j + 1] = j;
  }
  return tf.tensor2d(places, [places.length / 2, 2], 'int32');
}

async function read(tensors: Record<keyof BlockCounts, tf.Tensor>): Promise<BlockCounts> {
  try {
    const entries = Object.entries(tensors).map(
      async ([name, tensor]) => [name, await tensor.data()] as const,
    );
    // The same names again, as Object.fromEntries does not tell.
    return Object.fromEntries(await Promise.all(entries)) as unknown as BlockCounts;
  } finally {
    tf.dispose(tensors);
  }
}
