// The position of batches ↔ JSON: the number of the next batch, and how far each source has been read. Where the
// example that stands there lies follows from the seed.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { JsonValue } from './pair-batch.ts';

export interface BatchPosition {
  /** batches that were handed out */
  readonly batches: number;
  /** in the order of the sources */
  readonly sources: readonly SourcePosition[];
}

export interface SourcePosition {
  /** references used up, broken ones included */
  readonly taken: number;
  /** references of an epoch, where it has been counted */
  readonly length: number | undefined;
}

/** What else decides which example comes next. */
interface Order {
  readonly sources: readonly { readonly name: string }[];
  readonly seed: number;
  readonly shuffleBuffer: number;
}

const VERSION = 1;

export function writePosition({ batches, sources }: BatchPosition, order: Order): JsonValue {
  return {
    version: VERSION,
    seed: order.seed,
    shuffleBuffer: order.shuffleBuffer,
    batches,
    sources: sources.map(({ taken, length }, k) => ({
      name: order.sources[k]!.name,
      taken,
      // Needed from the second epoch on. Before that it depends on how far ahead someone has read.
      ...(length === undefined || taken < length ? {} : { length }),
    })),
  };
}

/**
 * @param position - undefined: the beginning
 * @throws ConfigError when it is no position, or one of other data
 */
export function parsePosition(position: JsonValue | undefined, order: Order): BatchPosition {
  const { sources, seed, shuffleBuffer } = order;
  if (position === undefined) {
    return { batches: 0, sources: sources.map(() => ({ taken: 0, length: undefined })) };
  }
  const stored: Record<string, unknown> = Object(position);
  if (stored.version !== VERSION || !Array.isArray(stored.sources) || !isCount(stored.batches)) {
    throw new ConfigError(
      `position: expected what position() of version ${VERSION} gave, got ${describeValue(position)}.`,
    );
  }
  const problems: string[] = [];
  if (stored.seed !== seed) problems.push(`seed was ${describeValue(stored.seed)} and is now ${seed}`);
  if (stored.shuffleBuffer !== shuffleBuffer) {
    problems.push(`shuffleBuffer was ${describeValue(stored.shuffleBuffer)} and is now ${shuffleBuffer}`);
  }
  const entries = stored.sources.map((entry) => Object(entry) as Record<string, unknown>);
  const before = entries.map((entry) => String(entry.name));
  const now = sources.map(({ name }) => name);
  if (before.length !== now.length || before.some((name, k) => name !== now[k])) {
    problems.push(`the sources were ${before.join(', ')} and are now ${now.join(', ')}`);
  }
  const isWhole = entries.every(
    ({ taken, length }) => isCount(taken) && (length === undefined || isCount(length)),
  );
  if (!isWhole) problems.push('its counts are damaged');
  if (problems.length > 0) {
    throw new ConfigError(
      `position: it belongs to other data: ${problems.join('; ')}. Give the same sources (only their weights may change), or leave position out to begin anew.`,
    );
  }
  return {
    batches: Number(stored.batches),
    sources: entries.map(({ taken, length }) => ({
      taken: Number(taken),
      length: length === undefined ? undefined : Number(length),
    })),
  };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
