// The contract of everything that can draw: a GlyphSource turns one code point into one cell of coverage.
// The renderer asks for each code point once and keeps the trimmed result, so a source need not cache.

import { ConfigError } from '../errors.ts';

/** A cell of grey coverage. Its height is the line height of the source it came from. */
export interface Glyph {
  /** px */
  readonly width: number;
  /** `lineHeight * width` values, rows top-down; 0 = background, 255 = text, between = anti-aliased */
  readonly coverage: Uint8Array;
}

/** A font at one size. */
export interface GlyphSource {
  /** px from one line to the next, and the height of every cell; positive integer */
  readonly lineHeight: number;
  /** The cell of `codePoint`, or undefined where the font has none. */
  glyph(codePoint: number): Glyph | undefined;
}

/**
 * Several fonts as one: the first that has a glyph draws it.
 *
 * @param sources - at least one; all of the same line height
 * @throws ConfigError when there is no source, or the line heights differ
 * @example const font = fallbackFonts(await parseUnifontHex(bmp), await parseUnifontHex(upperPlanes));
 */
export function fallbackFonts(...sources: readonly GlyphSource[]): GlyphSource {
  const first = sources[0];
  if (first === undefined) throw new ConfigError('fallbackFonts: expected at least one font, got none.');
  const { lineHeight } = first;
  for (const source of sources) {
    if (source.lineHeight !== lineHeight) {
      const heights = sources.map((each) => each.lineHeight).join(', ');
      throw new ConfigError(
        `fallbackFonts: all fonts must have the same line height, got ${heights} px. Load them at the same size.`,
      );
    }
  }
  function glyph(codePoint: number): Glyph | undefined {
    for (const source of sources) {
      const found = source.glyph(codePoint);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return { lineHeight, glyph };
}
