// Examples that are passed over: counted by cause, with the first of each named, and an end when they are too many.

import { DataError } from '../errors.ts';

/** What could not be used, by cause. */
export type Skipped = Readonly<Record<string, { readonly count: number; readonly first: string }>>;

/** Counts what is skipped, and says when it is too much. */
export interface SkipCounter {
  add(cause: string, key: string, detail: string): void;
  readonly total: number;
  summary(): Skipped;
  /**
   * @param seen - examples so far, those that were skipped among them
   * @param least - as many are taken to come, where fewer were seen; default 0
   * @throws DataError
   */
  check(seen: number, least?: number): void;
}

export function createSkipCounter(door: string, maxSkipped: number): SkipCounter {
  const causes = new Map<string, { count: number; first: string }>();
  let total = 0;
  return {
    add(cause, key, detail) {
      total++;
      const known = causes.get(cause);
      if (known === undefined) causes.set(cause, { count: 1, first: `${key}: ${detail}` });
      else known.count++;
    },
    get total() {
      return total;
    },
    summary: () => Object.fromEntries([...causes].map(([cause, each]) => [cause, { ...each }])),
    check(seen, least = 0) {
      if (total <= maxSkipped * Math.max(seen, least)) return;
      const told = [...causes].map(([cause, { count, first }]) => `${count} × ${cause} (${first})`);
      throw new DataError(
        `${door}: ${total} of ${seen} examples cannot be used: ${told.join('; ')}. Mend the data, or allow it with maxSkipped.`,
      );
    },
  };
}
