// Whatever batches come from → batches from a place on: a list, a generator, a BatchSource, or a function that opens
// one where an earlier run stopped.

import type { BatchSource, JsonValue, TextBatch } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';

type Batches = Iterable<TextBatch> | AsyncIterable<TextBatch>;

/** Batches, one a step, or a function that opens them at a position; undefined is the beginning. */
export type BatchesOption = Batches | ((position: JsonValue | undefined) => Batches | Promise<Batches>);

export interface BatchStream {
  /** The next batch; undefined at the end. */
  next(): Promise<TextBatch | undefined>;
  /** Where the next batch begins; null where the batches cannot tell. */
  position(): JsonValue;
  /** Ends what makes them. */
  close(): Promise<void>;
}

/**
 * @param start - what an earlier run left; batches that cannot be opened there are drawn and passed over
 * @throws ConfigError
 */
export async function openBatches(
  batches: BatchesOption,
  start: { readonly step: number; readonly position: JsonValue } | undefined,
): Promise<BatchStream> {
  const position = start?.position ?? undefined; // null is none
  const isOpened = typeof batches === 'function';
  const opened = isOpened ? await batches(position) : batches;
  assertIterable(opened, isOpened);
  const source = opened as Partial<BatchSource>; // it may be one
  const iterator =
    Symbol.asyncIterator in opened ? opened[Symbol.asyncIterator]() : opened[Symbol.iterator]();
  const next = async (): Promise<TextBatch | undefined> => {
    const { done, value } = await iterator.next();
    return done === true ? undefined : value;
  };
  const isThere = isOpened && position !== undefined;
  for (let passed = 0; !isThere && passed < (start?.step ?? 0); passed++) await next();
  return {
    next,
    position: () => (typeof source.position === 'function' ? source.position() : null),
    async close() {
      await iterator.return?.();
      await source.close?.();
    },
  };
}

/** @throws ConfigError */
export function assertIterable(batches: unknown, isOpened: boolean): asserts batches is Batches {
  const given = Object(batches);
  if (Symbol.iterator in given || Symbol.asyncIterator in given) return;
  const what = isOpened
    ? 'batches gave'
    : 'batches: expected an iterable of { images, texts }, one a step, got';
  const end = isOpened ? ', expected an iterable of { images, texts }' : '';
  throw new ConfigError(`train: ${what} ${describeValue(batches)}${end}.`);
}
