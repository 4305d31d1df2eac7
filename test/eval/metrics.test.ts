// The metrics of GLUE against golden values, by what must hold for any lists, and what they refuse.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { accuracy, f1, matthews, pearson, spearman } from '../../src/eval/metrics.ts';
import { readGoldenJson } from '../support/golden.ts';

interface Case {
  readonly id: string;
  readonly labels: number[];
  readonly predictions: number[];
  /** null: not binary, or no number at all */
  readonly accuracy?: number;
  readonly f1?: number | null;
  readonly mcc?: number;
  readonly pearson?: number | null;
  readonly spearman?: number | null;
  readonly undefined: string[];
}

const { cases } = readGoldenJson<{ cases: Case[] }>('eval/glue_metrics.json');
const METRICS = { accuracy, f1, mcc: matthews, pearson, spearman };

describe.each(cases)('golden case $id', (golden) => {
  const names = (Object.keys(METRICS) as (keyof typeof METRICS)[]).filter((name) => golden[name] != null);

  it.each(names)('%s', (name) => {
    const value = METRICS[name](golden.predictions, golden.labels);
    expect(Math.abs(value - golden[name]!)).toBeLessThanOrEqual(1e-9);
  });

  it.each(golden.undefined)('%s, which divides by 0, is 0', (name) => {
    expect(METRICS[name as keyof typeof METRICS](golden.predictions, golden.labels)).toBe(0);
  });
});

it('the golden file is whole', () => {
  expect(cases.length).toBe(24);
  expect(cases.flatMap((each) => each.undefined).length).toBe(12);
});

describe('classes', () => {
  it('f1 takes class 1 against all others', () => {
    const [predictions, targets] = [
      [1, 1, 2, 0, 3],
      [1, 0, 1, 2, 3],
    ];
    expect(f1(predictions, targets)).toBe(0.5);
    expect(f1([2, 0], [0, 2])).toBe(0);
  });

  it('matthews does not care what the classes are called', () => {
    const pairs = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(pairs, (list) => {
        const [predictions, targets] = [list.map(([a]) => a), list.map(([, b]) => b)];
        const renamed = (labels: number[]): Float32Array =>
          Float32Array.from(labels, (label) => 70 - 9 * label);
        const value = matthews(predictions, targets);
        expect(matthews(renamed(predictions), renamed(targets))).toBeCloseTo(value, 12);
        expect(matthews(targets, predictions)).toBeCloseTo(value, 12);
        expect(Math.abs(value)).toBeLessThanOrEqual(1);
        expect(matthews(targets, targets)).toBe(new Set(targets).size > 1 ? 1 : 0);
      }),
      { seed: 1 },
    );
  });

  it('refuses what is no class, and says what to do', () => {
    expect(() => accuracy([0.2, 0.8], [0, 1])).toThrow(
      'accuracy: predictions[0]: expected a class, an integer from 0, got 0.2. Turn scores into classes first.',
    );
    expect(() => f1([0, 1], [0, -1])).toThrow(
      'f1: targets[1]: expected a class, an integer from 0, got -1. Leave out items without a label.',
    );
    expect(() => matthews([0, Number.NaN], [0, 1])).toThrow('matthews: predictions[1]: expected a finite');
  });
});

describe('correlations', () => {
  const numbers = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
    minLength: 2,
    maxLength: 30,
  });

  it('spearman is pearson of the ranks, ties sharing theirs', () => {
    /** By counting. */
    const rank = (all: number[]): number[] =>
      all.map(
        (own) => all.filter((other) => other < own).length + all.filter((other) => other === own).length / 2,
      );
    fc.assert(
      fc.property(numbers, (list) => {
        const [x, y] = [list.map(([a]) => a), list.map(([, b]) => b)];
        expect(spearman(x, y)).toBeCloseTo(pearson(rank(x), rank(y)), 12);
      }),
      { seed: 1 },
    );
  });

  it('does not see scale and offset, and turns with the sign', () => {
    fc.assert(
      fc.property(numbers, (list) => {
        const [x, y] = [list.map(([a]) => a), list.map(([, b]) => b)];
        for (const correlate of [pearson, spearman]) {
          const value = correlate(x, y);
          expect(correlate(y, x)).toBeCloseTo(value, 12);
          const moved = x.map((each) => 1e7 + each / 8);
          const turned = x.map((each) => -1e200 * each);
          expect(correlate(moved, y)).toBeCloseTo(value, 12);
          expect(correlate(turned, y)).toBeCloseTo(-value, 12);
        }
      }),
      { seed: 1 },
    );
  });

  it('is exact at both ends', () => {
    const x = Float32Array.of(0.1, 0.7, 0.3, 12);
    const turned = x.map((each) => -each);
    expect([pearson(x, x), pearson(x, turned), spearman(x, x), spearman(x, turned)]).toEqual([1, -1, 1, -1]);
  });

  it('takes no rounding for a difference: a constant correlates with nothing', () => {
    const constant = new Array<number>(7).fill(0.1); // whose mean is not 0.1
    expect(pearson(constant, [1, 2, 3, 4, 5, 6, 7])).toBe(0);
    expect(spearman([1, 2, 3, 4, 5, 6, 7], constant)).toBe(0);
  });

  it('refuses a single pair, and numbers that no difference spans', () => {
    expect(() => pearson([1], [2])).toThrow('pearson: expected two pairs of numbers or more, got one.');
    expect(() => spearman([1], [2])).toThrow('spearman: expected two pairs');
    expect(() => pearson([-1.7e308, 1.7e308], [1, 2])).toThrow('pearson: x: the numbers lie further apart');
    expect(spearman([-1.7e308, 1.7e308], [1, 2])).toBe(1);
  });
});

describe.each(Object.entries({ accuracy, f1, matthews, pearson, spearman }))('%s', (name, metric) => {
  it('refuses lists that are empty, of different lengths, or no lists of numbers', () => {
    const cases: [ArrayLike<number>, ArrayLike<number>, RegExp][] = [
      [[], [], /expected numbers, got an empty list\.$/],
      [[1, 0], [1], /expected as many \w+ as \w+, got 2 and 1\. Item i of the one must belong to item i/],
      [[1, Infinity], [1, 0], /\w+\[1\]: expected a finite number, got Infinity\. Find out where/],
      // What JavaScript may hand in.
      [['1', '0'] as unknown as number[], [1, 0], /\w+\[0\]: expected a finite number, got "1"\./],
      [undefined as unknown as number[], [1, 0], /: expected a list of numbers, got undefined\.$/],
      ['10' as unknown as number[], [1, 0], /: expected a list of numbers, got "10"\.$/],
    ];
    for (const [predictions, targets, message] of cases) {
      expect(() => metric(predictions, targets)).toThrow(DataError);
      expect(() => metric(predictions, targets)).toThrow(message);
      expect(() => metric(predictions, targets)).toThrow(new RegExp(`^${name}: `));
    }
  });
});
