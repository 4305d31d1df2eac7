// TrueType and OpenType fonts → glyphs. The only file that knows opentype.js, which is imported on demand.
// Simplified: no shaping, no kerning, no hinting, no colour; like every font here, one code point is one
// glyph. Ink above the ascender or below the descender is cut off.

import { ConfigError, FontError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { readCff } from './cff.ts';
import { readCharacterMap } from './character-map.ts';
import { createCharstringCheck } from './charstring.ts';
import { createCompositeCheck } from './composite.ts';
import { readFontTables, writeFontFile } from './font-file.ts';
import type { Glyph, GlyphSource } from './glyph.ts';
import { fillEdges, flattenPath, type PathCommand } from './rasterize.ts';

/** How {@link parseOutlineFont} draws. */
export interface OutlineFontOptions {
  /** px from one line to the next: ascender to descender fill it. Integer in 4..256, default 16. */
  readonly size?: number;
}

/** A font file as outlines in font units, before any size is chosen. */
export interface OutlineFont {
  readonly ascender: number;
  readonly descender: number;
  outline(codePoint: number): { advance: number; commands: readonly PathCommand[] } | undefined;
}

/** A glyph wider than this many lines is cut off; U+FDFD, the widest in use, takes about ten. */
const MAX_WIDTH = 16;

/**
 * Any TTF, OTF or WOFF as a font for {@link createRenderer}, anti-aliased. The cell of a glyph is at least
 * size x size, and wider where its advance or its ink needs it; ink left of the origin moves the glyph right.
 *
 * @param data - the bytes of the file; WOFF2 and collections (.ttc) are not read
 * @throws FontError when the bytes are not such a font
 * @throws ConfigError when an option is unknown or out of range
 * @example const font = await parseOutlineFont(await file.arrayBuffer(), { size: 16 });
 */
export async function parseOutlineFont(
  data: ArrayBuffer | Uint8Array,
  options: OutlineFontOptions = {},
): Promise<GlyphSource> {
  refuseUnknown('parseOutlineFont', options, ['size']);
  const { size = 16 } = options;
  if (!Number.isInteger(size) || size < 4 || size > 256) {
    throw new ConfigError(`parseOutlineFont: size must be an integer in 4..256 px, got ${String(size)}.`);
  }
  const font = await openOutlineFont(data);
  const scale = size / (font.ascender - font.descender);
  const baseline = Math.round(font.ascender * scale);

  function glyph(codePoint: number): Glyph | undefined {
    const found = font.outline(codePoint);
    if (found === undefined) return undefined;
    const edges = flattenPath(found.commands, scale, baseline);
    const shift = Math.max(0, -Math.floor(edges.left));
    const needed = Math.ceil(Math.max(found.advance * scale, edges.right)) + shift;
    const width = Math.min(Math.max(size, needed), MAX_WIDTH * size);
    return { width, coverage: fillEdges(edges, shift, width, size) };
  }
  return { lineHeight: size, glyph };
}

/** @throws FontError when the bytes are not a font, and from `outline` when that glyph is corrupt */
export async function openOutlineFont(data: ArrayBuffer | Uint8Array): Promise<OutlineFont> {
  if (!(data instanceof ArrayBuffer) && !(data instanceof Uint8Array)) {
    throw new FontError(`parseOutlineFont: expected an ArrayBuffer or a Uint8Array, got ${typeof data}.`);
  }
  // A copy: glyphs are read when they are drawn, and by then the caller may have changed his bytes.
  const tables = readFontTables(new Uint8Array(data).slice());
  const glyphIndex = readCharacterMap(tables.get('cmap')!);
  const cff = tables.get('CFF ');
  const check = cff ? createCharstringCheck(readCff(cff)) : createCompositeCheck(tables);

  const opentype = await import('opentype.js');
  const parse = opentype.parse ?? opentype.default?.parse;
  if (parse === undefined)
    throw new FontError('parseOutlineFont: this opentype.js has no parse(). Install 2.x.');
  const font = guard('the font is damaged', () => parse(writeFontFile(tables)));
  const { ascender, descender } = font;
  if (!(ascender > descender)) {
    throw new FontError(
      `parseOutlineFont: the font has no height (ascender ${ascender}, descender ${descender}).`,
    );
  }

  // opentype.js asks here for the parts of a glyph, too.
  const get = font.glyphs.get.bind(font.glyphs);
  font.glyphs.get = (index) => checked(index, true);

  function checked(index: number, isPart: boolean) {
    const glyph = get(index);
    if (glyph !== undefined) check(index, isPart);
    return glyph;
  }

  function outline(codePoint: number) {
    const index = glyphIndex(codePoint);
    if (index === 0) return undefined;
    return guard(`the glyph of U+${codePoint.toString(16).toUpperCase()} is damaged`, () => {
      const glyph = checked(index, false);
      return glyph && { advance: glyph.advanceWidth ?? 0, commands: glyph.path.commands };
    });
  }

  return { ascender, descender, outline };
}

/** opentype.js throws whatever it stumbles over (RangeError, TypeError, strings): one kind of error for all. */
function guard<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof FontError) throw cause;
    throw new FontError(`parseOutlineFont: ${what}.`, { cause });
  }
}
