// Bytes of a `CFF ` table → where its charstrings and subroutines lie, and a promise that they lie inside it. CFF
// keeps everything in INDEX structures (a count, offsets, data); whoever trusts a damaged offset copies the same
// bytes thousands of times. What opentype.js would read in another way than we do is refused.
// Reference: Adobe Technical Note 5176. Not checked here: what the charstrings do; charstring.ts does that.

import { FontError } from '../errors.ts';

/** Where the objects of an INDEX lie: object i is bytes[bounds[i] … bounds[i + 1] − 1]. */
interface Index {
  readonly bounds: readonly number[];
  readonly end: number;
}

/** The lists of a font that its glyphs are drawn from, as bounds of their objects in `bytes`. */
export interface Cff {
  readonly bytes: Uint8Array;
  readonly charStrings: readonly number[];
  readonly globalSubrs: readonly number[];
  /** The subroutines of a glyph's own font dictionary. */
  localSubrs(glyph: number): readonly number[];
}

// Operators of the dictionaries; two-byte operators are 12 << 8 | second byte.
const CHAR_STRINGS = 17;
const PRIVATE = 18;
const SUBRS = 19;
/** Registry, ordering, supplement: the mark of a font whose glyphs choose among several dictionaries. */
const ROS = (12 << 8) | 30;
const FONT_DICTS = (12 << 8) | 36;
const FONT_DICT_SELECT = (12 << 8) | 37;
const STANDARD_STRINGS = 391;

type Dict = ReadonlyMap<number, readonly number[]>;

/** @throws FontError when the table is not CFF 1, or one of its lists leaves it */
export function readCff(bytes: Uint8Array): Cff {
  if (bytes[0] !== 1) {
    throw new FontError(`parseOutlineFont: CFF version ${bytes[0] ?? 'none'} is not read, only 1.`);
  }
  if (bytes[2] !== 4) throw damaged(`its header has ${bytes[2] ?? 0} bytes, not 4`);
  const names = readIndex(bytes, 4);
  const topDicts = readIndex(bytes, names.end);
  const strings = readIndex(bytes, topDicts.end);
  const globalSubrs = readIndex(bytes, strings.end).bounds;
  const top = readDict(bytes, topDicts, 0);
  const [charStringsAt] = operands(top, CHAR_STRINGS, 1) ?? [];
  if (charStringsAt === undefined) throw damaged('it has no outlines');
  const charStrings = readIndex(bytes, charStringsAt).bounds;
  const topSubrs = readSubrs(bytes, top);
  const ros = operands(top, ROS, 3);
  if (ros === undefined) return { bytes, charStrings, globalSubrs, localSubrs: () => topSubrs };

  const lastString = STANDARD_STRINGS + Math.max(strings.bounds.length - 1, 0) - 1;
  if (ros[0]! > lastString || ros[1]! > lastString) throw damaged('its registry has no name');
  const [dictsAt] = operands(top, FONT_DICTS, 1) ?? [];
  const [selectAt] = operands(top, FONT_DICT_SELECT, 1) ?? [];
  if (dictsAt === undefined || selectAt === undefined) throw damaged('it has no font dictionaries');
  const dicts = readIndex(bytes, dictsAt);
  const subrs = dicts.bounds.slice(1).map((_, i) => readSubrs(bytes, readDict(bytes, dicts, i)));
  const select = readFontDictSelect(bytes, selectAt, charStrings.length - 1);
  return { bytes, charStrings, globalSubrs, localSubrs: (glyph) => subrs[select[glyph] ?? 0] ?? [] };
}

function readSubrs(bytes: Uint8Array, dict: Dict): readonly number[] {
  const [size, offset] = operands(dict, PRIVATE, 2) ?? [];
  if (size === undefined || offset === undefined) return [];
  if (size > 0 && offset === 0) throw damaged('a private dictionary lies at its beginning');
  const inside = readDict(bytes, { bounds: [offset, offset + size], end: offset + size }, 0);
  const [subrs] = operands(inside, SUBRS, 1) ?? [];
  // An offset of 0 is the default: no subroutines.
  return subrs ? readIndex(bytes, offset + subrs).bounds : [];
}

/** Glyph → number of its font dictionary. */
function readFontDictSelect(bytes: Uint8Array, at: number, glyphs: number): Uint8Array {
  const format = bytes[at];
  if (format === 0 && at + 1 + glyphs <= bytes.length) return bytes.subarray(at + 1, at + 1 + glyphs);
  const ranges = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (format !== 3 || at + 5 + 3 * ranges > bytes.length) {
    throw damaged('it does not say which glyph has which font dictionary');
  }
  // A range: the first glyph, the dictionary; it ends where the next one begins.
  const select = new Uint8Array(glyphs);
  let first = (bytes[at + 3]! << 8) | bytes[at + 4]!;
  if (first !== 0) throw damaged(`its first font dictionary begins at glyph ${first}`);
  for (let i = 0, p = at + 5; i < ranges; i++, p += 3) {
    const next = (bytes[p + 1]! << 8) | bytes[p + 2]!;
    if (next <= first || next > glyphs) throw damaged(`a font dictionary has glyphs ${first} to ${next}`);
    select.fill(bytes[p]!, first, next);
    first = next;
  }
  return select;
}

/** What stands before an operator: `count` offsets or sizes, or undefined when the operator is not there. */
function operands(dict: Dict, operator: number, count: number): readonly number[] | undefined {
  const values = dict.get(operator);
  if (values === undefined) return undefined;
  if (values.length === count && values.every((value) => value >= 0)) return values;
  throw damaged(`operator ${operator} of a dictionary has operands [${values.join(', ')}]`);
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
