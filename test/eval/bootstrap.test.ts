// The bootstrap against what theory says of means, its three ways of drawing against each other, and what it refuses.

import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/errors.ts';
import { type BootstrapOptions, bootstrapMean } from '../../src/eval/bootstrap.ts';
import { createRandom } from '../../src/random.ts';

/** `hits` ones, then zeros. */
function outcomes(N: number, hits: number): Uint8Array {
  return new Uint8Array(N).fill(1, 0, hits);
}

/** P(X ≤ k) of a binomial distribution, term by term. */
function binomialAtMost(N: number, p: number, k: number): number {
  if (k < 0) return 0;
  let logarithm = N * Math.log1p(-p);
  let sum = Math.exp(logarithm);
  for (let i = 1; i <= k; i++) {
    logarithm += Math.log(((N - i + 1) / i) * (p / (1 - p)));
    sum += Math.exp(logarithm);
  }
  return sum;
}

describe('bootstrapMean', () => {
  it('is what its example says, and the same every time', () => {
    expect(bootstrapMean([1, 0, 1, 1])).toEqual({ mean: 0.75, low: 0.25, high: 1 });
    const values = outcomes(300, 100);
    expect(bootstrapMean(values, { seed: 7 })).toEqual(bootstrapMean(values, { seed: 7 }));
    const widths = [1, 2, 3, 4, 5].map((seed) => bootstrapMean(values, { seed }).low);
    expect(new Set(widths).size).toBeGreaterThan(1);
  });

  it.each([
    [1000, 300],
    [1000, 3],
    [50_000, 49_990],
    [200_000, 100_000],
    [10, 5],
  ])('draws %i outcomes with %i hits as the binomial distribution has it', (N, hits) => {
    // Of 40,000 means the share up to an end of the interval is known to about 0.001.
    for (const level of [0.5, 0.95]) {
      const { mean, low, high } = bootstrapMean(outcomes(N, hits), { samples: 40_000, level });
      expect(mean).toBe(hits / N);
      for (const [end, share] of [
        [low, (1 - level) / 2],
        [high, (1 + level) / 2],
      ] as const) {
        const k = Math.round(end * N);
        expect(k / N).toBe(end);
        // The quantile of a distribution of steps: below it there is less, up to it there is more.
        expect(binomialAtMost(N, hits / N, k - 1)).toBeLessThan(share + 0.01);
        expect(binomialAtMost(N, hits / N, k)).toBeGreaterThan(share - 0.01);
      }
    }
  });

  it('draws numbers of any kind, with the error that a mean has', () => {
    const random = createRandom(1, 'test');
    const values = Float32Array.from({ length: 400 }, () => 5 + 2 * random.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / 400;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400);
    const found = bootstrapMean(values, { samples: 20_000, level: 0.9 });
    expect(found.mean).toBeCloseTo(mean, 12);
    expect((found.low - mean) / (deviation / 20)).toBeCloseTo(-1.645, 1);
    expect((found.high - mean) / (deviation / 20)).toBeCloseTo(1.645, 1);
  });

  it('comes to the same by all three ways of drawing', () => {
    const values = outcomes(600, 200);
    const options = { samples: 20_000 };
    const binomial = bootstrapMean(values, options);
    // One value that differs by nothing worth mentioning takes the way of numbers.
    const numbers = bootstrapMean(
      Float64Array.from(values, (value, i) => (i === 0 ? 1 + 1e-12 : value)),
      options,
    );
    const groups = bootstrapMean(values, { ...options, groups: Array.from(values, (_, i) => -i) });
    for (const other of [numbers, groups]) {
      expect(other.mean).toBeCloseTo(binomial.mean, 12);
      expect(Math.abs(other.low - binomial.low)).toBeLessThanOrEqual(0.0021); // a step and a bit
      expect(Math.abs(other.high - binomial.high)).toBeLessThanOrEqual(0.0021);
    }
    const scaled = bootstrapMean(
      Array.from(values, (value) => 3 - 2 * value),
      options,
    );
    expect(scaled.mean).toBeCloseTo(3 - 2 * binomial.mean, 12);
    expect(Math.abs(scaled.low - (3 - 2 * binomial.high))).toBeLessThanOrEqual(0.005);
  });

  it('draws groups whole: five equal items a group tell no more than one', () => {
    const [groupCount, size] = [200, 5];
    const single = outcomes(groupCount, 80);
    const values = Array.from({ length: groupCount * size }, (_, i) => single[i % groupCount]!);
    const groups = values.map((_, i) => 1000 + (i % groupCount));
    const options = { samples: 20_000 };
    const [together, one, apart] = [
      bootstrapMean(values, { ...options, groups }),
      bootstrapMean(single, options),
      bootstrapMean(values, options),
    ];
    expect(together.mean).toBeCloseTo(0.4, 12);
    expect((together.high - together.low) / (one.high - one.low)).toBeCloseTo(1, 1);
    expect((together.high - together.low) / (apart.high - apart.low)).toBeCloseTo(Math.sqrt(5), 1);
  });

  it('counts groups by their items', () => {
    const { mean, low, high } = bootstrapMean([1, 1, 1, 0], { groups: [4, 4, 4, 9] });
    expect({ mean, low, high }).toEqual({ mean: 0.75, low: 0, high: 1 });
  });

  it('has no width where all values are equal', () => {
    expect(bootstrapMean(new Float64Array(30).fill(0.1))).toEqual({ mean: 0.1, low: 0.1, high: 0.1 });
  });

  it('is wider for a higher level, and interpolates between few samples', () => {
    const values = outcomes(100, 50);
    const [narrow, wide] = [0.5, 0.99].map((level) => bootstrapMean(values, { level }));
    expect(wide!.low).toBeLessThan(narrow!.low);
    expect(wide!.high).toBeGreaterThan(narrow!.high);
    // Of two samples a and b the quantile q is a + q (b − a).
    const [half, most] = [0.5, 0.8].map((level) => bootstrapMean(values, { samples: 2, level }));
    expect((most!.high - most!.low) / (half!.high - half!.low)).toBeCloseTo(1.6, 9);
  });

  it.each<[BootstrapOptions, string]>([
    [{ samples: 1 }, 'bootstrapMean: samples: expected a number from 2 to 10000000, got 1.'],
    [{ samples: 2.5 }, 'bootstrapMean: samples: expected an integer, got 2.5.'],
    [{ seed: Number.NaN }, 'bootstrapMean: seed: expected an integer, got NaN.'],
    [{ level: 95 }, 'bootstrapMean: level: expected a number from 0 to 1, got 95.'],
    [{ level: 1 }, 'bootstrapMean: level: expected a share between 0 and 1, got 1.'],
    [
      { rounds: 3 } as BootstrapOptions,
      'bootstrapMean: unknown option rounds. Known: samples, seed, level, groups.',
    ],
  ])('refuses the options %j', (options, message) => {
    expect(() => bootstrapMean([0, 1], options)).toThrow(ConfigError);
    expect(() => bootstrapMean([0, 1], options)).toThrow(message);
  });

  it.each<[ArrayLike<number>, ArrayLike<number> | undefined, string]>([
    [[], undefined, 'bootstrapMean: values: expected numbers, got an empty list.'],
    [[1], undefined, 'bootstrapMean: one value says nothing of how others would have come out.'],
    [[1, 0], [3, 3], 'bootstrapMean: one group says nothing'],
    [[1, Number.NaN], undefined, 'bootstrapMean: values[1]: expected a finite number, got NaN.'],
    [[1, 0], [1, Number.NaN], 'bootstrapMean: groups[1]: expected a finite number, got NaN.'],
    [[1, 0], [1], 'bootstrapMean: expected as many values as groups, got 2 and 1.'],
  ])('refuses the values %j in groups %j', (values, groups, message) => {
    const options = groups === undefined ? {} : { groups };
    expect(() => bootstrapMean(values, options)).toThrow(DataError);
    expect(() => bootstrapMean(values, options)).toThrow(message);
  });
});
