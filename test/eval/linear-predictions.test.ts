// The class that float64 would choose, also where float32 could not tell.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LinearClassifier, predictClasses } from '../../src/eval/linear-predictions.ts';
import { generateUniform } from '../support/golden.ts';

/** `predictClasses` of rows that are there. */
function predict(classifier: LinearClassifier, rows: Float64Array): number[] {
  const { dim } = classifier;
  return [
    ...predictClasses(classifier, rows.length / dim, (from, size, target) =>
      target.set(rows.subarray(from * dim, (from + size) * dim)),
    ),
  ];
}

/** In float64, in the plainest way. */
function plainly({ dim, classes, weights, bias }: LinearClassifier, rows: Float64Array): number[] {
  return Array.from({ length: rows.length / dim }, (_, i) => {
    let [best, top] = [0, -Infinity];
    for (let k = 0; k < classes; k++) {
      let score = bias * weights[dim * classes + k]!;
      for (let d = 0; d < dim; d++) score += rows[i * dim + d]! * weights[d * classes + k]!;
      if (score > top) [best, top] = [k, score];
    }
    return best;
  });
}

function random(dim: number, classes: number, seed: number, factor = 1): LinearClassifier {
  const weights = generateUniform('weights', (dim + 1) * classes, seed).map((value) => value * factor);
  return { dim, classes, weights, bias: 0.5 };
}

describe('predictClasses', () => {
  it('is the argmax, whatever the sizes', () => {
    const sizes = fc.record({
      dim: fc.integer({ min: 1, max: 40 }),
      classes: fc.integer({ min: 1, max: 40 }),
      count: fc.integer({ min: 1, max: 150 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(sizes, ({ dim, classes, count, seed }) => {
        const classifier = random(dim, classes, seed);
        const rows = generateUniform('rows', count * dim, seed);
        expect(predict(classifier, rows)).toEqual(plainly(classifier, rows));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('tells classes apart that are the same to float32', () => {
    const [dim, classes] = [100, 30];
    const classifier = random(dim, classes, 1);
    const { weights } = classifier;
    // All classes are one, but for the twelfth digit.
    for (let d = 0; d <= dim; d++) {
      for (let k = 1; k < classes; k++)
        weights[d * classes + k] = weights[d * classes]! + 1e-12 * weights[d * classes + k]!;
    }
    const rows = generateUniform('rows', 200 * dim, 1);
    const predictions = predict(classifier, rows);
    expect(predictions).toEqual(plainly(classifier, rows));
    expect(new Set(predictions).size).toBeGreaterThan(5);
  });

  it.each([1e-60, 1e60])('holds for numbers that float32 has not: weights times %d', (factor) => {
    const classifier = random(20, 10, 2, factor);
    const rows = generateUniform('rows', 100 * 20, 2);
    expect(predict(classifier, rows)).toEqual(plainly(classifier, rows));
  });

  it.each([1e-60, 1e60])('holds for numbers that float32 has not: rows times %d', (factor) => {
    const classifier = random(20, 10, 3);
    const rows = generateUniform('rows', 100 * 20, 3).map((value) => value * factor);
    expect(predict(classifier, rows)).toEqual(plainly(classifier, rows));
  });

  it('takes the first of equal classes', () => {
    const weights = new Float64Array(3 * 5);
    expect(predict({ dim: 2, classes: 5, weights, bias: 1 }, Float64Array.of(1, 2))).toEqual([0]);
    weights.fill(1);
    weights[0] = 0; // class 0 is worse than the other four
    expect(predict({ dim: 2, classes: 5, weights, bias: 1 }, Float64Array.of(1, 2))).toEqual([1]);
  });
});
