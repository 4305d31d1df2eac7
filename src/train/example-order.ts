// Which examples a step takes: every one once an epoch, in an order that the seed and the epoch decide. So a training that
// goes on needs nothing but the number of its step.

import { createRandom } from '../random.ts';

/**
 * @param count - examples
 * @param batchSize - at most as many
 * @returns step (from 0) → the examples it takes. An epoch that ends within a batch is followed by the next one.
 */
export function createExampleOrder(
  count: number,
  batchSize: number,
  seed: number,
): (step: number) => Int32Array {
  const epochs = new Map<number, Uint32Array>();

  function orderOf(epoch: number): Uint32Array {
    const known = epochs.get(epoch);
    if (known !== undefined) return known;
    if (epochs.size > 1) epochs.clear(); // a batch reaches into two at most
    const order = createRandom(seed, `finetune epoch ${epoch}`).permutation(count);
    epochs.set(epoch, order);
    return order;
  }

  return (step) =>
    Int32Array.from({ length: batchSize }, (_, i) => {
      const place = step * batchSize + i;
      return orderOf(Math.floor(place / count))[place % count]!;
    });
}
