// The check of every list of numbers that is measured: a single NaN would spoil the result, and nobody would see where
// it came from.

import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';

/**
 * @param door - the function that was called, as it stands in the message
 * @param name - of the list, as the caller knows it
 * @throws DataError unless `values` holds one number at least, and all are finite
 */
export function assertFiniteNumbers(door: string, name: string, values: ArrayLike<number>): void {
  if (typeof values?.length !== 'number' || typeof values === 'string') {
    throw new DataError(`${door}: ${name}: expected a list of numbers, got ${describeValue(values)}.`);
  }
  if (values.length === 0) throw new DataError(`${door}: ${name}: expected numbers, got an empty list.`);
  for (let i = 0; i < values.length; i++) {
    // Number.isFinite also refuses what is no number.
    if (Number.isFinite(values[i])) continue;
    throw new DataError(
      `${door}: ${name}[${i}]: expected a finite number, got ${describeValue(values[i])}. ` +
        'Find out where it comes from, or leave that item out.',
    );
  }
}

/** @throws DataError unless the two lists have as many numbers, all of them finite */
export function assertFinitePairs(
  door: string,
  [nameA, nameB]: readonly [string, string],
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): void {
  assertFiniteNumbers(door, nameA, a);
  assertFiniteNumbers(door, nameB, b);
  if (a.length === b.length) return;
  throw new DataError(
    `${door}: expected as many ${nameA} as ${nameB}, got ${a.length} and ${b.length}. ` +
      'Item i of the one must belong to item i of the other.',
  );
}
