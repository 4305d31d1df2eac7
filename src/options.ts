// The check that every door makes of its options: nothing unknown is ignored in silence.

import { ConfigError } from './errors.ts';

/**
 * @param door - the function that was called, as it stands in the message
 * @throws ConfigError unless `options` is an object with no other fields than `known`
 */
export function refuseUnknown(door: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`${door}: expected an options object, got ${String(options)}.`);
  }
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new ConfigError(`${door}: unknown option ${unknown.join(', ')}. Known: ${known.join(', ')}.`);
  }
}
