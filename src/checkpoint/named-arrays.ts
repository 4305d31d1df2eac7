// What a writer is given, in whichever form it is at hand → names and checked arrays, one at a time.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { TypedArray } from './dtype.ts';
import { type NdArray, type NdArrayLike, resolveArray } from './nd-array.ts';

/** Arrays by name: a Map, pairs of name and array, or a plain object. A bare typed array has one dimension. */
export type NamedArrays =
  | Iterable<readonly [string, NdArrayLike | TypedArray]>
  | Readonly<Record<string, NdArrayLike | TypedArray>>;

/**
 * @param door - what is being written, as it stands in messages
 * @yields names, in the given order, with complete arrays
 * @throws ConfigError at once for what holds no arrays; ConfigError or ShapeError later for an array that is none
 */
export function resolveArrays(door: string, arrays: NamedArrays): Iterable<readonly [string, NdArray]> {
  return resolvePairs(door, pairsOf(door, arrays));
}

function pairsOf(door: string, arrays: NamedArrays): Iterable<unknown> {
  if (typeof arrays === 'object' && arrays !== null) {
    if (Symbol.iterator in arrays) return arrays;
    // Promises, buffers and the like have no entries either, and would be an empty file in silence.
    if (Object.prototype.toString.call(arrays) === '[object Object]') return Object.entries(arrays);
  }
  throw new ConfigError(
    `${door}: expected arrays by name (a Map, pairs, or a plain object), got ${describeValue(arrays)}.`,
  );
}

function* resolvePairs(door: string, pairs: Iterable<unknown>): Generator<readonly [string, NdArray]> {
  let index = 0;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string') {
      throw new ConfigError(
        `${door}: entry ${index}: expected a pair [name, array], got ${Array.isArray(pair) ? `a pair of ${describeValue(pair[0])}` : describeValue(pair)}.`,
      );
    }
    yield [pair[0], resolveArray(pair[0], pair[1])];
    index++;
  }
}
