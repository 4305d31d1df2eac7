// Every example once an epoch, and any step at any time.

import { describe, expect, it } from 'vitest';
import { createExampleOrder } from '../../src/train/example-order.ts';

describe('the order of examples', () => {
  it.each([
    [10, 5],
    [7, 3],
    [4, 4],
    [3, 1],
  ])('has each of %i examples once an epoch, %i a step', (count, batchSize) => {
    const order = createExampleOrder(count, batchSize, 1);
    const taken = Array.from({ length: 4 * count }, (_, step) => [...order(step)]).flat();
    const all = Array.from({ length: count }, (_, i) => i);
    for (let epoch = 0; epoch < 4; epoch++) {
      const seen = taken.slice(epoch * count, (epoch + 1) * count);
      expect(seen.toSorted((a, b) => a - b)).toEqual(all);
    }
  });

  it('is another one in every epoch, and by every seed', () => {
    const of = (seed: number, step: number): number[] => [...createExampleOrder(20, 20, seed)(step)];
    expect(of(1, 0)).not.toEqual(of(1, 1));
    expect(of(1, 0)).not.toEqual(of(2, 0));
  });

  it('is the same from any step on', () => {
    const order = createExampleOrder(7, 3, 5);
    const steps = [0, 1, 2, 3, 4, 5].map((step) => [...order(step)]);
    for (const step of [5, 2, 0, 4]) expect([...createExampleOrder(7, 3, 5)(step)]).toEqual(steps[step]);
    expect([...order(1)]).toEqual(steps[1]); // backwards too
  });
});
