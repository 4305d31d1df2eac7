// Text → Raster: the whole story, in order. Code points, lines and positions, paint, report.
// Reference: render_unifont of big_vision (pp/proj/clippo/pp_ops.py). Differences: one channel instead of three
// equal ones, a blank picture for the empty string, and a report of what was drawn where.

import { ConfigError, DataError } from '../errors.ts';
import type { Raster } from '../raster/index.ts';
import { toCodePoints } from './code-points.ts';
import type { GlyphSource } from './glyph.ts';
import { type Layout, layoutByCharacter, layoutByWord } from './layout.ts';
import { type RenderOptions, type ResolvedRenderOptions, resolveRenderOptions } from './render-options.ts';
import { type TrimmedGlyph, trimGlyph } from './trim.ts';
import { loadBundledUnifont } from './unifont.ts';

/** A visible line of text. */
export interface TextLine {
  /** As drawn: lower-cased, lone surrogates replaced. */
  readonly text: string;
  /** px from the top of the canvas */
  readonly top: number;
  /** px, the sum of the advances */
  readonly width: number;
  /** Code point offsets into the input: the line holds `start` … `end − 1`. */
  readonly start: number;
  readonly end: number;
}

/**
 * A Raster of one channel that knows what is written on it. Fields are plain data, so `structuredClone` and
 * `postMessage` copy them; only {@link RenderedText.patchOf}, a method, stays behind.
 */
export interface RenderedText extends Raster {
  readonly channels: 1;
  /** The lines that begin inside the canvas and hold at least one character. */
  readonly lines: readonly TextLine[];
  /** Code points of the input. */
  readonly characterCount: number;
  /** Code points whose line begins inside the canvas. */
  readonly visibleCharacters: number;
  /** `characterCount − visibleCharacters`. */
  readonly droppedCharacters: number;
  /** Of the dropped ones, those that `maxCharacters` cut off. */
  readonly truncatedCharacters: number;
  /** Kept code points without a glyph: each is a blank gap. */
  readonly missingGlyphs: number;
  /**
   * The patch of the ViT in which a character begins (its left edge, the top of its line).
   *
   * @param codePointIndex - index into the code points of the input
   * @param patchSize - px, default 16
   * @returns undefined for a character that is not drawn
   * @throws ConfigError when `patchSize` is not a positive integer
   */
  patchOf(codePointIndex: number, patchSize?: number): { row: number; column: number } | undefined;
}

/** Draws text with one font and one set of options. */
export interface Renderer {
  /** px */
  readonly width: number;
  /** px */
  readonly height: number;
  /** px from one line to the next */
  readonly lineHeight: number;
  /**
   * @throws DataError when `text` is not a string
   * @throws FontError when the font holds a corrupt glyph of this text
   */
  render(text: string): RenderedText;
}

/**
 * A renderer with its font loaded, for many texts: `render` is synchronous and keeps the glyphs it has drawn.
 *
 * @throws ConfigError when an option is unknown or out of range
 * @example
 * const renderer = await createRenderer({ size: 384 });
 * const rasters = captions.map((caption) => renderer.render(caption));
 */
export async function createRenderer(options: RenderOptions = {}): Promise<Renderer> {
  const resolved = resolveRenderOptions(options);
  return rendererOf(resolved.font ?? (await bundledFont()), resolved);
}

/**
 * Draws one text as the CLIPPO models read it. The first call loads the bundled Unifont.
 *
 * @throws ConfigError when an option is unknown or out of range
 * @throws DataError when `text` is not a string
 * @example
 * const { width, height, data } = await renderText('a photo of a dog');
 */
export async function renderText(text: string, options: RenderOptions = {}): Promise<RenderedText> {
  return (await sharedRenderer(options)).render(text);
}

/** How many renderers of the bundled font are kept between calls. */
const MAX_SHARED = 8;
const shared = new Map<string, Renderer>();

/** Like {@link createRenderer}, but the same renderer for the same options as long as the font is the bundled one. */
export async function sharedRenderer(options: RenderOptions): Promise<Renderer> {
  const resolved = resolveRenderOptions(options);
  if (resolved.font !== undefined) return rendererOf(resolved.font, resolved);
  const key = JSON.stringify(resolved);
  const kept = shared.get(key);
  if (kept !== undefined) return kept;
  const renderer = rendererOf(await bundledFont(), resolved);
  // A Map keeps its order: the first key is the oldest.
  if (shared.size >= MAX_SHARED) shared.delete(shared.keys().next().value!);
  shared.set(key, renderer);
  return renderer;
}

let bundled: Promise<GlyphSource> | undefined;

function bundledFont(): Promise<GlyphSource> {
  // A failed import is forgotten, so that a later call can try again.
  bundled ??= loadBundledUnifont().catch((cause: unknown) => {
    bundled = undefined;
    throw cause;
  });
  return bundled;
}

function rendererOf(font: GlyphSource, options: ResolvedRenderOptions): Renderer {
  const { width, height, lowercase, maxCharacters, backgroundBrightness } = options;
  const { lineHeight } = font;
  const layout = options.wrap === 'word' ? layoutByWord : layoutByCharacter;
  const glyphs = new Map<number, TrimmedGlyph>();

  function glyphOf(codePoint: number): TrimmedGlyph {
    let glyph = glyphs.get(codePoint);
    if (glyph === undefined) {
      glyph = trimGlyph(font, codePoint, options);
      glyphs.set(codePoint, glyph);
    }
    return glyph;
  }
  const measure = (codePoint: number) => glyphOf(codePoint).advance;

  function render(text: string): RenderedText {
    if (typeof text !== 'string') throw new DataError(`renderText: expected a string, got ${typeof text}.`);

    // 1. Code points
    const { kept, count } = toCodePoints(text, lowercase, maxCharacters);

    // 2. Lines and positions
    const positions = layout(kept, width, measure);
    const { rows, lefts } = positions;

    // 3. Paint
    const data = new Uint8Array(width * height).fill(backgroundBrightness);
    let missingGlyphs = 0;
    let visible = 0;
    for (let i = 0; i < kept.length; i++) {
      const left = lefts[i]!;
      const top = rows[i]! * lineHeight;
      if (top < height) visible++;
      if (left === -1) continue;
      const { offsets, values, present } = glyphOf(kept[i]!);
      if (!present) missingGlyphs++;
      if (top >= height) continue;
      const corner = top * width + left;
      for (let k = 0; k < offsets.length; k++) {
        const at = corner + offsets[k]!;
        // The last line may be cut; offsets ascend, so the rest lies below the canvas too.
        if (at >= data.length) break;
        data[at] = values[k]!;
      }
    }

    // 4. Report
    const lines = visibleLines(kept, positions, visible, lineHeight);
    return new Rendering(width, height, data, lines, count, visible, count - kept.length, missingGlyphs, {
      positions,
      lineHeight,
    });
  }

  return { width, height, lineHeight, render };
}

/** @param visible - how many characters, from the first on, stand on a line inside the canvas */
function visibleLines(
  codePoints: readonly number[],
  { rows, lefts, advances }: Layout,
  visible: number,
  lineHeight: number,
): TextLine[] {
  const lines: TextLine[] = [];
  for (let i = 0; i < visible; ) {
    const row = rows[i]!;
    const start = i;
    let end = i;
    let text = '';
    let width = 0;
    for (; i < visible && rows[i] === row; i++) {
      if (lefts[i] === -1) continue;
      text += String.fromCodePoint(codePoints[i]!);
      width += advances[i]!;
      end = i + 1;
    }
    if (end > start) lines.push({ text, top: row * lineHeight, width, start, end });
  }
  return lines;
}

interface Places {
  readonly positions: Layout;
  readonly lineHeight: number;
}

/** A class so that `patchOf` lies on the prototype: structuredClone refuses objects that own a function. */
class Rendering implements RenderedText {
  readonly channels = 1;
  readonly droppedCharacters: number;
  readonly #places: Places;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly data: Uint8Array,
    readonly lines: readonly TextLine[],
    readonly characterCount: number,
    readonly visibleCharacters: number,
    readonly truncatedCharacters: number,
    readonly missingGlyphs: number,
    places: Places,
  ) {
    this.droppedCharacters = characterCount - visibleCharacters;
    this.#places = places;
  }

  patchOf(codePointIndex: number, patchSize = 16): { row: number; column: number } | undefined {
    if (!Number.isInteger(patchSize) || patchSize < 1) {
      throw new ConfigError(`patchOf: patchSize must be a positive integer in px, got ${String(patchSize)}.`);
    }
    const { positions, lineHeight } = this.#places;
    const left = positions.lefts[codePointIndex];
    if (left === undefined || left === -1 || codePointIndex >= this.visibleCharacters) return undefined;
    const top = positions.rows[codePointIndex]! * lineHeight;
    return { row: Math.floor(top / patchSize), column: Math.floor(left / patchSize) };
  }
}
