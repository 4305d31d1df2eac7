// numpy's numbers and permutations, bit for bit. The values were made with numpy 2.4 by the lines beside them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { createNumpyRandom } from '../../src/eval/numpy-random.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('createNumpyRandom', () => {
  // np.random.default_rng(seed).integers(0, 2**32, 5, dtype=np.uint32).tolist()
  it.each([
    [0, [3653403231, 2735729615, 2195314465, 1158725112, 1322117304]],
    [1, [2032329983, 2198257139, 3243419750, 4082210491, 149690573]],
    [2026, [3658676650, 768519172, 113462463, 2748406119, 1569714666]],
    [2 ** 32, [2242647589, 3821399010, 4264680396, 2392889704, 1301146046]],
    [2 ** 53 - 1, [265226389, 3376995804, 3554191505, 2604052580, 3615778363]],
  ])('makes the numbers of seed %d', (seed, numbers) => {
    const random = createNumpyRandom(seed);
    expect(numbers.map(() => random.uint32())).toEqual(numbers);
  });

  // np.random.default_rng(seed).permutation(np.arange(len)).tolist()
  it.each([
    [0, [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]],
    [1, [5, 0, 1, 4, 2, 6, 3]],
    [2, [0, 1]],
    [2 ** 40, [11, 9, 10, 3, 14, 8, 15, 0, 13, 4, 7, 12, 6, 2, 5, 1]],
  ])('permutes as seed %d does', (seed, order) => {
    expect([...createNumpyRandom(seed).permutation(range(order.length))]).toEqual(order);
  });

  it('goes on where the last permutation ended, in the middle of 64 bits too', () => {
    const random = createNumpyRandom(3);
    // rng = np.random.default_rng(3); [rng.permutation(np.arange(n)).tolist() for n in (3, 1, 0, 5, 2)]
    const orders = [3, 1, 0, 5, 2].map((n) => [...random.permutation(range(n))]);
    expect(orders).toEqual([[2, 1, 0], [0], [], [3, 0, 2, 1, 4], [0, 1]]);
  });

  it('permutes many as numpy does', () => {
    const order = createNumpyRandom(7).permutation(range(100_000));
    // p = np.random.default_rng(7).permutation(np.arange(100000)); p[:5], p[-5:], (p * np.arange(100000)).sum()
    expect([...order.subarray(0, 5)]).toEqual([45070, 71435, 99538, 45453, 95412]);
    expect([...order.subarray(-5)]).toEqual([87647, 63842, 27285, 16809, 84619]);
    expect(order.reduce((sum, value, i) => sum + value * i, 0)).toBe(249831384454160);
  });

  it('only changes the order, and leaves its argument alone', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.integer({ min: -1000, max: 1000 })), (seed, values) => {
        const before = [...values];
        const order = createNumpyRandom(seed).permutation(values);
        expect(values).toEqual(before);
        expect([...order].sort((a, b) => a - b)).toEqual(before.sort((a, b) => a - b));
      }),
      { seed: 1 },
    );
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => createNumpyRandom(seed)).toThrow(
      new ConfigError(`createNumpyRandom: seed: expected an integer from 0 to 2^53 - 1, got ${seed}.`),
    );
  });
});
