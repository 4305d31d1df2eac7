// Outcomes of single items → how far their mean would move had other items of the same kind been asked: the percentile
// interval of Efron's bootstrap. Outcomes of two values, such as right and wrong, are not drawn one by one: the number
// of right ones in a resample is binomial, and is drawn from that distribution itself.
// Reference: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.

import { ConfigError, DataError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { createRandom, type Random } from '../random.ts';
import { assertFiniteNumbers, assertFinitePairs } from './finite-numbers.ts';

/** How {@link bootstrapMean} resamples. */
export interface BootstrapOptions {
  /** Resamples, 2 … 10,000,000; default 1000. */
  readonly samples?: number;
  /** An integer, default 0. */
  readonly seed?: number;
  /** Share of the resamples that lie in the interval, between 0 and 1; default 0.95. */
  readonly level?: number;
  /** [N] a number for what each item belongs to: items of one group (captions of one picture) are drawn together. */
  readonly groups?: ArrayLike<number>;
}

/** A mean, and between which bounds the resampled means lie. */
export interface BootstrapInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The mean of what was measured, and a way to draw the mean of a resample. */
interface Resampling {
  readonly mean: number;
  draw(): number;
}

/**
 * The mean and the interval in which it lies, by the percentile bootstrap.
 *
 * Where all values are equal the interval has no width: no resample can show what was never seen.
 *
 * @param values - [N] an outcome an item, 0 or 1 or any numbers; N at least 2
 * @returns in the unit of `values`
 * @throws DataError for less than two values or groups, numbers that are not finite, groups that do not fit
 * @throws ConfigError
 * @example bootstrapMean([1, 0, 1, 1]) // { mean: 0.75, low: 0.25, high: 1 }
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions = {}): BootstrapInterval {
  refuseUnknown('bootstrapMean', options, ['samples', 'seed', 'level', 'groups']);
  const { samples = 1000, seed = 0, level = 0.95, groups } = options;
  assertNumber('bootstrapMean', 'samples', samples, 2, 1e7);
  assertNumber('bootstrapMean', 'level', level, 0, 1);
  if (level === 0 || level === 1) {
    throw new ConfigError(`bootstrapMean: level: expected a share between 0 and 1, got ${level}.`);
  }
  for (const [name, value] of Object.entries({ samples, seed })) {
    if (Number.isSafeInteger(value)) continue;
    throw new ConfigError(`bootstrapMean: ${name}: expected an integer, got ${describeValue(value)}.`);
  }
  if (groups === undefined) assertFiniteNumbers('bootstrapMean', 'values', values);
  else assertFinitePairs('bootstrapMean', ['values', 'groups'], values, groups);

  const random = createRandom(seed, 'bootstrap');
  const resampling = groups === undefined ? ofItems(values, random) : ofGroups(values, groups, random);
  const means = Float64Array.from({ length: samples }, resampling.draw).sort();
  const low = quantile(means, (1 - level) / 2);
  return { mean: resampling.mean, low, high: quantile(means, (1 + level) / 2) };
}

function ofItems(values: ArrayLike<number>, random: Random): Resampling {
  const N = values.length;
  assertSeveral(N, 'value');
  const one = values[0]!;
  let other = one;
  let others = 0;
  for (let i = 1; i < N; i++) {
    if (values[i] === one) continue;
    if (other === one) other = values[i]!;
    else if (values[i] !== other) return ofNumbers(values, random);
    others++;
  }
  const meanOf = (count: number): number => ((N - count) * one + count * other) / N;
  if (others === 0) return { mean: one, draw: () => one };
  const draw = binomial(N, others, random);
  return { mean: meanOf(others), draw: () => meanOf(draw()) };
}

function ofNumbers(values: ArrayLike<number>, random: Random): Resampling {
  const numbers = Float64Array.from(values); // plain arrays may be slow to read in no order
  const N = numbers.length;
  const draw = (): number => {
    let sum = 0;
    for (let i = 0; i < N; i++) sum += numbers[random.integer(N)]!;
    return sum / N;
  };
  return { mean: numbers.reduce((sum, value) => sum + value, 0) / N, draw };
}

/** A mean over items still: a group counts as often as it has items. */
function ofGroups(values: ArrayLike<number>, groups: ArrayLike<number>, random: Random): Resampling {
  const rows = new Map<number, number>();
  for (let i = 0; i < groups.length; i++) if (!rows.has(groups[i]!)) rows.set(groups[i]!, rows.size);
  const G = rows.size;
  assertSeveral(G, 'group');
  const [sums, sizes] = [new Float64Array(G), new Float64Array(G)];
  for (let i = 0; i < values.length; i++) {
    const row = rows.get(groups[i]!)!;
    sums[row]! += values[i]!;
    sizes[row]! += 1;
  }
  const meanOf = (pick: (i: number) => number): number => {
    let [sum, size] = [0, 0];
    for (let i = 0; i < G; i++) {
      const row = pick(i);
      sum += sums[row]!;
      size += sizes[row]!;
    }
    return sum / size;
  };
  return { mean: meanOf((i) => i), draw: () => meanOf(() => random.integer(G)) };
}

function assertSeveral(count: number, what: string): void {
  if (count > 1) return;
  throw new DataError(
    `bootstrapMean: one ${what} says nothing of how others would have come out. Expected two or more.`,
  );
}

/** What is less likely than the most likely count by this factor never comes: far below the steps of random numbers. */
const NEGLIGIBLE = 2 ** -60;

/** @returns draws how many of N items, each with the chance of `hits` / N, are hits */
function binomial(N: number, hits: number, random: Random): () => number {
  // Chances relative to that of the mean, which is the most likely count, by the ratios of neighbours.
  const odds = hits / (N - hits);
  const below: number[] = [];
  for (let k = hits, chance = 1; k > 0 && chance > NEGLIGIBLE; k--) {
    chance *= k / (N - k + 1) / odds;
    below.push(chance);
  }
  const chances = [...below.reverse(), 1];
  for (let k = hits, chance = 1; k < N && chance > NEGLIGIBLE; k++) {
    chance *= ((N - k) / (k + 1)) * odds;
    chances.push(chance);
  }
  let total = 0;
  const cumulative = Float64Array.from(chances, (chance) => {
    total += chance;
    return total;
  });
  const first = hits - below.length;
  return () => first + firstAbove(cumulative, random.next() * total);
}

/** Index of the first of the rising values that is greater than `level`, which the last one is. */
function firstAbove(rising: Float64Array, level: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > level) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Linear between neighbours, as numpy has it. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}
