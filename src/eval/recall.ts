// Ranks → recall at k, as retrieval is reported: the share of queries that find what belongs to them among the first k.
// Reference: big_vision `evaluators/proj/image_text/image_text_retrieval.py`.

import type { Embeddings } from '../embeddings.ts';
import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { RetrievalRanks } from './rank-tally.ts';
import { retrievalRanks } from './ranks.ts';

/** A fraction for each k. */
export interface RetrievalRecall {
  /** Of the images that have texts: one of them is among the first k. */
  readonly imageToText: Record<number, number>;
  /** Of the texts: their image is among the first k. */
  readonly textToImage: Record<number, number>;
}

type RanksBothWays = Pick<RetrievalRanks, 'imageToText' | 'textToImage'>;

/**
 * Recall at k both ways. Ties count as misses: a model that gives all inputs one vector finds nothing.
 *
 * Images without texts are candidates for texts and no queries; big_vision would count them as misses.
 *
 * @param images - [N, E], of length 1 for cosines
 * @param texts - [M, E]
 * @param imageOfText - [M] the row of each text's image; any number of texts an image, in any order
 * @param ks - may exceed the number of candidates; default 1, 5 and 10
 * @throws ConfigError, and as {@link retrievalRanks}
 * @example
 * const { imageToText, textToImage } = recallAtK(pictures, captions, [0, 0, 1, 1]);
 * console.log(textToImage[1]);
 */
export function recallAtK(
  images: Embeddings,
  texts: Embeddings,
  imageOfText: ArrayLike<number>,
  ks: readonly number[] = [1, 5, 10],
): RetrievalRecall {
  assertKs('recallAtK', ks); // before the work
  return recallOfRanks(retrievalRanks(images, texts, imageOfText), ks);
}

/**
 * {@link recallAtK} of ranks that are there already.
 *
 * @throws ConfigError
 * @example recallOfRanks(await retrievalRanksAsync(images, texts, imageOfText, { runtime: nodeRuntime() }))
 */
export function recallOfRanks(ranks: RanksBothWays, ks: readonly number[] = [1, 5, 10]): RetrievalRecall {
  assertKs('recallOfRanks', ks);
  const shares = (list: Int32Array): Record<number, number> =>
    Object.fromEntries(ks.map((k) => [k, shareBelow(list, k)]));
  return { imageToText: shares(ranks.imageToText), textToImage: shares(ranks.textToImage) };
}

/**
 * What ties cost: the share of queries that miss at k only because wrong candidates score the same. Near 0 for a model
 * that works; much of it says that inputs are there twice, or that many have one vector.
 *
 * @throws ConfigError
 */
export function recallLostToTies(ranks: RetrievalRanks, ks: readonly number[] = [1, 5, 10]): RetrievalRecall {
  const untied = (list: Int32Array, ties: Int32Array): Int32Array => list.map((rank, i) => rank - ties[i]!);
  const without = recallOfRanks(
    {
      imageToText: untied(ranks.imageToText, ranks.ties.imageToText),
      textToImage: untied(ranks.textToImage, ranks.ties.textToImage),
    },
    ks,
  );
  const recall = recallOfRanks(ranks, ks);
  const lost = (of: keyof RetrievalRecall): Record<number, number> =>
    Object.fromEntries(ks.map((k) => [k, without[of][k]! - recall[of][k]!]));
  return { imageToText: lost('imageToText'), textToImage: lost('textToImage') };
}

/** The share of the ranks, without those that are none, that are below k. */
function shareBelow(ranks: Int32Array, k: number): number {
  let [hits, count] = [0, 0];
  for (const rank of ranks) {
    if (rank < 0) continue;
    count++;
    if (rank < k) hits++;
  }
  return hits / count;
}

function assertKs(door: string, ks: readonly number[]): void {
  if (!Array.isArray(ks) || ks.length === 0) {
    const got = Array.isArray(ks) ? 'an empty one' : describeValue(ks);
    throw new ConfigError(`${door}: ks: expected a list such as [1, 5, 10], got ${got}.`);
  }
  for (const k of ks) {
    if (Number.isSafeInteger(k) && k >= 1) continue;
    throw new ConfigError(`${door}: ks: expected integers of at least 1, got ${describeValue(k)}.`);
  }
}
