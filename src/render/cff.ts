// Bytes of a `CFF ` table → a promise that its lists lie inside it. CFF keeps everything in INDEX structures
// (a count, offsets, data); whoever trusts a damaged offset copies the same bytes thousands of times.
// Reference: Adobe Technical Note 5176. Checked: version, every INDEX that is reachable, not the charstrings.

import { FontError } from '../errors.ts';

/** Where the objects of an INDEX lie: object i is bytes[bounds[i] … bounds[i + 1] − 1]. */
interface Index {
  readonly bounds: readonly number[];
  readonly end: number;
}

// Operators of the dictionaries; two-byte operators are 12 << 8 | second byte.
const CHAR_STRINGS = 17;
const PRIVATE = 18;
const SUBRS = 19;
const FONT_DICTS = (12 << 8) | 36;

/** @throws FontError when the table is not CFF 1, or one of its lists leaves it */
export function checkCff(bytes: Uint8Array): void {
  if (bytes[0] !== 1) {
    throw new FontError(`parseOutlineFont: CFF version ${bytes[0] ?? 'none'} is not read, only 1.`);
  }
  const names = readIndex(bytes, bytes[2] ?? 0);
  const topDicts = readIndex(bytes, names.end);
  const strings = readIndex(bytes, topDicts.end);
  readIndex(bytes, strings.end);
  const top = readDict(bytes, topDicts, 0);
  const charStrings = top.get(CHAR_STRINGS)?.[0];
  if (charStrings === undefined) throw damaged('it has no outlines');
  readIndex(bytes, charStrings);
  checkPrivate(bytes, top);
  const fontDicts = top.get(FONT_DICTS)?.[0];
  if (fontDicts === undefined) return;
  const dicts = readIndex(bytes, fontDicts);
  for (let i = 0; i + 1 < dicts.bounds.length; i++) checkPrivate(bytes, readDict(bytes, dicts, i));
}

function checkPrivate(bytes: Uint8Array, dict: ReadonlyMap<number, readonly number[]>): void {
  const [size, offset] = dict.get(PRIVATE) ?? [];
  if (size === undefined || offset === undefined) return;
  const inside = readDict(bytes, { bounds: [offset, offset + size], end: offset + size }, 0);
  const subrs = inside.get(SUBRS)?.[0];
  if (subrs !== undefined) readIndex(bytes, offset + subrs);
}

function readIndex(bytes: Uint8Array, at: number): Index {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!(at >= 0) || at + 2 > bytes.length) throw damaged('a list lies beyond its end');
  const count = view.getUint16(at);
  if (count === 0) return { bounds: [], end: at + 2 };
  const offsetSize = bytes[at + 2] ?? 0;
  if (offsetSize < 1 || offsetSize > 4) throw damaged(`a list has offsets of ${offsetSize} bytes`);
  // Offsets count from the byte before the data.
  const base = at + 2 + (count + 1) * offsetSize;
  if (base > bytes.length) throw damaged(`a list of ${count} objects lies beyond its end`);
  const bounds: number[] = [];
  let last = base + 1;
  for (let i = 0, p = at + 3; i <= count; i++) {
    let offset = 0;
    for (let k = 0; k < offsetSize; k++) offset = offset * 256 + bytes[p++]!;
    const bound = base + offset;
    if (bound < last || bound > bytes.length) throw damaged(`object ${i} of a list has offset ${offset}`);
    bounds.push(bound);
    last = bound;
  }
  return { bounds, end: last };
}

/** Operator → its operands. Real numbers come out as NaN: no offset is one. */
function readDict(bytes: Uint8Array, index: Index, i: number): Map<number, number[]> {
  const from = index.bounds[i] ?? 0;
  const to = index.bounds[i + 1] ?? 0;
  if (from < 0 || to > bytes.length) throw damaged('a dictionary lies beyond its end');
  const dict = new Map<number, number[]>();
  let operands: number[] = [];
  for (let p = from; p < to; ) {
    const first = bytes[p++]!;
    const next = bytes[p] ?? 0;
    if (first <= 21) {
      dict.set(first === 12 ? (12 << 8) | next : first, operands);
      if (first === 12) p++;
      operands = [];
    } else if (first === 28) {
      operands.push(((next << 24) | ((bytes[p + 1] ?? 0) << 16)) >> 16);
      p += 2;
    } else if (first === 29) {
      operands.push(
        (next << 24) | ((bytes[p + 1] ?? 0) << 16) | ((bytes[p + 2] ?? 0) << 8) | (bytes[p + 3] ?? 0),
      );
      p += 4;
    } else if (first === 30) {
      while (p < to && (bytes[p]! & 0x0f) !== 0x0f && bytes[p]! >> 4 !== 0x0f) p++;
      p++;
      operands.push(Number.NaN);
    } else if (first <= 246) {
      operands.push(first - 139);
    } else {
      operands.push(first <= 250 ? (first - 247) * 256 + next + 108 : -(first - 251) * 256 - next - 108);
      p++;
    }
  }
  return dict;
}

function damaged(reason: string): FontError {
  return new FontError(`parseOutlineFont: the 'CFF ' table is damaged: ${reason}.`);
}
