// Event files, read back by an independent reader of TFRecord and protocol buffers.

import { describe, expect, it } from 'vitest';
import { crc32c, tensorboardHeader, tensorboardScalars } from '../../src/train/tensorboard-events.ts';

/** Field number → values, as they lie there. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const fields = new Map<number, (number | Uint8Array)[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  const read: Record<number, () => number | Uint8Array> = {
    0: varint,
    1: () => {
      at += 8;
      return view.getFloat64(at - 8, true);
    },
    2: () => {
      const length = varint();
      at += length;
      return bytes.subarray(at - length, at);
    },
    5: () => {
      at += 4;
      return view.getFloat32(at - 4, true);
    },
  };
  while (at < bytes.length) {
    const key = varint();
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), read[key & 7]!()]);
  }
  return fields;
}

/** The CRC bit by bit, by the definition. */
function crcByBits(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function recordsIn(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer);
  const records: Uint8Array[] = [];
  const unmasked = (at: number): number => {
    const rotated = (view.getUint32(at, true) - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(unmasked(at + 8)).toBe(crcByBits(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmasked(at + 12 + length)).toBe(crcByBits(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

const text = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array);

describe('event files', () => {
  it('has the checksum of RFC 3720', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  });

  it('are read back', () => {
    const parts = [
      tensorboardHeader(1.5e9),
      tensorboardScalars(1.5e9 + 0.25, 3_000_000_000, { loss: 4.25, 'measured/größe': -1e-3 }),
    ];
    const [header, scalars] = recordsIn(new Uint8Array(Buffer.concat(parts)));
    expect(fieldsOf(header!).get(1)).toEqual([1.5e9]);
    expect(text(fieldsOf(header!).get(3)![0])).toBe('brain.Event:2');
    const event = fieldsOf(scalars!);
    expect([event.get(1), event.get(2)]).toEqual([[1.5e9 + 0.25], [3_000_000_000]]);
    const values = fieldsOf(event.get(5)![0] as Uint8Array)
      .get(1)!
      .map((value) => fieldsOf(value as Uint8Array));
    expect(values.map((value) => [text(value.get(1)![0]), value.get(2)![0]])).toEqual([
      ['loss', 4.25],
      ['measured/größe', Math.fround(-1e-3)],
    ]);
  });
});
