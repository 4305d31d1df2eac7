// A TTF, OTF or WOFF file → its tables, checked, and a small TTF or OTF of only those tables that outlines need.
// opentype.js believes every length it reads; with a damaged file it can loop for minutes or ask for gigabytes.
// So it is given a font whose lengths have been checked here, and none of the tables that nothing here uses.
// Reference: the OpenType specification (table directory) and WOFF 1.0.

import { unzlibSync } from 'fflate';
import { FontError } from '../errors.ts';

/** Table tag → its bytes. */
export type FontTables = ReadonlyMap<string, Uint8Array>;

const NEEDED = ['head', 'hhea', 'hmtx', 'maxp', 'cmap'];
const OUTLINES = ['glyf', 'loca', 'CFF '];
/** The largest fonts, of all ideographs, take about 30 MB. */
const MAX_BYTES = 128_000_000;
/** Deflate cannot shrink further than this. */
const MAX_RATIO = 1032;

/** @throws FontError when the bytes are not a font, or a table that outlines need is missing or cut short */
export function readFontTables(bytes: Uint8Array): FontTables {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const signature = String.fromCharCode(...bytes.subarray(0, 4));
  const woff = signature === 'wOFF';
  if (signature === 'wOF2') {
    throw new FontError('parseOutlineFont: WOFF2 is not read. Convert the font to TTF, OTF or WOFF.');
  }
  if (signature === 'ttcf') {
    throw new FontError(
      'parseOutlineFont: a font collection is not read. Extract one font from it as TTF or OTF.',
    );
  }
  if (!woff && signature !== '\0\x01\0\0' && signature !== 'true' && signature !== 'OTTO') {
    throw new FontError('parseOutlineFont: these bytes are no font. Expected a TTF, OTF or WOFF file.');
  }
  const directory = woff ? 44 : 12;
  const entrySize = woff ? 20 : 16;
  const count = bytes.length < directory ? 0 : view.getUint16(woff ? 12 : 4);
  if (count === 0 || bytes.length < directory + count * entrySize) throw cutShort('the table directory');

  const tables = new Map<string, Uint8Array>();
  let total = 0;
  for (let i = 0; i < count; i++) {
    const at = directory + i * entrySize;
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (!NEEDED.includes(tag) && !OUTLINES.includes(tag)) continue;
    const offset = view.getUint32(at + (woff ? 4 : 8));
    const stored = view.getUint32(at + (woff ? 8 : 12));
    const length = view.getUint32(at + 12);
    if (offset + stored > bytes.length) throw cutShort(`table '${tag}'`);
    total += length;
    if (length > stored * MAX_RATIO || total > MAX_BYTES) {
      throw new FontError(`parseOutlineFont: table '${tag}' claims an impossible length of ${length} bytes.`);
    }
    const data = bytes.subarray(offset, offset + stored);
    tables.set(tag, stored < length ? inflate(tag, data, length) : data.subarray(0, length));
  }
  for (const tag of NEEDED) {
    if (!tables.has(tag)) throw new FontError(`parseOutlineFont: the font has no table '${tag}'.`);
  }
  if (!tables.has('CFF ') && (!tables.has('glyf') || !tables.has('loca'))) {
    throw new FontError(
      "parseOutlineFont: the font has no outlines ('glyf' and 'loca', or 'CFF '). Bitmap-only and CFF2 fonts are not read.",
    );
  }
  return tables;
}

/**
 * The tables as a font file for opentype.js. Characters are found by our own reader of `cmap`, so that table,
 * the names and the PostScript names, which opentype.js insists on, are empty.
 */
export function writeFontFile(tables: FontTables): ArrayBuffer {
  const cff = tables.has('CFF ');
  const wanted = ['head', 'hhea', 'hmtx', 'maxp', ...(cff ? ['CFF '] : ['glyf', 'loca'])];
  const parts: [tag: string, data: Uint8Array][] = wanted.map((tag) => [tag, tables.get(tag)!]);
  parts.push(['cmap', EMPTY_CMAP], ['name', new Uint8Array(6)], ['post', EMPTY_POST]);

  const padded = (length: number) => Math.ceil(length / 4) * 4;
  let end = 12 + 16 * parts.length;
  const file = new Uint8Array(parts.reduce((sum, [, data]) => sum + padded(data.length), end));
  const view = new DataView(file.buffer);
  view.setUint32(0, cff ? 0x4f54544f : 0x00010000);
  view.setUint16(4, parts.length);
  for (const [i, [tag, data]] of parts.entries()) {
    const at = 12 + 16 * i;
    for (let c = 0; c < 4; c++) file[at + c] = tag.charCodeAt(c);
    view.setUint32(at + 8, end);
    view.setUint32(at + 12, data.length);
    file.set(data, end);
    end += padded(data.length);
  }
  return file.buffer;
}

/** One subtable (3, 10), format 12 without a group. */
const EMPTY_CMAP = Uint8Array.from([
  ...[0, 0, 0, 1, 0, 3, 0, 10, 0, 0, 0, 12],
  ...[0, 12, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0],
]);

/** Version 3: no names. */
const EMPTY_POST = Uint8Array.from({ length: 32 }, (_, i) => (i === 1 ? 3 : 0));

function inflate(tag: string, data: Uint8Array, length: number): Uint8Array {
  try {
    const table = unzlibSync(data, { out: new Uint8Array(length) });
    if (table.length === length) return table;
  } catch (cause) {
    throw new FontError(`parseOutlineFont: table '${tag}' of the WOFF file cannot be inflated.`, { cause });
  }
  throw cutShort(`table '${tag}'`);
}

function cutShort(what: string): FontError {
  return new FontError(`parseOutlineFont: the file is cut short: ${what} lies beyond its end.`);
}
