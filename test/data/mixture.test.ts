import { describe, expect, it } from 'vitest';
import {
  createDraw,
  firstEmptyBatch,
  resolveShare,
  type SourceShare,
  shareProblems,
} from '../../src/data/mixture.ts';

function draws(
  shares: readonly SourceShare[],
  draw: 'random' | 'exact' | 'batch',
  { batchSize = 10, seed = 0 } = {},
): (batch: number) => number[] {
  const sources = shares.map((share, k) => resolveShare(`s${k}`, share));
  const drawn = createDraw({ sources, draw, seed, batchSize });
  return (batch) => [...drawn(batch)];
}

function countsOf(places: readonly number[], sources: number): number[] {
  return Array.from({ length: sources }, (_, k) => places.filter((place) => place === k).length);
}

function manyBatches(drawn: (batch: number) => number[], count: number): number[] {
  return Array.from({ length: count }, (_, batch) => drawn(batch)).flat();
}

describe('createDraw', () => {
  it('random: every example on its own, by weight', () => {
    const drawn = draws([{ weight: 1 }, { weight: 3 }], 'random');
    const [a, b] = countsOf(manyBatches(drawn, 1000), 2);
    expect(a! / (a! + b!)).toBeCloseTo(0.25, 1);
    const sizes = new Set(Array.from({ length: 50 }, (_, n) => countsOf(drawn(n), 2)[0]));
    expect(sizes.size).toBeGreaterThan(2);
  });

  it('exact: the same whole share in every batch', () => {
    const drawn = draws([{ weight: 2 }, { weight: 5 }, { weight: 3 }], 'exact');
    for (let n = 0; n < 200; n++) expect(countsOf(drawn(n), 3)).toEqual([2, 5, 3]);
  });

  it('exact: whole numbers by turns where the share is none, right in the long run', () => {
    const drawn = draws([{}, {}, {}], 'exact');
    for (let n = 0; n < 200; n++) for (const count of countsOf(drawn(n), 3)) expect([3, 4]).toContain(count);
    for (const count of countsOf(manyBatches(drawn, 300), 3)) expect(Math.abs(count - 1000)).toBeLessThan(5);
  });

  it('batch: all of one source, by weight', () => {
    const drawn = draws([{ weight: 1 }, { weight: 3 }], 'batch');
    const firsts = Array.from({ length: 1000 }, (_, n) => {
      const places = drawn(n);
      expect(new Set(places).size).toBe(1);
      return places[0]!;
    });
    expect(countsOf(firsts, 2)[1]! / 1000).toBeCloseTo(0.75, 1);
  });

  it.each(['random', 'exact', 'batch'] as const)('%s: weight 0, from and until leave sources out', (draw) => {
    const drawn = draws([{ weight: 0 }, { until: 5 }, { from: 3 }], draw);
    const seen = (from: number, to: number): number[] => {
      const places = Array.from({ length: to - from }, (_, i) => drawn(from + i)).flat();
      return [...new Set(places)].sort();
    };
    expect(seen(0, 3)).toEqual([1]);
    expect(seen(5, 25)).toEqual([2]);
    if (draw !== 'batch') expect(seen(3, 5)).toEqual([1, 2]);
  });

  it('depends on seed and number of the batch only', () => {
    const shares = [{}, {}];
    expect(draws(shares, 'random')(7)).toEqual(draws(shares, 'random')(7));
    expect(draws(shares, 'random', { batchSize: 64 })(7)).not.toEqual(
      draws(shares, 'random', { batchSize: 64, seed: 1 })(7),
    );
  });
});

describe('firstEmptyBatch', () => {
  it.each<[SourceShare[], number | undefined]>([
    [[{}], undefined],
    [[{ weight: 0 }], 0],
    [[{ from: 1 }], 0],
    [[{ until: 4 }], 4],
    [[{ until: 4 }, { from: 4 }], undefined],
    [[{ until: 4 }, { from: 5 }], 4],
    [[{ until: 4 }, { from: 4, until: 9 }, { weight: 0 }], 9],
  ])('%j', (shares, batch) => {
    expect(firstEmptyBatch(shares.map((share) => resolveShare('s', share)))).toBe(batch);
  });
});

describe('shareProblems', () => {
  it('names all that is wrong', () => {
    const wrong = { weight: -1, from: 0.5, until: 0, pair: 'images' } as unknown as SourceShare;
    expect(shareProblems('sources[2]', wrong)).toEqual([
      'sources[2].weight: expected a number of at least 0, got -1',
      'sources[2].from: expected the number of a batch, got 0.5',
      'sources[2].until: expected the number of a batch after from, got 0',
      'sources[2].pair: expected one of image-text, image-image, text-text, got "images"',
    ]);
    expect(shareProblems('s', { weight: 0, from: 2, until: 3, pair: 'text-text' })).toEqual([]);
    expect(shareProblems('s', { from: 2, until: 2 })).toHaveLength(1);
    expect(shareProblems('s', { weight: Infinity })).toHaveLength(1);
  });
});
