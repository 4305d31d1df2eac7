// What cannot be read → a record that says so. Readers throw `Unreadable` where they stand; the two boundaries below
// turn it into a BrokenRecord: one for a whole file, one for a single example. Anything else that is thrown (a wrong
// option, a missing package, an abort, a bug) passes through.

import { DataError, firstLineOf } from '../errors.ts';
import { type BrokenCause, type BrokenRecord, broken } from './record.ts';
import type { RecordReference } from './source.ts';

/** Thrown inside this room only. */
export class Unreadable extends DataError {
  readonly reason: BrokenCause;

  constructor(reason: BrokenCause, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** The references of one file, and one broken one more where reading it ends early. */
export async function* untilUnreadable(
  name: string,
  references: AsyncIterable<RecordReference>,
): AsyncGenerator<RecordReference> {
  try {
    yield* references;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    yield brokenReference(broken(name, error.reason, error.message));
  }
}

/** What `load` gives, or the reason why it cannot. */
export async function recordOrBroken<T>(
  key: string,
  load: () => T | BrokenRecord | Promise<T | BrokenRecord>,
): Promise<T | BrokenRecord> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return broken(key, error.reason, error.message);
  }
}

/** A reference to something of which it is known already that it cannot be read. */
export function brokenReference(record: BrokenRecord): RecordReference {
  return { key: record.key, load: async () => record };
}

/** The words of whatever was thrown, in one line. */
export function wordsOf(error: unknown): string {
  return firstLineOf(error).slice(0, 200);
}
