// Scalars → TensorBoard's event files: `Event` protobufs in TFRecord frames, which can be appended to as they come.
// Formats: tensorflow `core/util/event.proto`, `core/framework/summary.proto`, `core/lib/io/record_writer.cc`.

/** What begins every file. @param wallTime - s since 1970 */
export function tensorboardHeader(wallTime: number): Uint8Array {
  return frame(concat([double(1, wallTime), text(3, 'brain.Event:2')]));
}

/** The scalars of one step. @param wallTime - s since 1970 */
export function tensorboardScalars(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    message(1, concat([text(1, tag), float(2, value)])),
  );
  return frame(concat([double(1, wallTime), int(2, step), message(5, concat(values))]));
}

function frame(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, data.length, true); // the high half stays 0
  return concat([length, fixed32(maskedCrc(length)), data, fixed32(maskedCrc(data))]);
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32 of Castagnoli's polynomial, reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

// Protocol buffers: a key of field number and wire type, then the value.

function key(field: number, wireType: 0 | 1 | 2 | 5): Uint8Array {
  return varint(field * 8 + wireType);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

function int(field: number, value: number): Uint8Array {
  return concat([key(field, 0), varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  return concat([key(field, 1), new Uint8Array(Float64Array.of(value).buffer)]);
}

function float(field: number, value: number): Uint8Array {
  return concat([key(field, 5), new Uint8Array(Float32Array.of(value).buffer)]);
}

function message(field: number, bytes: Uint8Array): Uint8Array {
  return concat([key(field, 2), varint(bytes.length), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, new TextEncoder().encode(value));
}

function fixed32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
