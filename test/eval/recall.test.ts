// Recall at k: what the reference gives, a small matrix worked out by hand, ties, and what is refused.

import { describe, expect, it } from 'vitest';
import { toFloat32 } from '../../src/checkpoint/index.ts';
import { createEmbeddings } from '../../src/embeddings.ts';
import { retrievalRanks } from '../../src/eval/ranks.ts';
import { recallAtK, recallLostToTies, recallOfRanks } from '../../src/eval/recall.ts';
import { readGoldenJson, readGoldenNpz } from '../support/golden.ts';

interface GoldenCase {
  readonly text_image: number[];
  readonly txt2img: Record<string, number>;
  readonly img2txt: Record<string, number>;
}

const arrays = readGoldenNpz('eval/retrieval.npz');
const cases = Object.entries(readGoldenJson<Record<string, GoldenCase>>('eval/retrieval.json'));

function embeddings(name: string) {
  const array = arrays.get(name)!;
  return createEmbeddings(toFloat32(array), array.shape[1]!);
}

const byK = (golden: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(golden).map(([name, value]) => [name.replace('recall@', ''), value]));

describe('recallAtK', () => {
  it.each(cases)('of the golden case %s', (name, golden) => {
    expect(recallAtK(embeddings(`${name}/zimg`), embeddings(`${name}/ztxt`), golden.text_image)).toEqual({
      imageToText: byK(golden.img2txt),
      textToImage: byK(golden.txt2img),
    });
  });

  // A matrix of our own, with the outcome of the one in big_vision's test.
  it('counts images by the best of their texts, and each text', () => {
    const similarity = [
      [0.9, 0.1, 0.2, 0.3, 0.15, 0.25, 0.05, 0.12],
      [0.5, 0.6, 0.7, 0.35, 0.4, 0.45, 0.55, 0.65],
      [0.8, 0.75, 0.6, 0.65, 0.62, 0.11, 0.85, 0.5],
      [0.7, 0.66, 0.55, 0.58, 0.57, 0.52, 0.3, 0.2],
    ];
    const images = createEmbeddings(Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1), 4);
    const texts = Float32Array.from({ length: 32 }, (_, i) => similarity[i % 4]![i >> 2]!);
    expect(recallAtK(images, createEmbeddings(texts, 4), [0, 0, 1, 1, 2, 2, 3, 3])).toEqual({
      imageToText: { 1: 0.5, 5: 0.75, 10: 1 },
      textToImage: { 1: 0.375, 5: 1, 10: 1 },
    });
  });

  it.each([1, 0.1, 1 / Math.sqrt(768)])('finds nothing where every vector holds %d only', (value) => {
    const rows = (count: number) => createEmbeddings(new Float32Array(count * 768).fill(value), 768);
    const recall = recallAtK(rows(4), rows(6), [0, 1, 2, 3, 0, 1], [1, 3, 4, 5, 6]);
    expect(recall.textToImage).toEqual({ 1: 0, 3: 0, 4: 1, 5: 1, 6: 1 });
    // Images 0 and 1 have four texts of others before theirs, 2 and 3 have five.
    expect(recall.imageToText).toEqual({ 1: 0, 3: 0, 4: 0, 5: 0.5, 6: 1 });
  });

  it('leaves images without texts out of one mean, and in the way of texts', () => {
    const images = createEmbeddings(Float32Array.of(1, 0, 2, 0, 0, 1), 2);
    const texts = createEmbeddings(Float32Array.of(1, 0, 0, 1), 2);
    expect(recallAtK(images, texts, [0, 2], [1, 2])).toEqual({
      imageToText: { 1: 1, 2: 1 },
      textToImage: { 1: 0.5, 2: 1 },
    });
  });

  it.each([
    [[0], 'recallAtK: ks: expected integers of at least 1, got 0'],
    [[1, 2.5], 'recallAtK: ks: expected integers of at least 1, got 2.5'],
    [[Number.NaN], 'recallAtK: ks: expected integers of at least 1, got NaN'],
    [[], 'recallAtK: ks: expected a list such as [1, 5, 10], got an empty one'],
    [5 as never, 'recallAtK: ks: expected a list such as [1, 5, 10], got 5'],
  ])('refuses %o as ks', (ks, message) => {
    const one = createEmbeddings(Float32Array.of(1), 1);
    expect(() => recallAtK(one, one, [0], ks)).toThrow(message);
  });
});

describe('recallLostToTies', () => {
  it('is what doubled inputs cost', () => {
    // Images 0 and 1 are the same, and so are their texts.
    const images = createEmbeddings(Float32Array.of(1, 0, 1, 0, 0, 1), 2);
    const ranks = retrievalRanks(images, images, [0, 1, 2]);
    expect(recallOfRanks(ranks, [1, 2]).textToImage).toEqual({ 1: 1 / 3, 2: 1 });
    const lost = recallLostToTies(ranks, [1, 2]);
    expect(lost.textToImage[1]).toBeCloseTo(2 / 3, 12);
    expect(lost.imageToText[1]).toBeCloseTo(2 / 3, 12);
    expect([lost.textToImage[2], lost.imageToText[2]]).toEqual([0, 0]);
  });
});
