// Counts of a run: what was handed out, what was broken and why, how long the consumer waited. Also the one place that
// decides which broken examples are told, and when they are too many.

import { DataError } from '../errors.ts';
import type { BrokenRecord } from './record.ts';

interface ExampleCounts {
  /** examples in the batches that were handed out */
  readonly examples: number;
  /** examples that could not be read */
  readonly broken: number;
  /** cause → such examples, most frequent first */
  readonly brokenByCause: Readonly<Record<string, number>>;
  /** whole examples that were of no use: too little in them for the pairs that are wanted, or not `distinct` */
  readonly skipped: number;
  /** the same by cause: `one picture`, `one caption`, `no picture`, `same key`, `same text` */
  readonly skippedByCause: Readonly<Record<string, number>>;
}

/** Numbers since the batches were made; what was made ahead and not handed out counts under `broken` only. */
export interface DataReport extends ExampleCounts {
  /** batches that were handed out */
  readonly batches: number;
  /** in the order of the sources */
  readonly sources: readonly SourceReport[];
  /** ms that the consumer spent waiting for a batch */
  readonly waitedMs: number;
  /** ms from its first wish to the last batch it got */
  readonly elapsedMs: number;
  /** `waitedMs / elapsedMs`, 0 … 1 */
  readonly waitingShare: number;
}

/** What has come of one source so far. */
export interface SourceReport extends ExampleCounts {
  readonly name: string;
  /** how many examples it holds, once it has been read to its end */
  readonly length?: number;
}

/** A broken example as it is told: the first of its cause, and every thousandth. */
export interface BrokenExample extends BrokenRecord {
  /** name of the source */
  readonly source: string;
  /** how many of this cause there have been, this one included */
  readonly count: number;
}

/** A whole example that the mixture cannot use. */
export interface SkippedExample {
  readonly kind: 'skipped';
  readonly key: string;
  readonly cause: 'one picture' | 'one caption' | 'no picture' | 'same key' | 'same text';
}

export interface Tally {
  handedOut(source: number): void;
  skipped(source: number, cause: SkippedExample['cause']): void;
  /** @throws DataError when too many are broken */
  found(
    source: number,
    examples: readonly (BrokenRecord | SkippedExample | { readonly kind: 'pair' })[],
  ): void;
  /** @param waitedMs - that the consumer waited for this batch */
  batchDone(waitedMs: number): void;
  report(lengths: readonly (number | undefined)[]): DataReport;
}

interface TallyOptions {
  readonly sources: readonly { readonly name: string }[];
  readonly maxBroken: number;
  readonly onBroken: ((example: BrokenExample) => void) | undefined;
}

/** Examples before their share of broken ones means anything. */
const ENOUGH = 200;
const EVERY = 1000;

export function createTally({ sources, maxBroken, onBroken }: TallyOptions): Tally {
  const given = sources.map(() => 0);
  const broken = sources.map(createCounter);
  const allBroken = createCounter();
  const skipped = sources.map(createCounter);
  const allSkipped = createCounter();
  let seen = 0;
  let batches = 0;
  let waited = 0;
  let begin: number | undefined;
  let end = 0;

  function countBroken(source: number, record: BrokenRecord): void {
    broken[source]!.add(record.cause);
    const count = allBroken.add(record.cause);
    if (count === 1 || count % EVERY === 0) onBroken?.({ ...record, source: sources[source]!.name, count });
  }

  function countSkipped(source: number, cause: SkippedExample['cause']): void {
    skipped[source]!.add(cause);
    allSkipped.add(cause);
  }

  function tooMany(last: BrokenRecord): DataError {
    const list = Object.entries(allBroken.byCause()).map(([cause, count]) => `${cause}: ${count}`);
    return new DataError(
      `data: ${allBroken.total()} of the first ${seen} examples are broken, more than maxBroken = ${maxBroken} allows (${list.join(', ')}). The last was ${last.key}: ${last.detail}. Look into the data with \`clippo inspect\`, or raise maxBroken.`,
    );
  }

  return {
    handedOut(source) {
      given[source]!++;
    },
    skipped: countSkipped,
    found(source, examples) {
      for (const example of examples) {
        seen++;
        if (example.kind === 'skipped') countSkipped(source, example.cause);
        if (example.kind !== 'broken') continue;
        countBroken(source, example);
        if (seen >= ENOUGH && allBroken.total() > maxBroken * seen) throw tooMany(example);
      }
    },
    batchDone(waitedMs) {
      const now = performance.now();
      begin ??= now - waitedMs;
      end = now;
      waited += waitedMs;
      batches++;
    },
    report(lengths) {
      const elapsed = end - (begin ?? end);
      return {
        batches,
        examples: given.reduce((sum, count) => sum + count, 0),
        ...countsOf(allBroken, allSkipped),
        sources: sources.map(({ name }, k) => ({
          name,
          examples: given[k]!,
          ...countsOf(broken[k]!, skipped[k]!),
          ...(lengths[k] === undefined ? {} : { length: lengths[k] }),
        })),
        waitedMs: waited,
        elapsedMs: elapsed,
        waitingShare: elapsed > 0 ? waited / elapsed : 0,
      };
    },
  };
}

interface Counter {
  /** @returns how many there are of this cause now */
  add(cause: string): number;
  total(): number;
  /** most frequent first */
  byCause(): Record<string, number>;
}

function createCounter(): Counter {
  const counts = new Map<string, number>();
  let total = 0;
  return {
    add(cause) {
      total++;
      const count = (counts.get(cause) ?? 0) + 1;
      counts.set(cause, count);
      return count;
    },
    total: () => total,
    byCause: () => Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
  };
}

function countsOf(
  broken: Counter,
  skipped: Counter,
): Pick<DataReport, 'broken' | 'brokenByCause' | 'skipped' | 'skippedByCause'> {
  return {
    broken: broken.total(),
    brokenByCause: broken.byCause(),
    skipped: skipped.total(),
    skippedByCause: skipped.byCause(),
  };
}
