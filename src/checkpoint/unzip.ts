// Reading zip archives (PKWARE APPNOTE 6.3.10, zip64 included) as numpy and its friends write them: the table of
// contents at the end is trusted only after every offset and length in it has been checked.
// Entries are handed out as views; an entry is inflated, and its CRC verified once, when it is first read.
// Simplified: stored and deflated entries of one unencrypted volume, names in UTF-8.

import { Inflate, inflateSync } from 'fflate';
import { CheckpointError, messageOf } from '../errors.ts';
import { crc32 } from './crc32.ts';
import { rememberWeakly } from './weak-cache.ts';

export interface ZipEntry {
  readonly name: string;
  /** bytes when read */
  readonly size: number;
  /** The first bytes, up to `length`, without reading the rest; not yet verified. */
  start(length: number): Uint8Array;
  /** All bytes, verified: a view of the archive when stored; when deflated a copy, kept while somebody holds it. */
  read(): Uint8Array;
}

interface DirectoryRecord {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const STORED = 0;
const DEFLATED = 8;
/** No deflate stream grows by more than this: 258 bytes for two bits. */
const DEFLATE_LIMIT = 1032;
const IN_ZIP64_16 = 0xffff;
const IN_ZIP64_32 = 0xffffffff;

/**
 * The entries of a zip archive in the order of its table of contents, folders left out.
 *
 * @param bytes - the whole archive
 * @throws CheckpointError when the archive is cut off, damaged, encrypted or contradicts itself
 */
export function readZip(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = findDirectory(view);
  const records = readDirectory(bytes, view, directory);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  const ranges: { start: number; end: number; name: string }[] = [];
  for (const record of records) {
    const { name } = record;
    if (names.has(name)) refuse(`two entries are called ${JSON.stringify(name)}`);
    names.add(name);
    const data = locate(bytes, view, record, directory.offset);
    ranges.push({ start: record.headerOffset, end: data.byteOffset - bytes.byteOffset + data.length, name });
    if (!name.endsWith('/')) entries.push(createEntry(record, data));
  }
  ranges.sort((a, b) => a.start - b.start);
  for (let i = 1; i < ranges.length; i++) {
    const [before, after] = [ranges[i - 1]!, ranges[i]!];
    if (after.start < before.end) {
      refuse(`entries ${JSON.stringify(before.name)} and ${JSON.stringify(after.name)} overlap`);
    }
  }
  return entries;
}

function refuse(why: string): never {
  throw new CheckpointError(
    `zip archive: ${why}. The file is damaged or was not written by numpy; fetch it again.`,
  );
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

function findDirectory(view: DataView): Directory {
  const length = view.byteLength;
  // The end record is 22 bytes and a comment of at most 65535 that reaches exactly to the end of the file.
  let at = length - 22;
  const first = Math.max(0, at - 0xffff);
  while (
    at >= first &&
    !(view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) === length)
  )
    at--;
  if (at < first) {
    refuse(
      `no table of contents at the end of its ${length} bytes: the file was probably cut off while it was copied`,
    );
  }
  let end = at;
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let offset = view.getUint32(at + 16, true);
  const disk = view.getUint16(at + 4, true);
  if (disk !== 0 && disk !== IN_ZIP64_16) refuse('it is one of several volumes, which cannot be read');
  if (count === IN_ZIP64_16 || size === IN_ZIP64_32 || offset === IN_ZIP64_32) {
    // 20 bytes before the end record stands where the wider one is.
    const locator = at - 20;
    if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
      end = readUint64(view, locator + 8);
      if (end + 56 > locator || view.getUint32(end, true) !== 0x06064b50)
        refuse('its zip64 end record is missing');
      count = readUint64(view, end + 32);
      size = readUint64(view, end + 40);
      offset = readUint64(view, end + 48);
    }
  }
  if (offset + size > end || count * 46 > size) {
    refuse(
      `its table of contents (${count} entries in ${size} bytes at ${offset}) does not fit into its ${length} bytes`,
    );
  }
  return { offset, size, count };
}

function readDirectory(bytes: Uint8Array, view: DataView, directory: Directory): DirectoryRecord[] {
  const end = directory.offset + directory.size;
  const records: DirectoryRecord[] = [];
  let at = directory.offset;
  for (let i = 0; i < directory.count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) {
      refuse(`entry ${i + 1} of ${directory.count} is missing from its table of contents`);
    }
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > end) refuse(`entry ${i + 1} of ${directory.count} reaches beyond its table of contents`);
    const nameBytes = bytes.subarray(at + 46, nameEnd);
    const narrow = {
      size: view.getUint32(at + 24, true),
      compressedSize: view.getUint32(at + 20, true),
      headerOffset: view.getUint32(at + 42, true),
    };
    records.push({
      name: decodeName(nameBytes),
      nameBytes,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      ...widen(view, narrow, nameEnd, extraEnd),
    });
    at = next;
  }
  return records;
}

interface Extent {
  readonly size: number;
  readonly compressedSize: number;
  readonly headerOffset: number;
}

/** Numbers that do not fit into 32 bits stand, in this order, in the extra field of kind 1. */
function widen(view: DataView, narrow: Extent, from: number, to: number): Extent {
  const wanted = (['size', 'compressedSize', 'headerOffset'] as const).filter(
    (key) => narrow[key] === IN_ZIP64_32,
  );
  if (wanted.length === 0) return narrow;
  let at = from;
  while (at + 4 <= to && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  if (at + 4 + 8 * wanted.length > to || view.getUint16(at + 2, true) < 8 * wanted.length) {
    return narrow; // exactly 2^32 - 1 without zip64; the checks that follow know whether that can be
  }
  const wide = { ...narrow };
  wanted.forEach((key, i) => {
    wide[key] = readUint64(view, at + 4 + 8 * i);
  });
  return wide;
}

function readUint64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse(`it says ${value} where a size or an offset should be`);
  return Number(value);
}

function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('an entry has a name that is not UTF-8');
  }
}

/** The bytes of an entry as they lie in the archive; all checks that need no decompression. */
function locate(bytes: Uint8Array, view: DataView, record: DirectoryRecord, limit: number): Uint8Array {
  const { name, nameBytes, flags, method, size, compressedSize, headerOffset } = record;
  const what = `entry ${JSON.stringify(name)}`;
  if ((flags & 0x2041) !== 0) refuse(`${what} is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    refuse(`${what} is compressed by method ${method}; only stored (0) and deflated (8) entries can be read`);
  }
  if (headerOffset + 30 > limit || view.getUint32(headerOffset, true) !== 0x04034b50) {
    refuse(`${what} is not where its table of contents says (offset ${headerOffset})`);
  }
  const nameStart = headerOffset + 30;
  const nameEnd = nameStart + view.getUint16(headerOffset + 26, true);
  const start = nameEnd + view.getUint16(headerOffset + 28, true);
  if (start + compressedSize > limit) {
    refuse(
      `${what} should have ${compressedSize} bytes at offset ${start}, but the file has only ${limit} before its table of contents`,
    );
  }
  const sameName =
    nameEnd - nameStart === nameBytes.length && nameBytes.every((byte, i) => bytes[nameStart + i] === byte);
  if (!sameName || view.getUint16(headerOffset + 8, true) !== method) {
    refuse(`${what} is described differently in the table of contents and at its offset ${headerOffset}`);
  }
  if (method === STORED && size !== compressedSize) {
    refuse(`${what} is stored, but its sizes differ (${size} and ${compressedSize} bytes)`);
  }
  if (method === DEFLATED && size > compressedSize * DEFLATE_LIMIT) {
    refuse(`${what} claims to be ${size} bytes out of ${compressedSize}, which deflate cannot do`);
  }
  return bytes.subarray(start, start + compressedSize);
}

function createEntry({ name, method, size, crc }: DirectoryRecord, data: Uint8Array): ZipEntry {
  const what = `entry ${JSON.stringify(name)}`;
  let verified = false;

  function read(): Uint8Array {
    const whole = method === STORED ? data : inflate();
    if (!verified && crc32(whole) !== crc) refuse(`the checksum of ${what} does not match its bytes`);
    verified = true;
    return whole;
  }

  function inflate(): Uint8Array {
    const whole = inflating(what, () => inflateSync(data, { out: new Uint8Array(size) }));
    if (whole.length !== size) refuse(`${what} should be ${size} bytes, but holds ${whole.length}`);
    return whole;
  }

  function start(length: number): Uint8Array {
    if (method === STORED) return data.subarray(0, length);
    const first = new Uint8Array(Math.min(length, size));
    let filled = 0;
    inflating(what, () => {
      const stream = new Inflate((chunk) => {
        first.set(chunk.subarray(0, first.length - filled), filled);
        filled = Math.min(first.length, filled + chunk.length);
      });
      // A little at a time: what comes out is never more than 1032 times as long.
      for (let at = 0; at < data.length && filled < first.length; at += 512)
        stream.push(data.subarray(at, at + 512));
    });
    return first.subarray(0, filled);
  }

  return { name, size, start, read: method === STORED ? read : rememberWeakly(read) };
}

function inflating<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = messageOf(cause);
    throw new CheckpointError(
      `zip archive: ${what} cannot be inflated: ${reason}. The file is damaged; fetch it again.`,
      { cause },
    );
  }
}
