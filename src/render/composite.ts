// A glyph of a TrueType font → a promise that drawing it ends soon. A composite glyph is made of other glyphs, which
// may be composite: twelve levels of eight parts are 1,100 bytes and 10¹¹ outlines. So its points are counted here
// first, a glyph once, without making them.
// Reference: the OpenType specification, tables `glyf` and `loca`.

import { FontError } from '../errors.ts';
import type { FontTables } from './font-file.ts';

/** FreeType draws outlines of no more. */
const MAX_POINTS = 32_767;
/** Components of a composite glyph, all levels together; and contours of a simple one. */
const MAX_PARTS = 4096;
const MAX_DEPTH = 16;

// Flags of a component.
const WIDE_OFFSETS = 0x01;
const SCALE = 0x08;
const MORE_COMPONENTS = 0x20;
const TWO_SCALES = 0x40;
const MATRIX = 0x80;

/** What a glyph becomes when all its components are put in. */
interface Expanded {
  readonly points: number;
  readonly parts: number;
  /** Levels of components. */
  readonly depth: number;
}

const EMPTY: Expanded = { points: 0, parts: 0, depth: 0 };

/** @returns a check that throws a FontError when a glyph is part of itself, or too large */
export function createCompositeCheck(tables: FontTables): (glyph: number) => void {
  const glyf = view(tables.get('glyf')!);
  const loca = view(tables.get('loca')!);
  const head = tables.get('head')!;
  if (head.length < 52) throw new FontError("parseOutlineFont: the table 'head' is cut short.");
  const wide = head[50] !== 0 || head[51] !== 0;
  const known = new Map<number, Expanded>();
  /** The glyph that is being expanded, and those that it is a part of. */
  const open = new Set<number>();

  return function check(glyph) {
    expand(glyph);
  };

  function expand(glyph: number): Expanded {
    const before = known.get(glyph);
    if (before !== undefined) return before;
    if (open.has(glyph)) throw tooMuch(glyph, 'it is a part of itself');
    if (open.size > MAX_DEPTH) throw tooDeep(glyph);
    open.add(glyph);
    try {
      const expanded = read(glyph);
      known.set(glyph, expanded);
      return expanded;
    } catch (cause) {
      // opentype.js would read on into the next table.
      if (cause instanceof RangeError) throw tooMuch(glyph, "it lies beyond the end of 'glyf' or 'loca'");
      throw cause;
    } finally {
      open.delete(glyph);
    }
  }

  function read(glyph: number): Expanded {
    const from = wide ? loca.getUint32(4 * glyph) : 2 * loca.getUint16(2 * glyph);
    const to = wide ? loca.getUint32(4 * glyph + 4) : 2 * loca.getUint16(2 * glyph + 2);
    if (from === to) return EMPTY;
    const contours = glyf.getInt16(from);
    if (contours < 0) return readComponents(glyph, from + 10);
    if (contours === 0) return EMPTY;
    if (contours > MAX_PARTS) throw tooMuch(glyph, `it has more than ${MAX_PARTS} contours`);
    // The last point of the last contour.
    const points = glyf.getUint16(from + 8 + 2 * contours) + 1;
    if (points > MAX_POINTS) throw tooLarge(glyph);
    return { points, parts: 0, depth: 0 };
  }

  function readComponents(glyph: number, from: number): Expanded {
    let points = 0;
    let parts = 0;
    let depth = 0;
    let flags = MORE_COMPONENTS;
    for (let p = from; flags & MORE_COMPONENTS; ) {
      flags = glyf.getUint16(p);
      const part = expand(glyf.getUint16(p + 2));
      points += part.points;
      parts += part.parts + 1;
      depth = Math.max(depth, part.depth + 1);
      if (depth > MAX_DEPTH) throw tooDeep(glyph);
      if (points > MAX_POINTS || parts > MAX_PARTS) throw tooLarge(glyph);
      p += flags & WIDE_OFFSETS ? 8 : 6;
      p += flags & SCALE ? 2 : flags & TWO_SCALES ? 4 : flags & MATRIX ? 8 : 0;
    }
    return { points, parts, depth };
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tooDeep(glyph: number): FontError {
  return tooMuch(glyph, `its components lie more than ${MAX_DEPTH} deep`);
}

function tooLarge(glyph: number): FontError {
  return tooMuch(glyph, `it has more than ${MAX_PARTS} components or ${MAX_POINTS} points`);
}

function tooMuch(glyph: number, reason: string): FontError {
  return new FontError(
    `parseOutlineFont: glyph ${glyph} cannot be drawn: ${reason}. The font is damaged or hostile.`,
  );
}
