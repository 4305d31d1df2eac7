// The metrics that each task of GLUE has, and the averages of published tables.

import { describe, expect, it } from 'vitest';
import { type GlueColumn, glueAverage, glueScores } from '../../src/eval/index.ts';
import { readGoldenJson } from '../support/golden.ts';

const { average } = readGoldenJson<{
  average: {
    columns: GlueColumn[];
    rows: { name: string; values: number[]; mean: number; rounded: number }[];
  };
}>('eval/glue_metrics.json');

const columnsOf = (values: readonly number[]): Record<string, number> =>
  Object.fromEntries(average.columns.map((column, i) => [column, values[i]!]));

describe('glueAverage', () => {
  it.each(average.rows)('of the row $name', ({ values, mean, rounded }) => {
    const value = glueAverage(columnsOf(values));
    expect(Math.abs(value - mean)).toBeLessThanOrEqual(1e-9);
    expect(value.toFixed(1)).toBe(rounded.toFixed(1));
    expect(glueAverage(columnsOf(values.map((each) => each / 100)))).toBeCloseTo(mean / 100, 12);
  });

  // The table of the published models (big_vision's README), in the order of the columns, and the average it prints.
  it.each([
    [[71.3, 71.5, 79.1, 67.9, 85.7, 0, 14, 83.4, 54.9], 58.6],
    [[70, 70.1, 83.7, 81.6, 86.1, 0, 18.5, 83, 53.1], 60.7],
    [[75.7, 75.1, 85.2, 83.5, 89.6, 0, 82.3, 82.7, 52.7], 69.7],
    [[77.4, 77.4, 86, 83.9, 91.7, 34.5, 84.5, 85.1, 56.3], 75.2],
    [[79.8, 79.1, 86.5, 84.3, 92, 44.5, 85.3, 88.2, 58.5], 77.6],
    [[79.9, 80.2, 86.7, 85.2, 93.3, 50.9, 84.7, 86.3, 58.5], 78.4],
  ])('is the one that the README prints: %j', (values, printed) => {
    // Of values that were rounded themselves.
    expect(Math.abs(glueAverage(columnsOf(values)) - printed)).toBeLessThanOrEqual(0.1);
  });

  it('of PIXEL counts WNLI, which the other passes over', () => {
    const nine = columnsOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(glueAverage({ ...nine, wnli: 15 })).toBe(5);
    expect(glueAverage({ ...nine, wnli: 15 }, { of: 'pixel' })).toBe(6);
    expect(() => glueAverage(nine, { of: 'pixel' })).toThrow('each of 10 columns, but wnli is undefined.');
  });

  it('names all that is missing', () => {
    expect(() =>
      glueAverage({ mnli_m: 1, mnli_mm: Number.NaN, qqp: 1, qnli: 1, sst2: 1, cola: 1, stsb: 1 }),
    ).toThrow(
      'glueAverage: expected a number for each of 9 columns, but mnli_mm is NaN, mrpc is undefined, rte is undefined.',
    );
    expect(() => glueAverage({}, { of: 'bert' as 'pixel' })).toThrow(
      'expected "clippo" or "pixel", got "bert"',
    );
  });
});

describe('glueScores', () => {
  it('has the metric that papers report first', () => {
    const [predictions, targets] = [
      [1, 1, 0, 0],
      [1, 0, 0, 0],
    ];
    expect(Object.entries(glueScores('qqp', predictions, targets))).toEqual([
      ['f1', 2 / 3],
      ['accuracy', 0.75],
    ]);
    expect(glueScores('rte', predictions, targets)).toEqual({ accuracy: 0.75 });
    expect(glueScores('cola', predictions, targets).matthews).toBeCloseTo(1 / Math.sqrt(3), 12);
    const scores = glueScores('stsb', [1, 2, 4], [0, 1, 5]);
    expect(Object.keys(scores)).toEqual(['spearman', 'pearson']);
    expect(scores.spearman).toBe(1);
  });
});
