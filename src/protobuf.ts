// Fields → protobuf bytes: the wire format of https://protobuf.dev/programming-guides/encoding, as far as ONNX
// needs it. A field knows its size before a byte is written, so that a message is one allocation and one pass
// and its payloads, weights of hundreds of megabytes among them, are copied once.
// Simplified: whole numbers up to 2^53, no packed lists (ONNX's own writer packs none), little-endian machines.

/** A field of a message, its key included. */
export interface Field {
  /** bytes */
  readonly size: number;
  /** Writes `size` bytes at `at` and returns where they end. */
  readonly write: (target: Uint8Array, at: number) => number;
}

const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

const utf8 = new TextEncoder();

/**
 * An int64, int32 or enum field.
 *
 * @param value - a safe integer; a negative one takes ten bytes
 */
export function integer(number: number, value: number): Field {
  const key = keyOf(number, VARINT);
  return {
    size: varintSize(key) + varintSize(value),
    write: (target, at) => writeVarint(target, writeVarint(target, at, key), value),
  };
}

/** A float field: `value` rounded to 32 bits. */
export function float(number: number, value: number): Field {
  const key = keyOf(number, FIXED32);
  const payload = new Uint8Array(Float32Array.of(value).buffer);
  return {
    size: varintSize(key) + payload.length,
    write: (target, at) => writeBytes(target, writeVarint(target, at, key), payload),
  };
}

/** A bytes field. `value` is read when the message is encoded, not before. */
export function bytes(number: number, value: Uint8Array): Field {
  return delimited(number, value.length, (target, at) => writeBytes(target, at, value));
}

export function text(number: number, value: string): Field {
  if (!isAscii(value)) return bytes(number, utf8.encode(value));
  // An encoder would make an array for each of the thousands of names in a graph.
  return delimited(number, value.length, (target, at) => {
    for (let i = 0; i < value.length; i++) target[at + i] = value.charCodeAt(i);
    return at + value.length;
  });
}

/** A field that is a message of its own. Fields go by rising number, as every other writer orders them. */
export function message(number: number, fields: readonly Field[]): Field {
  return delimited(number, sizeOfFields(fields), (target, at) => writeFields(fields, target, at));
}

/** Bytes of the message that has these fields. */
export function sizeOfFields(fields: readonly Field[]): number {
  return fields.reduce((size, field) => size + field.size, 0);
}

/** The message that has these fields. */
export function encodeFields(fields: readonly Field[]): Uint8Array {
  const target = new Uint8Array(sizeOfFields(fields));
  writeFields(fields, target, 0);
  return target;
}

function delimited(number: number, length: number, writeBody: Field['write']): Field {
  const key = keyOf(number, DELIMITED);
  return {
    size: varintSize(key) + varintSize(length) + length,
    write: (target, at) => writeBody(target, writeVarint(target, writeVarint(target, at, key), length)),
  };
}

function writeFields(fields: readonly Field[], target: Uint8Array, start: number): number {
  return fields.reduce((at, field) => field.write(target, at), start);
}

function writeBytes(target: Uint8Array, at: number, value: Uint8Array): number {
  target.set(value, at);
  return at + value.length;
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 127) return false;
  return true;
}

function keyOf(number: number, wireType: number): number {
  return (number << 3) | wireType;
}

function varintSize(value: number): number {
  if (value < 0) return 10; // the 64 bits of its two's complement
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function writeVarint(target: Uint8Array, start: number, value: number): number {
  let at = start;
  // Two unsigned halves: bit operators see 32 bits, and a negative number is its two's complement.
  let low = value >>> 0;
  let high = Math.floor(value / 2 ** 32) >>> 0;
  while (high > 0 || low > 127) {
    target[at++] = (low & 127) | 128;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  target[at++] = low;
  return at;
}
