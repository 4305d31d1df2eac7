// One source → its references without end, numbered: epoch after epoch, each in another order. The order comes from a
// shuffle buffer (as tf.data's `shuffle`, which big_vision uses) and one seed, so number n is the same in every run and
// every worker. Going on from number n replays the references of one epoch without loading anything.

import { DataError } from '../errors.ts';
import { createRandom } from '../random.ts';
import { broken } from './record.ts';
import type { RecordReference, RecordSource } from './source.ts';
import { brokenReference } from './unreadable.ts';

export interface ReferenceStreamOptions {
  readonly source: RecordSource;
  readonly seed: number;
  /** References among which the next one is drawn; 0 or 1 keeps the stored order. */
  readonly shuffleBuffer: number;
  /** Names the stream of random numbers. */
  readonly label: string;
  /** References of an epoch, where an earlier run has counted them: whole epochs are then skipped at once. */
  readonly epochLength: number | undefined;
}

export interface ReferenceStream {
  /**
   * References number `from` to `from + count − 1`. Forwards only: `from` is at least where the last call ended.
   *
   * @throws DataError when the source is empty
   */
  take(from: number, count: number, signal?: AbortSignal): Promise<RecordReference[]>;
  /** References of an epoch, once one has been read to its end. */
  epochLength(): number | undefined;
}

export function createReferenceStream(options: ReferenceStreamOptions): ReferenceStream {
  const { source, seed, shuffleBuffer, label } = options;
  let { epochLength } = options;
  let epoch = 0;
  /** The number of the next reference. */
  let position = 0;
  let current: AsyncGenerator<RecordReference> | undefined;
  /** All references in stored order, once it is known that they are few. */
  let kept: readonly RecordReference[] | undefined;

  /** References of one epoch, which are kept when the buffer holds them all anyway. */
  async function* stored(signal?: AbortSignal): AsyncGenerator<RecordReference> {
    const list: RecordReference[] = [];
    let count = 0;
    for await (const reference of source.references(signal)) {
      count++;
      if (epochLength !== undefined && count > epochLength) break;
      if (count <= shuffleBuffer) list.push(reference);
      yield reference;
    }
    // Epochs are as long as the first, so that a number tells its epoch: what has gone since is broken.
    const lost = broken(source.name, 'shard missing', 'the source holds less than it did at first');
    for (; count < (epochLength ?? 0); count++) yield brokenReference(lost);
    epochLength = count;
    if (list.length === count) kept = list;
  }

  function open(signal?: AbortSignal): AsyncGenerator<RecordReference> {
    const random = createRandom(seed, `order of ${label}, epoch ${epoch}`);
    return shuffled(kept ?? stored(signal), shuffleBuffer, (n) => random.integer(n));
  }

  async function next(signal?: AbortSignal): Promise<RecordReference> {
    for (;;) {
      current ??= open(signal);
      const { done, value } = await current.next();
      if (done !== true) {
        position++;
        return value;
      }
      current = undefined;
      epoch++;
      if (epochLength === 0) throw new DataError(`${source.name}: holds no examples.`);
    }
  }

  return {
    async take(from, count, signal) {
      const target = epochLength === undefined ? 0 : Math.floor(from / epochLength);
      if (epochLength !== undefined && target > epoch) {
        await current?.return(undefined);
        current = undefined;
        epoch = target;
        position = target * epochLength;
      }
      while (position < from) await next(signal);
      const references: RecordReference[] = [];
      while (references.length < count) references.push(await next(signal));
      return references;
    },
    epochLength: () => epochLength,
  };
}

/** Each time one of at most `size` that wait is drawn, and the next one takes its place. */
async function* shuffled(
  references: AsyncIterable<RecordReference> | Iterable<RecordReference>,
  size: number,
  draw: (n: number) => number,
): AsyncGenerator<RecordReference> {
  if (size <= 1) {
    yield* references;
    return;
  }
  const waiting: RecordReference[] = [];
  for await (const reference of references) {
    if (waiting.length < size) {
      waiting.push(reference);
      continue;
    }
    const i = draw(size);
    const drawn = waiting[i]!;
    waiting[i] = reference;
    yield drawn;
  }
  while (waiting.length > 0) {
    const i = draw(waiting.length);
    const drawn = waiting[i]!;
    waiting[i] = waiting.at(-1)!;
    waiting.pop();
    yield drawn;
  }
}
