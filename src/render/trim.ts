// Glyph → the part of it that is painted: which columns stay, and how far each inked pixel lies from the
// character's corner on the canvas. Done once a character and renderer, so that painting is one loop of stores.
// Reference: the trimming of render_unifont, with its asymmetry (`last` is exclusive, so the default spacing
// of 1 gives one blank column on the left of the ink and none on the right).

import { FontError } from '../errors.ts';
import type { Glyph, GlyphSource } from './glyph.ts';
import type { ResolvedRenderOptions } from './render-options.ts';

export interface TrimmedGlyph {
  /** px to the next character */
  readonly advance: number;
  /** `y * canvasWidth + x` of each pixel that is not background, ascending */
  readonly offsets: Int32Array;
  /** brightness of each of those pixels */
  readonly values: Uint8Array;
  /** false where the font has no glyph: a blank cell is drawn */
  readonly present: boolean;
}

/** @throws FontError when the font returns a cell of the wrong size */
export function trimGlyph(
  font: GlyphSource,
  codePoint: number,
  options: ResolvedRenderOptions,
): TrimmedGlyph {
  const { lineHeight } = font;
  const found = font.glyph(codePoint);
  const glyph = found ?? { width: lineHeight, coverage: new Uint8Array(lineHeight * lineHeight) };
  assertCell(glyph, lineHeight, codePoint);
  const { width, coverage } = glyph;

  const [first, end] = keptColumns(glyph, lineHeight, options);
  // A cell can be wider than a tiny canvas; it then stands alone on its line, and its right part is cut off.
  const visible = Math.min(end, first + options.width);
  const offsets: number[] = [];
  const values: number[] = [];
  const { textBrightness, backgroundBrightness } = options;
  for (let y = 0; y < lineHeight; y++) {
    for (let x = first; x < visible; x++) {
      const share = coverage[y * width + x]! / 255;
      if (share === 0) continue;
      offsets.push(y * options.width + x - first);
      values.push(Math.round(backgroundBrightness + share * (textBrightness - backgroundBrightness)));
    }
  }
  return {
    advance: end - first,
    offsets: Int32Array.from(offsets),
    values: Uint8Array.from(values),
    present: found !== undefined,
  };
}

/** The columns of a cell that stay: `first` … `end − 1`. */
function keptColumns(
  { width, coverage }: Glyph,
  height: number,
  { monospace, spacing, minWidth }: ResolvedRenderOptions,
): [first: number, end: number] {
  if (monospace) return [0, width];
  let a = width;
  let b = 0;
  for (let i = 0; i < width * height; i++) {
    if (coverage[i] === 0) continue;
    const x = i % width;
    if (x < a) a = x;
    if (x > b) b = x;
  }
  if (a === width) a = 0;
  const first = Math.max(a - spacing, 0);
  const last = Math.max(b + spacing, first + minWidth);
  return [first, Math.min(last, width)];
}

function assertCell({ width, coverage }: Glyph, height: number, codePoint: number): void {
  if (Number.isInteger(width) && width > 0 && coverage.length === width * height) return;
  throw new FontError(
    `renderText: the font's cell of U+${codePoint.toString(16).toUpperCase()} has width ${width} and ${coverage.length} values, expected width x ${height} values.`,
  );
}
