// Targets in every form people write them, and everything that is wrong with them told at once.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import type { TargetKind } from '../../src/tasks/index.ts';
import { countClasses, resolveTargets, type Target } from '../../src/train/example-targets.ts';

const CLASSES: TargetKind = { kind: 'classes', labels: ['cat', 'dog', 'bird'] };
const SEVERAL: TargetKind = { kind: 'multi-label', labels: ['red', 'round', 'soft'] };
const NUMBER: TargetKind = { kind: 'regression' };

function rows(targets: readonly Target[], kind: TargetKind): number[][] {
  const resolved = resolveTargets('train', targets, kind);
  return Array.from({ length: resolved.count }, (_, i) => {
    const row = new Float32Array(resolved.width);
    resolved.write(i, row, 0);
    return [...row];
  });
}

describe('targets', () => {
  it('of classes are labels, indices, or shares', () => {
    expect(
      rows(['dog', 0, [0, 0.25, 0.75], { cat: 0.5, bird: 0.5 }, Float32Array.of(1, 0, 0)], CLASSES),
    ).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0.25, 0.75],
      [0.5, 0, 0.5],
      [1, 0, 0],
    ]);
  });

  it('of several labels are lists, shares, or shares by label', () => {
    expect(rows([['red', 'soft', 'red'], [], [0.5, 0, 1], { round: 0.25 }], SEVERAL)).toEqual([
      [1, 0, 1],
      [0, 0, 0],
      [0.5, 0, 1],
      [0, 0.25, 0],
    ]);
  });

  it('of a regression are numbers, zero too', () => {
    expect(rows([1.5, 0, -3], NUMBER)).toEqual([[1.5], [0], [-3]]);
  });

  it('know their likeliest label, the first of equal ones', () => {
    const resolved = resolveTargets('train', ['dog', [0.4, 0.2, 0.4], { bird: 0.5, cat: 0.5 }], CLASSES);
    expect([0, 1, 2].map(resolved.top)).toEqual([1, 0, 0]);
    expect([...countClasses(resolved)]).toEqual([2, 1, 0]);
    expect(resolveTargets('train', [[]], SEVERAL).top(0)).toBe(-1);
  });

  it.each<[message: string, targets: unknown[], kind: TargetKind]>([
    ['train: got no examples. Give at least one.', [], CLASSES],
    [
      'train: 3 of 4 targets cannot be used: 3 × not in the list of labels (first [0]: "cow"). The labels are "cat", "dog", "bird". Mend or leave out those examples.',
      ['cow', 'cat', 3, -1],
      CLASSES,
    ],
    [
      'train: 2 of 3 targets cannot be used: 1 × shares for another number of labels than 3 (first [0]: 2); 1 × shares that do not add up to 1 (first [2]: they come to 0.5).',
      [[0.5, 0.5], 'cat', [0.5, 0, 0]],
      CLASSES,
    ],
    [
      'train: 2 of 2 targets cannot be used: 2 × not a finite number (first [0]: NaN). Mend or leave out those examples.',
      [Number.NaN, '4.5'],
      NUMBER,
    ],
    [
      'train: 3 of 3 targets cannot be used: 2 × shares that are no numbers from 0 to 1 (first [0]: NaN); 1 × no list of labels or shares (first [1]: "red").',
      [[0, Number.NaN, 0], 'red', [0, 2, 0]],
      SEVERAL,
    ],
    [
      'train: 1 of 1 targets cannot be used: 1 × not in the list of labels (first [0]: "blue").',
      [{ blue: 1 }],
      SEVERAL,
    ],
  ])('that cannot be used: %s', (message, targets, kind) => {
    // Wrong on purpose, as a caller without types may write it.
    const resolve = (): unknown => resolveTargets('train', targets as Target[], kind);
    expect(resolve).toThrow(DataError);
    expect(resolve).toThrow(message);
  });

  it('of any kind are read or refused, and never read as something out of range', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.anything(), fc.array(fc.float(), { maxLength: 4 }), fc.string()), {
          maxLength: 5,
        }),
        fc.constantFrom(CLASSES, SEVERAL, NUMBER),
        (targets, kind) => {
          try {
            for (const row of rows(targets as Target[], kind)) {
              const isRight = (value: number): boolean =>
                kind.kind === 'regression' ? Number.isFinite(value) : value >= 0 && value <= 1;
              expect(row.every(isRight)).toBe(true);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });
});
