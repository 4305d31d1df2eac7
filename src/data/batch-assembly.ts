// Examples → batches, in order: which sources fill the batch, the next whole example of each, and so on. What cannot be
// used is left out and the next one of its source takes its place, so that what a batch holds depends on the data and
// the seed alone: not on who made the examples, how far ahead, or whether the run was interrupted.

import { DataError } from '../errors.ts';
import type { ResolvedBatchOptions } from './batch-options.ts';
import { writePosition } from './batch-position.ts';
import { createTally, type SkippedExample } from './data-report.ts';
import type { ExampleMaker, ExamplePair, MadeRange } from './example-maker.ts';
import { createDraw } from './mixture.ts';
import type { BatchSource, TextBatch } from './pair-batch.ts';

/** One source on its way into batches. Numbers are those of its stream. */
interface Lane {
  /** The first example after the last one that was handed out. */
  taken: number;
  /** The same with the batch that is being filled. */
  used: number;
  /** The first example that nobody was asked for. */
  asked: number;
  /** The first example that has not come. */
  received: number;
  /** What has come, in order, without what cannot be used. */
  readonly ready: ReadyExample[];
  /** Examples of an epoch, once they have been counted. */
  length: number | undefined;
}

interface ReadyExample {
  readonly number: number;
  readonly pair: ExamplePair;
}

/** How many examples in a row without one to use end a source: ten epochs of them, within bounds. */
const FRUITLESS = { epochs: 10, least: 1000, most: 100_000 };

/** @param makers - take turns */
export function assembleBatches(
  options: ResolvedBatchOptions,
  makers: readonly ExampleMaker[],
): BatchSource<TextBatch> {
  const { prefetch, signal, distinct, sources } = options;
  const draw = createDraw(options);
  const tally = createTally(options);
  const lanes = options.position.sources.map(
    ({ taken, length }): Lane => ({ taken, used: taken, asked: taken, received: taken, ready: [], length }),
  );
  /** The number of the next batch. */
  let batch = options.position.batches;
  /** What was asked for, in that order. */
  const jobs: Promise<readonly MadeRange[]>[] = [];
  let jobCount = 0;
  /** Sources of the batches that were looked at and not handed out. */
  const plans = new Map<number, Uint32Array>();
  let last: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;
  let end: (nothing: undefined) => void = () => {};
  const ended = new Promise<undefined>((resolve) => {
    end = resolve;
  });

  function planOf(number: number): Uint32Array {
    let plan = plans.get(number);
    if (plan === undefined) {
      plan = draw(number);
      plans.set(number, plan);
    }
    return plan;
  }

  /** Asks for what these places need beyond what has come or is being made, all of it taken for usable. */
  function askFor(places: Iterable<number>): void {
    const wanted = lanes.map(() => 0);
    for (const source of places) wanted[source]!++;
    const ranges = lanes.flatMap((lane, source) => {
      const count = wanted[source]! - lane.ready.length - (lane.asked - lane.received);
      if (count <= 0) return [];
      const from = lane.asked;
      lane.asked += count;
      return [{ source, from, count }];
    });
    if (ranges.length === 0) return;
    const job = makers[jobCount++ % makers.length]!.make(ranges);
    job.catch(() => {}); // it is seen when its turn comes
    jobs.push(job);
  }

  /** One job for each batch, so that makers share the work. */
  function askAhead(count: number): void {
    const places: number[] = [];
    for (let n = batch; n < batch + count; n++) {
      for (const source of planOf(n)) places.push(source);
      askFor(places);
    }
  }

  function receive(made: readonly MadeRange[]): void {
    for (const { source, from, examples, length } of made) {
      const lane = lanes[source]!;
      examples.forEach((example, i) => {
        if (example.kind === 'pair') lane.ready.push({ number: from + i, pair: example });
      });
      lane.received = from + examples.length;
      lane.length ??= length;
      tally.found(source, examples);
    }
  }

  /** @throws DataError when the source has given nothing for so long that it never will */
  function assertFruitful(source: number): void {
    const { received, used, length } = lanes[source]!;
    const count = received - used;
    const { epochs, least, most } = FRUITLESS;
    if (count <= Math.min(most, Math.max(least, epochs * (length ?? Infinity)))) return;
    const { brokenByCause, skippedByCause } = tally.report([]).sources[source]!;
    const causes = Object.entries({ ...brokenByCause, ...skippedByCause });
    throw new DataError(
      `${sources[source]!.name}: none of ${count} examples in a row can be used for batch ${batch} (${causes.map(([cause, n]) => `${cause}: ${n}`).join(', ')}). Look into the data with \`clippo inspect\`; with distinct, batches must be smaller than the number of different texts.`,
    );
  }

  /** @param places - what the batch still lacks @returns undefined when there are no more batches */
  async function nextExample(source: number, places: Uint32Array): Promise<ReadyExample | undefined> {
    const lane = lanes[source]!;
    while (lane.ready.length === 0) {
      assertFruitful(source);
      askFor(places);
      const made = await Promise.race([jobs.shift()!, ended]).catch((error: unknown) => {
        if (closed === undefined) throw error; // else it is the end that makers came to
      });
      signal?.throwIfAborted();
      if (made === undefined) return undefined;
      receive(made);
    }
    return lane.ready.shift();
  }

  async function fillBatch(): Promise<TextBatch | undefined> {
    const plan = planOf(batch);
    for (const lane of lanes) lane.used = lane.taken;
    const held = createHeld();
    const images: TextBatch['images'][number][] = [];
    const texts: TextBatch['texts'][number][] = [];
    const keys: string[] = [];
    while (images.length < plan.length) {
      const source = plan[images.length]!;
      const next = await nextExample(source, plan.subarray(images.length));
      if (next === undefined) return undefined;
      const { number, pair } = next;
      const repeated = distinct ? held.repeats(pair) : undefined;
      if (repeated !== undefined) {
        tally.skipped(source, repeated);
        continue;
      }
      held.add(pair);
      lanes[source]!.used = number + 1;
      images.push(pair.image);
      texts.push(pair.text);
      keys.push(pair.key);
    }
    return { images, texts, keys };
  }

  async function nextBatch(): Promise<TextBatch | undefined> {
    if (closed !== undefined) return undefined;
    const start = performance.now();
    askAhead(prefetch + 1);
    const filled = await fillBatch();
    if (filled === undefined) return undefined;
    for (const source of plans.get(batch)!) tally.handedOut(source);
    for (const lane of lanes) lane.taken = lane.used;
    plans.delete(batch);
    batch++;
    askAhead(prefetch);
    tally.batchDone(performance.now() - start);
    return filled;
  }

  function close(): Promise<void> {
    closed ??= (async () => {
      signal?.removeEventListener('abort', onAbort);
      end(undefined);
      await Promise.all(makers.map((maker) => maker.close()));
    })();
    return closed;
  }
  const onAbort = (): void => void close();
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();

  const iterator: AsyncIterableIterator<TextBatch> = {
    next() {
      const answer = last.then(async (): Promise<IteratorResult<TextBatch>> => {
        signal?.throwIfAborted();
        try {
          const value = await nextBatch();
          return value === undefined ? { done: true, value: undefined } : { done: false, value };
        } catch (error) {
          await close();
          throw error;
        }
      });
      last = answer.catch(() => {}); // the caller sees it
      return answer;
    },
    async return() {
      await close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };

  return {
    [Symbol.asyncIterator]: () => iterator,
    position: () => writePosition({ batches: batch, sources: lanes }, options),
    report: () => tally.report(lanes.map(({ length }) => length)),
    close,
  };
}

/** What a batch holds, for telling what it holds already. */
function createHeld(): {
  repeats(pair: ExamplePair): SkippedExample['cause'] | undefined;
  add(pair: ExamplePair): void;
} {
  const keys = new Set<string>();
  const texts = new Set<string>();
  // As drawn, most models see no case.
  const folded = (caption: string): string => caption.toLowerCase();
  return {
    repeats({ key, captions }) {
      if (keys.has(key)) return 'same key';
      return captions.some((caption) => texts.has(folded(caption))) ? 'same text' : undefined;
    },
    add({ key, captions }) {
      keys.add(key);
      for (const caption of captions) texts.add(folded(caption));
    },
  };
}
