// Scores → figures, on examples that can be counted by hand.

import { describe, expect, it } from 'vitest';
import type { TargetKind } from '../../src/tasks/index.ts';
import { answersOf, measureAnswers } from '../../src/train/answer-metrics.ts';
import { resolveTargets, type Target } from '../../src/train/example-targets.ts';

function measure(kind: TargetKind, targets: Target[], scores: number[]) {
  const rows = resolveTargets('test', targets, kind);
  return measureAnswers(
    kind,
    Float32Array.from(scores),
    rows,
    targets.map((_, i) => i),
  );
}

describe('figures', () => {
  it('of classes: accuracy, that of each class, which was taken for which', () => {
    const kind: TargetKind = { kind: 'classes', labels: ['a', 'b', 'c'] };
    const measured = measure(
      kind,
      ['a', 'a', 'a', 'b'],
      [
        ...[2, 0, 0],
        ...[0, 1, 0],
        ...[5, 1, 1], //
        ...[0, 3, 1],
      ],
    );
    expect(measured.values.accuracy).toBe(0.75);
    expect(measured.values.accuracyPerClass).toBeCloseTo((2 / 3 + 1) / 2, 12);
    expect(measured.confusion!.map((row) => [...row])).toEqual([
      [2, 1, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    expect(measured.labels).toEqual([
      { label: 'a', count: 3, value: 2 / 3 },
      { label: 'b', count: 1, value: 1 },
      { label: 'c', count: 0, value: 0 },
    ]);
    expect(measured.losses[0]).toBeCloseTo(Math.log(Math.exp(2) + 2) - 2, 6);
    expect(measured.values.loss).toBeCloseTo(measured.losses.reduce((a, b) => a + b) / 4, 6);
  });

  it('of several labels: F1, exact ones, and the share of the likeliest', () => {
    const kind: TargetKind = { kind: 'multi-label', labels: ['a', 'b'] };
    const measured = measure(kind, [['a'], ['a', 'b'], { b: 0.3 }], [1, -1, 2, -2, -1, 3]);
    expect(measured.values.f1).toBeCloseTo((2 * 2) / (3 + 3), 12); // 2 of 3 said, of 3 there
    expect(measured.values.exact).toBeCloseTo(1 / 3, 12);
    expect(measured.values.top).toBeCloseTo((1 + 1 + Math.fround(0.3)) / 3, 6);
    expect(measured.labels.map(({ count, value }) => [count, value])).toEqual([
      [2, 1],
      [1, 0],
    ]);
    expect(measured.confusion).toBeUndefined();
  });

  it('of a regression: how far off', () => {
    const measured = measure({ kind: 'regression' }, [1, 2, 3], [1, 4, 2]);
    expect(measured.values.rmse).toBeCloseTo(Math.sqrt(5 / 3), 6);
    expect(measured.values.mae).toBeCloseTo(1, 6);
    expect(measured.values.loss).toBeCloseTo(5 / 3, 6);
  });

  it('are of the examples that were measured', () => {
    const kind: TargetKind = { kind: 'classes', labels: ['a', 'b'] };
    const rows = resolveTargets('test', ['a', 'b', 'b'], kind);
    const measured = measureAnswers(kind, Float32Array.of(0, 1), rows, [2]);
    expect([measured.count, measured.values.accuracy]).toEqual([1, 1]);
  });
});

describe('answers', () => {
  it('are shares, or numbers within their range', () => {
    const labels = ['a', 'b'];
    const [a, b, c, d] = answersOf({ kind: 'classes', labels }, Float32Array.of(0, Math.log(3), 800, 0), 2);
    expect([a, b, c, d].map((x) => x?.toFixed(4))).toEqual(['0.2500', '0.7500', '1.0000', '0.0000']);
    expect([...answersOf({ kind: 'multi-label', labels }, Float32Array.of(0, -900), 2)]).toEqual([0.5, 0]);
    const range = [0, 5] as const;
    expect([...answersOf({ kind: 'regression', range }, Float32Array.of(-1, 2, 9), 1)]).toEqual([0, 2, 5]);
    expect([...answersOf({ kind: 'regression' }, Float32Array.of(-1, 9), 1)]).toEqual([-1, 9]);
  });
});
