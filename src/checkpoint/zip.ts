// Writing zip archives: stored or deflated entries, chunk by chunk, so that saving needs no second copy in memory.
// The bytes depend on the contents alone (every date is 1980-01-01, the first that zip knows). The data of every entry
// begins at a multiple of 64 bytes, so that readers can map arrays where they lie. zip64 is used where it is needed.

import { deflateSync } from 'fflate';
import { ConfigError } from '../errors.ts';
import { crc32 } from './crc32.ts';

export interface ZipFile {
  readonly name: string;
  /** the contents, in parts */
  readonly parts: readonly Uint8Array[];
}

const ALIGNMENT = 64;
const LIMIT_16 = 0xffff;
const LIMIT_32 = 0xffffffff;
const UTF8_NAME = 0x0800;
const FIRST_DATE = 0x0021; // 1980-01-01; the time beside it stays 0
/** The kind of extra field that Android's zipalign pads with; readers skip kinds they do not know. */
const PADDING_KIND = 0xd935;

/**
 * @param files - asked for one at a time
 * @yields the archive's bytes in order; parts of stored files are passed on as they are, not copied
 */
export function* zipChunks(files: Iterable<ZipFile>, options: { compress: boolean }): Generator<Uint8Array> {
  const names = new Set<string>();
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, parts } of files) {
    const nameBytes = encodeName(name);
    if (names.has(name))
      throw new ConfigError(`zip archive: two entries are called ${JSON.stringify(name)}.`);
    names.add(name);
    const size = byteLength(parts);
    const data = options.compress ? [deflateSync(join(parts, size))] : parts;
    const entry: Entry = {
      nameBytes,
      method: options.compress ? 8 : 0,
      crc: parts.reduce((crc, part) => crc32(part, crc), 0),
      compressedSize: byteLength(data),
      size,
      offset,
    };
    const header = localHeader(entry);
    yield header;
    yield* data;
    directory.push(directoryRecord(entry));
    offset += header.length + entry.compressedSize;
  }
  yield* directory;
  yield endRecords(directory.length, byteLength(directory), offset);
}

/** All parts as one array. */
export function join(parts: readonly Uint8Array[], length = byteLength(parts)): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function byteLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function encodeName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (name.includes('\0') || bytes.length > LIMIT_16) {
    throw new ConfigError(
      `zip archive: ${JSON.stringify(name.slice(0, 80))} cannot be the name of an entry: it must be free of NUL and at most ${LIMIT_16} bytes long.`,
    );
  }
  return bytes;
}

interface Entry {
  readonly nameBytes: Uint8Array;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** of the local header */
  readonly offset: number;
}

function localHeader(entry: Entry): Uint8Array {
  const { nameBytes, size, compressedSize, offset } = entry;
  // Both sizes go into the extra field as soon as one of them must.
  const wide = size >= LIMIT_32 || compressedSize >= LIMIT_32 ? [size, compressedSize] : [];
  const bare = 30 + nameBytes.length + extraLength(wide);
  const padding = -(offset + bare + 4) & (ALIGNMENT - 1);
  const header = new Uint8Array(bare + 4 + padding);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x04034b50, true);
  writeCommon(view, 4, entry, wide, header.length - 30 - nameBytes.length);
  header.set(nameBytes, 30);
  writeWide(view, 30 + nameBytes.length, wide);
  view.setUint16(bare, PADDING_KIND, true);
  view.setUint16(bare + 2, padding, true);
  return header;
}

function directoryRecord(entry: Entry): Uint8Array {
  const { nameBytes, size, compressedSize, offset } = entry;
  const wide = size >= LIMIT_32 || compressedSize >= LIMIT_32 ? [size, compressedSize] : [];
  if (offset >= LIMIT_32) wide.push(offset);
  const record = new Uint8Array(46 + nameBytes.length + extraLength(wide));
  const view = new DataView(record.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, wide.length > 0 ? 45 : 20, true); // made by this version, on no system in particular
  writeCommon(view, 6, entry, wide, extraLength(wide));
  view.setUint32(42, Math.min(offset, LIMIT_32), true);
  record.set(nameBytes, 46);
  writeWide(view, 46 + nameBytes.length, wide);
  return record;
}

/** The 26 bytes that a local header and a record of the table of contents have in common. */
function writeCommon(view: DataView, at: number, entry: Entry, wide: readonly number[], extra: number): void {
  const sizesAreWide = entry.size >= LIMIT_32 || entry.compressedSize >= LIMIT_32;
  view.setUint16(at, wide.length > 0 ? 45 : 20, true); // version needed: 4.5 knows zip64
  view.setUint16(at + 2, UTF8_NAME, true);
  view.setUint16(at + 4, entry.method, true);
  view.setUint16(at + 8, FIRST_DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, sizesAreWide ? LIMIT_32 : entry.compressedSize, true);
  view.setUint32(at + 18, sizesAreWide ? LIMIT_32 : entry.size, true);
  view.setUint16(at + 22, entry.nameBytes.length, true);
  view.setUint16(at + 24, extra, true);
}

function extraLength(wide: readonly number[]): number {
  return wide.length === 0 ? 0 : 4 + 8 * wide.length;
}

function writeWide(view: DataView, at: number, wide: readonly number[]): void {
  if (wide.length === 0) return;
  view.setUint16(at, 1, true);
  view.setUint16(at + 2, 8 * wide.length, true);
  wide.forEach((value, i) => {
    view.setBigUint64(at + 4 + 8 * i, BigInt(value), true);
  });
}

function endRecords(count: number, size: number, offset: number): Uint8Array {
  const needsZip64 = count >= LIMIT_16 || size >= LIMIT_32 || offset >= LIMIT_32;
  const records = new Uint8Array((needsZip64 ? 56 + 20 : 0) + 22);
  const view = new DataView(records.buffer);
  let at = 0;
  if (needsZip64) {
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(4, 44n, true); // bytes that follow in this record
    view.setUint16(12, 45, true);
    view.setUint16(14, 45, true);
    view.setBigUint64(24, BigInt(count), true);
    view.setBigUint64(32, BigInt(count), true);
    view.setBigUint64(40, BigInt(size), true);
    view.setBigUint64(48, BigInt(offset), true);
    view.setUint32(56, 0x07064b50, true); // the locator: where the record above stands
    view.setBigUint64(64, BigInt(offset + size), true);
    view.setUint32(72, 1, true);
    at = 76;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, Math.min(count, LIMIT_16), true);
  view.setUint16(at + 10, Math.min(count, LIMIT_16), true);
  view.setUint32(at + 12, Math.min(size, LIMIT_32), true);
  view.setUint32(at + 16, Math.min(offset, LIMIT_32), true);
  return records;
}
