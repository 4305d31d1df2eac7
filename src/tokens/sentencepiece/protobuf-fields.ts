// Protobuf bytes → the fields of one message: the wire format of https://protobuf.dev/programming-guides/encoding.
// Simplified: whole numbers above 2^53 are rounded, groups are refused (nobody has written them for twenty years).

import { DataError } from '../../errors.ts';

export interface ProtobufField {
  readonly number: number;
  /** A whole number, or the bytes of anything else: a string, a message, a float. */
  readonly value: number | Uint8Array;
}

const [VARINT, FIXED64, DELIMITED, FIXED32] = [0, 1, 2, 5];

/**
 * The fields in the order of the bytes; payloads are views.
 *
 * @param what - the message, as it stands in errors
 * @throws DataError where the bytes are no message
 */
export function* protobufFields(bytes: Uint8Array, what: string): Generator<ProtobufField> {
  let at = 0;

  function varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new DataError(`${what}: ends within a number. Is the file complete?`);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new DataError(`${what}: holds a number of more than ten bytes; it is damaged or of another kind.`);
  }

  function take(length: number): Uint8Array {
    const left = bytes.length - at;
    if (length > left) {
      throw new DataError(`${what}: a field says ${length} bytes, ${left} are left. Is the file complete?`);
    }
    at += length;
    return bytes.subarray(at - length, at);
  }

  function payload(wire: number): number | Uint8Array {
    if (wire === VARINT) return varint();
    if (wire === DELIMITED) return take(varint());
    if (wire === FIXED32) return take(4);
    if (wire === FIXED64) return take(8);
    throw new DataError(
      `${what}: a field of the unknown wire type ${wire}; it is damaged or of another kind.`,
    );
  }

  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (number === 0)
      throw new DataError(`${what}: a field without a number; it is damaged or of another kind.`);
    yield { number, value: payload(key % 8) };
  }
}

/** @throws DataError unless the field is a whole number */
export function integerOf({ number, value }: ProtobufField, what: string): number {
  if (typeof value === 'number') return value;
  throw new DataError(`${what}: field ${number} should be a whole number and is not.`);
}

/** @throws DataError unless the field has bytes */
export function bytesOf({ number, value }: ProtobufField, what: string): Uint8Array {
  if (typeof value !== 'number') return value;
  throw new DataError(`${what}: field ${number} should be bytes and is a whole number.`);
}

/** @throws DataError unless the field is a finite number of 32 bits */
export function floatOf(field: ProtobufField, what: string): number {
  const { value, number } = field;
  if (typeof value !== 'number' && value.length === 4) {
    const float = new DataView(value.buffer, value.byteOffset, 4).getFloat32(0, true);
    if (Number.isFinite(float)) return float;
  }
  throw new DataError(`${what}: field ${number} should be a finite number of 32 bits and is not.`);
}
