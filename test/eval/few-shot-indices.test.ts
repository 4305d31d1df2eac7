// The examples that the reference chooses, and what is refused.

import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/errors.ts';
import { fewShotIndices } from '../../src/eval/few-shot-indices.ts';
import { readGoldenJson, readGoldenNpz } from '../support/golden.ts';

const arrays = readGoldenNpz('eval/fewshot.npz');
const { num_classes, results } = readGoldenJson<{
  num_classes: number;
  results: { seed: number; shots: number }[];
}>('eval/fewshot.json');
const numbers = (name: string): number[] => Array.from(arrays.get(name)!.data, Number);

describe('fewShotIndices', () => {
  it.each(results)('chooses as the reference: seed $seed, $shots shots', ({ seed, shots }) => {
    const indices = fewShotIndices(numbers('y_train'), num_classes, shots, seed);
    expect([...indices]).toEqual(numbers(`seed${seed}_shots${shots}/indices`));
  });

  it('chooses as numpy does', () => {
    // y = np.array([2,0,1,1,0,2,2,0,1,0,1,2]); r = np.random.default_rng(5)
    // np.concatenate([r.permutation(np.flatnonzero(y == c))[:2] for c in range(3)])
    const indices = fewShotIndices([2, 0, 1, 1, 0, 2, 2, 0, 1, 0, 1, 2], 3, 2, 5);
    expect([...indices]).toEqual([9, 4, 8, 10, 11, 5]);
  });

  it('takes whole classes when they have no more', () => {
    const indices = fewShotIndices([1, 0, 1, 0], 2, 2, 0);
    expect([...indices.subarray(0, 2)].sort()).toEqual([1, 3]);
    expect([...indices.subarray(2)].sort()).toEqual([0, 2]);
  });

  it('names the classes that have too few examples', () => {
    expect(() => fewShotIndices([0, 0, 0, 1, 3, 3], 4, 2, 0)).toThrow(
      new DataError(
        'fewShotIndices: 2 shots need 2 examples of every class, but 2 of 4 classes have fewer: class 1 has 1, ' +
          'class 2 has 0. Read more examples, take fewer shots, or leave these classes out.',
      ),
    );
  });

  it('names ten of them at most', () => {
    const names = Array.from({ length: 10 }, (_, c) => `class ${c} has 0`).join(', ');
    expect(() => fewShotIndices([], 15, 1, 0)).toThrow(
      new DataError(
        `fewShotIndices: 1 shots need 1 examples of every class, but 15 of 15 classes have fewer: ${names}, ` +
          'and 5 more. Read more examples, take fewer shots, or leave these classes out.',
      ),
    );
  });

  it.each([3, -1, 0.5, Number.NaN])('refuses the label %d', (label) => {
    expect(() => fewShotIndices([0, 1, label], 3, 1, 0)).toThrow(
      new DataError(`fewShotIndices: labels[2]: expected a class from 0 to 2, got ${label}.`),
    );
  });

  it('refuses counts that are none, and seeds that numpy would refuse', () => {
    expect(() => fewShotIndices([0], 0, 1, 0)).toThrow(
      new ConfigError('fewShotIndices: classes: expected an integer of at least 1, got 0.'),
    );
    expect(() => fewShotIndices([0], 1, 1.5, 0)).toThrow(
      new ConfigError('fewShotIndices: shots: expected an integer of at least 1, got 1.5.'),
    );
    expect(() => fewShotIndices([0], 1, 1, -1)).toThrow(
      new ConfigError('fewShotIndices: seed: expected an integer from 0 to 2^53 - 1, got -1.'),
    );
  });
});
