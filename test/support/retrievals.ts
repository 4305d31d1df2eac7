// Pictures and texts to be found, full of doubles and ties, and their ranks by sorting. All numbers are small integers, so
// that every engine gets the same scores to the last bit.

import fc from 'fast-check';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import type { RetrievalRanks } from '../../src/eval/rank-tally.ts';

export interface Retrieval {
  readonly images: Embeddings;
  readonly texts: Embeddings;
  readonly imageOfText: number[];
}

export const smallRetrievals: fc.Arbitrary<Retrieval> = fc
  .record({ dim: fc.integer({ min: 1, max: 5 }), images: fc.integer({ min: 1, max: 9 }) })
  .chain(({ dim, images }) => {
    const row = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: dim, maxLength: dim });
    const text = fc.record({ row, image: fc.integer({ min: 0, max: images - 1 }) });
    return fc
      .record({
        images: fc.array(row, { minLength: images, maxLength: images }),
        texts: fc.array(text, { minLength: 1, maxLength: 20 }),
      })
      .map(({ images, texts }) => ({
        images: createEmbeddings(Float32Array.from(images.flat()), dim),
        texts: createEmbeddings(Float32Array.from(texts.flatMap((each) => each.row)), dim),
        imageOfText: texts.map((each) => each.image),
      }));
  });

/** Every list of candidates is sorted, of equal scores the wrong ones first; a rank is where the first right one stands. */
export function ranksBySorting({ images, texts, imageOfText }: Retrieval): RetrievalRanks {
  const textToImage = imageOfText.map((own, j) =>
    standing(Array.from({ length: images.count }, (_, i) => [dot(images, i, texts, j), i === own])),
  );
  const imageToText = Array.from({ length: images.count }, (_, i) =>
    standing(imageOfText.map((own, j) => [dot(images, i, texts, j), own === i])),
  );
  return {
    imageToText: Int32Array.from(imageToText, ({ rank }) => rank),
    textToImage: Int32Array.from(textToImage, ({ rank }) => rank),
    ties: {
      imageToText: Int32Array.from(imageToText, ({ ties }) => ties),
      textToImage: Int32Array.from(textToImage, ({ ties }) => ties),
    },
    imagesWithoutText: imageToText.filter(({ rank }) => rank < 0).length,
  };
}

function standing(candidates: [score: number, isRight: boolean][]): { rank: number; ties: number } {
  candidates.sort(([a, right], [b, other]) => b - a || Number(right) - Number(other));
  const rank = candidates.findIndex(([, isRight]) => isRight);
  const own = candidates[rank]?.[0];
  return { rank, ties: candidates.slice(0, Math.max(0, rank)).filter(([score]) => score === own).length };
}

function dot(a: Embeddings, i: number, b: Embeddings, j: number): number {
  return a.row(i).reduce((sum, value, k) => sum + value * b.row(j)[k]!, 0);
}
