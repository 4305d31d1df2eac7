// Ranks: those of the reference, those that sorting gives, and what is refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toFloat32 } from '../../src/checkpoint/index.ts';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { retrievalRanks } from '../../src/eval/ranks.ts';
import { createRandom } from '../../src/random.ts';
import { readGoldenJson, readGoldenNpz } from '../support/golden.ts';
import { type Retrieval, ranksBySorting, smallRetrievals } from '../support/retrievals.ts';

interface GoldenCase {
  readonly text_image: number[];
  readonly txt2img_rank: number[];
  readonly img2txt_best_rank: number[];
}

const arrays = readGoldenNpz('eval/retrieval.npz');

function golden(name: string): Embeddings {
  const array = arrays.get(name)!;
  return createEmbeddings(toFloat32(array), array.shape[1]!);
}

const ranksOf = ({ images, texts, imageOfText }: Retrieval) => retrievalRanks(images, texts, imageOfText);

describe('retrievalRanks', () => {
  it.each(Object.entries(readGoldenJson<Record<string, GoldenCase>>('eval/retrieval.json')))(
    'of the golden case %s',
    (name, { text_image, txt2img_rank, img2txt_best_rank }) => {
      const ranks = retrievalRanks(golden(`${name}/zimg`), golden(`${name}/ztxt`), text_image);
      expect([...ranks.textToImage]).toEqual(txt2img_rank);
      expect([...ranks.imageToText]).toEqual(img2txt_best_rank);
      expect(ranks.imagesWithoutText).toBe(0);
    },
  );

  it('are those that sorting gives, ties and doubles included', () => {
    fc.assert(
      fc.property(smallRetrievals, (retrieval) => {
        expect(ranksOf(retrieval)).toEqual(ranksBySorting(retrieval));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('are the same in many blocks', () => {
    const random = createRandom(1, 'ranks test');
    const rows = (count: number) =>
      createEmbeddings(
        Float32Array.from({ length: 3 * count }, () => random.integer(9) - 4),
        3,
      );
    const retrieval = {
      images: rows(259),
      texts: rows(2051),
      imageOfText: Array.from({ length: 2051 }, () => random.integer(250)),
    };
    const ranks = ranksOf(retrieval);
    expect(ranks).toEqual(ranksBySorting(retrieval));
    expect(ranks.imagesWithoutText).toBeGreaterThanOrEqual(9);
  });

  it('do not depend on lengths that all images or all texts share', () => {
    const [images, texts] = [golden('five/zimg'), golden('five/ztxt')];
    const imageOfText = Array.from({ length: texts.count }, (_, j) => Math.floor(j / 5));
    const scaled = ({ data, dim }: Embeddings, factor: number) =>
      createEmbeddings(
        data.map((value) => value * factor),
        dim,
      );
    expect(retrievalRanks(scaled(images, 2 ** 60), scaled(texts, 2 ** -90), imageOfText)).toEqual(
      retrievalRanks(images, texts, imageOfText),
    );
  });

  it('of one image with one text are the first', () => {
    const one = createEmbeddings(Float32Array.of(-1), 1);
    const { imageToText, textToImage } = retrievalRanks(one, one, [0]);
    expect([...imageToText, ...textToImage]).toEqual([0, 0]);
  });

  it('count differences that rounding makes as ties', () => {
    const images = createEmbeddings(Float32Array.of(1, 1 - 3e-7, 1 - 1e-4), 1);
    const ranks = retrievalRanks(images, createEmbeddings(Float32Array.of(1), 1), [0]);
    expect([...ranks.textToImage, ...ranks.ties.textToImage]).toEqual([1, 1]);
    expect([...ranks.imageToText]).toEqual([0, -1, -1]);
  });

  const two = createEmbeddings(Float32Array.of(1, 0, 0, 1), 2);
  const holding = (value: number) => createEmbeddings(Float32Array.of(1, 0, 0, value), 2);
  it.each<[string, Embeddings, Embeddings, ArrayLike<number>, string]>([
    ['no images', createEmbeddings(new Float32Array(), 2), two, [0, 1], 'images: got no vectors'],
    ['no texts', two, createEmbeddings(new Float32Array(), 2), [], 'texts: got no vectors'],
    [
      'vectors of two sizes',
      two,
      createEmbeddings(new Float32Array(6), 3),
      [0, 1],
      'the vectors of images and texts have 2 and 3 numbers. Encode both with the same model',
    ],
    ['NaN', holding(Number.NaN), two, [0, 1], 'images: row 1: expected finite numbers, got NaN at 1'],
    [
      'Infinity',
      two,
      holding(-Infinity),
      [0, 1],
      'texts: row 1: expected finite numbers, got -Infinity at 1',
    ],
    ['too few rows', two, two, [0], 'imageOfText: expected the row of an image for each of 2 texts, got 1'],
    ['no list', two, two, 7 as never, 'imageOfText: expected the row of an image for each of 2 texts, got 7'],
    ['a row too high', two, two, [0, 2], 'imageOfText[1]: expected a row of the images, 0 to 1, got 2'],
    ['a row below 0', two, two, [-1, 0], 'imageOfText[0]: expected a row of the images, 0 to 1, got -1'],
    ['half a row', two, two, [0.5, 0], 'imageOfText[0]: expected a row of the images, 0 to 1, got 0.5'],
    ['a hole', two, two, [0, undefined as never], '0 to 1, got undefined'],
    ['huge vectors', holding(1e30), holding(1e30), [0, 1], 'scores of up to 1.0e+60 do not fit into float32'],
    ['tiny vectors', smaller(two), smaller(two), [0, 1], 'Scale the vectors to length 1'],
    ['no embeddings', [[1, 2]] as never, two, [0, 1], 'images: expected embeddings, got an array'],
  ])('refuses %s', (_what, images, texts, imageOfText, message) => {
    expect(() => retrievalRanks(images, texts, imageOfText)).toThrow(message);
  });
});

function smaller({ data, dim }: Embeddings): Embeddings {
  return createEmbeddings(
    data.map((value) => value * 1e-20),
    dim,
  );
}
