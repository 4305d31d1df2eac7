// A `CFF ` table of a few glyphs, byte by byte, for makeTinyTtf: charstrings and subroutines are the caller's. Its
// character set is the predefined one, so glyph 1 is `space`, glyph 2 `exclam`, glyph 3 `quotedbl`.

/** What a table holds; each list of charstrings is an array of bytes per object. */
export interface TinyCff {
  readonly charStrings: readonly number[][];
  readonly globalSubrs?: readonly number[][];
  readonly localSubrs?: readonly number[][];
  /** Put the local subroutines into a font dictionary, as fonts of many scripts do. */
  readonly fontDicts?: 'format 0' | 'format 3';
}

const u16 = (value: number) => [(value >> 8) & 255, value & 255];

/** A number of a dictionary in five bytes, so that offsets do not change sizes. */
const long = (value: number) => [29, ...u16(value >> 16), ...u16(value)];

/** A number of a charstring. */
export const short = (value: number) => [28, ...u16(value)];

/** A call of subroutine `index` of a list of fewer than 1240. */
export const callGlobal = (index: number) => [...short(index - 107), 29];
export const callLocal = (index: number) => [...short(index - 107), 10];

export const RETURN = 11;
export const END = 14;

/** A square of 8 px on the grid of makeTinyTtf, from (2, 0). */
export const SQUARE = [...short(2), ...short(0), 21, ...[8, 8, -8].flatMap(short), 7];

function list(objects: readonly number[][]): number[] {
  if (objects.length === 0) return [0, 0];
  const offsets = [1];
  for (const object of objects) offsets.push(offsets.at(-1)! + object.length);
  return [...u16(objects.length), 2, ...offsets.flatMap(u16), ...objects.flat()];
}

export function makeTinyCff({
  charStrings,
  globalSubrs = [],
  localSubrs = [],
  fontDicts,
}: TinyCff): number[] {
  const head = [1, 0, 4, 4, ...list([[120]])];
  const tail = [...list([[120]]), ...list(globalSubrs)];
  const glyphs = list(charStrings);
  // Where the subroutines begin, seen from the private dictionary before them.
  const inner = [...long(6), 19];
  const privateData = [...inner, ...list(localSubrs)];
  const count = charStrings.length;
  const select =
    fontDicts === 'format 0' ? [0, ...charStrings.map(() => 0)] : [3, ...u16(1), ...u16(0), 0, ...u16(count)];

  const privateOf = (at: number) => [...long(inner.length), ...long(at), 18];
  const top = (glyphsAt: number, privateAt: number, selectAt: number, dictsAt: number) =>
    fontDicts === undefined
      ? [...long(glyphsAt), 17, ...privateOf(privateAt)]
      : [
          ...[...long(391), ...long(391), ...long(0), 12, 30],
          ...[...long(glyphsAt), 17, ...long(dictsAt), 12, 36, ...long(selectAt), 12, 37],
        ];
  const glyphsAt = head.length + list([top(0, 0, 0, 0)]).length + tail.length;
  const privateAt = glyphsAt + glyphs.length;
  const selectAt = privateAt + privateData.length;
  const dictsAt = selectAt + select.length;
  const parts = [
    ...head,
    ...list([top(glyphsAt, privateAt, selectAt, dictsAt)]),
    ...tail,
    ...glyphs,
    ...privateData,
  ];
  return fontDicts === undefined ? parts : [...parts, ...select, ...list([privateOf(privateAt)])];
}
