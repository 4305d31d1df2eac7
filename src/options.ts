// The checks that every door makes of its options: nothing unknown is ignored in silence.

import { ConfigError } from './errors.ts';

/**
 * @param door - the function that was called, as it stands in the message
 * @throws ConfigError unless `options` is an object with no other fields than `known`
 */
export function refuseUnknown(door: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`${door}: expected an options object, got ${String(options)}.`);
  }
  // A field that is there but undefined says nothing.
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.map(([key]) => key).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new ConfigError(`${door}: unknown option ${unknown.join(', ')}. Known: ${known.join(', ')}.`);
  }
}

/** The options without fields that are undefined, so that spreading them over defaults keeps the defaults. */
export function givenOptions<T extends object>(options: T): Partial<T> {
  // A subset of T's own entries.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * @param door - the function that was called, as it stands in the message
 * @throws ConfigError unless `value` is a finite number from `low` to `high`
 */
export function assertNumber(door: string, name: string, value: unknown, low: number, high: number): void {
  // Number.isFinite also refuses NaN and what is no number.
  if (Number.isFinite(value) && Number(value) >= low && Number(value) <= high) return;
  const expected = high === Infinity ? `a number of at least ${low}` : `a number from ${low} to ${high}`;
  throw new ConfigError(`${door}: ${name}: expected ${expected}, got ${describeValue(value)}.`);
}

/** A value of the wrong kind, as it stands in a message: `undefined`, `"0.5"`, `an array`, `AdamOptimizer`. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80)); // it may be a whole file
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  const { name } = value.constructor ?? Object;
  return name === 'Object' ? 'an object' : name;
}
