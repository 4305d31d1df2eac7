// A file's bytes as JavaScript's many libraries hand them out → Uint8Array, without a copy. The one check behind
// every function of this room that takes a file.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';

/** The bytes of a file: a Uint8Array (Node's Buffer is one), another view, or an ArrayBuffer. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** By what they are and not by their class, which is another one in an iframe, a worker or a test's sandbox. */
export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

/**
 * @param door - the function that was called, as it stands in the message
 * @returns `value` itself when it is a Uint8Array, else a view of its memory
 * @throws ConfigError when `value` is anything else
 */
export function toBytes(door: string, value: Bytes): Uint8Array {
  if (!isBytes(value)) {
    throw new ConfigError(
      `${door}: expected the bytes of a file (Uint8Array or ArrayBuffer), got ${describeValue(value)}.${adviceFor(value)}`,
    );
  }
  // Memory that was transferred away has no bytes left, and no view can be made of it.
  if (value.byteLength === 0) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

function adviceFor(value: unknown): string {
  if (typeof value === 'string') return ' Read the file first.';
  return value instanceof Promise ? ' Await it first.' : '';
}
