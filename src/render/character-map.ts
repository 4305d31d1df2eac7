// Bytes of a `cmap` table → code point → glyph index. Subtables of format 4 (BMP) and 12 (all planes) are read
// in place, by binary search, so a large font costs nothing until it is asked.
// Reference: the OpenType specification, cmap. Simplified: no other formats, no variation sequences.

import { FontError } from '../errors.ts';

/** Glyph index of a code point; 0 = the font has none. */
export type CharacterMap = (codePoint: number) => number;

/** @throws FontError when there is no Unicode subtable of format 4 or 12, or it is cut short */
export function readCharacterMap(cmap: Uint8Array): CharacterMap {
  const view = new DataView(cmap.buffer, cmap.byteOffset, cmap.byteLength);
  const count = cmap.length < 4 ? 0 : view.getUint16(2);
  let best: number | undefined;
  let bestFormat = 0;
  for (let i = 0; i < count && 12 + 8 * i <= cmap.length; i++) {
    const platform = view.getUint16(4 + 8 * i);
    const encoding = view.getUint16(6 + 8 * i);
    const offset = view.getUint32(8 + 8 * i);
    // Windows symbol (0), BMP (1) and full (10); everything of the Unicode platform but variation sequences (5).
    const unicode = platform === 0 ? encoding !== 5 : platform === 3 && (encoding <= 1 || encoding === 10);
    if (!unicode || offset + 16 > cmap.length) continue;
    const format = view.getUint16(offset);
    if ((format === 4 || format === 12) && format > bestFormat) {
      best = offset;
      bestFormat = format;
    }
  }
  if (best === undefined) {
    throw new FontError("parseOutlineFont: table 'cmap' has no Unicode subtable of format 4 or 12.");
  }
  return bestFormat === 12 ? readGroups(view, best) : readSegments(view, best);
}

/** Format 12: groups of start, end, glyph index of start. */
function readGroups(view: DataView, at: number): CharacterMap {
  const groups = at + 16;
  const count = view.getUint32(at + 12);
  if (groups + 12 * count > view.byteLength) throw cutShort();
  return (codePoint) => {
    const i = firstNotBelow(count, (k) => view.getUint32(groups + 12 * k + 4), codePoint);
    if (i === count) return 0;
    const start = view.getUint32(groups + 12 * i);
    return codePoint < start ? 0 : view.getUint32(groups + 12 * i + 8) + codePoint - start;
  };
}

/** Format 4: parallel arrays of end, (pad), start, delta, range offset. */
function readSegments(view: DataView, at: number): CharacterMap {
  const count = view.getUint16(at + 6) >> 1;
  const ends = at + 14;
  const starts = ends + 2 * count + 2;
  const deltas = starts + 2 * count;
  const ranges = deltas + 2 * count;
  if (ranges + 2 * count > view.byteLength) throw cutShort();
  return (codePoint) => {
    const i = firstNotBelow(count, (k) => view.getUint16(ends + 2 * k), codePoint);
    if (i === count) return 0;
    const start = view.getUint16(starts + 2 * i);
    if (codePoint < start) return 0;
    const delta = view.getUint16(deltas + 2 * i);
    const range = view.getUint16(ranges + 2 * i);
    if (range === 0) return (codePoint + delta) & 0xffff;
    // The offset counts from its own place in the array.
    const place = ranges + 2 * i + range + 2 * (codePoint - start);
    if (place + 2 > view.byteLength) return 0;
    const glyph = view.getUint16(place);
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  };
}

/** The first of `count` ascending values that is not below `wanted`; `count` if there is none. */
function firstNotBelow(count: number, value: (index: number) => number, wanted: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function cutShort(): FontError {
  return new FontError("parseOutlineFont: table 'cmap' is cut short.");
}
