// One text, or two that are asked about together → one picture. Two are printed one after the other with a word between
// them, or one under the other.
// The CLIPPO paper draws sentence pairs into one image with "[SEP]" before the second one. That is recalled and not
// confirmed, the spaces around it are our choice, and so are the blocks.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { createRaster, pasteRaster, type Raster } from '../raster/index.ts';
import {
  createRenderer,
  type RenderedText,
  type Renderer,
  type RenderOptions,
  resolveRenderOptions,
} from '../render/index.ts';

/** How texts are drawn: render options, and these. */
export interface DrawTextsOptions extends RenderOptions {
  /**
   * `'separator'` (default) prints two texts as one, with the separator between; `'blocks'` begins the second on a line of
   * its own, under a blank one.
   */
  readonly pairs?: 'separator' | 'blocks';
  /** Printed between two texts, a space on either side. Default `'[SEP]'`, which lower-casing makes `'[sep]'`. */
  readonly separator?: string;
}

/** A picture of text, and what of the text is on it. */
export interface DrawnTexts {
  readonly raster: Raster;
  /** Code points of what was to be drawn. */
  readonly characterCount: number;
  /** Of these, the ones that did not fit. */
  readonly droppedCharacters: number;
}

/** @param texts - one or two, drawn without the white space around them */
export type DrawTexts = (texts: readonly string[]) => Promise<DrawnTexts>;

export const SEPARATOR = '[SEP]';

/** Two texts as one: what an encoder that takes strings is given, and what is drawn of them by default. */
export function joinTexts(texts: readonly string[], separator = SEPARATOR): string {
  return texts.map((text) => text.trim()).join(` ${separator} `);
}

/**
 * The font is loaded with the first text, and kept.
 *
 * @param door - the function that was called, as it stands in messages
 * @throws ConfigError
 */
export function createTextDrawer(door: string, options: DrawTextsOptions): DrawTexts {
  const { pairs = 'separator', separator = SEPARATOR, ...render } = options;
  if (pairs !== 'separator' && pairs !== 'blocks') {
    throw new ConfigError(`${door}: pairs: expected "separator" or "blocks", got ${describeValue(pairs)}.`);
  }
  if (typeof separator !== 'string' || separator.trim() === '') {
    throw new ConfigError(
      `${door}: separator: expected a word to print between two texts, got ${describeValue(separator)}. Without one, use pairs: "blocks".`,
    );
  }
  const { backgroundBrightness } = resolveRenderOptions(render);
  let loading: Promise<Renderer> | undefined;

  return async (texts) => {
    loading ??= createRenderer(render);
    const renderer = await loading;
    const [first, second] = texts;
    if (pairs === 'blocks' && second !== undefined) {
      return drawBlocks(renderer, [first!.trim(), second.trim()], backgroundBrightness); // there is a first
    }
    const raster = renderer.render(joinTexts(texts, separator));
    const { characterCount, droppedCharacters } = raster;
    return { raster, characterCount, droppedCharacters };
  };
}

/** Lines that stay empty between two blocks. */
const GAP = 1;

/** Where both do not fit, each has at least half of the lines, and the rest of what the other leaves. */
function drawBlocks(renderer: Renderer, texts: readonly [string, string], ground: number): DrawnTexts {
  const { width, height, lineHeight } = renderer;
  const blocks = texts.map((text) => renderer.render(text));
  const [first, second] = blocks.map(({ lines }) => lines.length) as [number, number]; // two blocks
  const room = Math.max(0, Math.ceil(height / lineHeight) - GAP);
  const ofFirst = Math.min(first, Math.max(Math.ceil(room / 2), room - second));
  const counts = [ofFirst, Math.min(second, room - ofFirst)];
  const canvas = createRaster(width, height, 1, ground);
  let top = 0;
  let [characterCount, visible] = [0, 0];
  for (const [i, block] of blocks.entries()) {
    const lines = counts[i]!;
    pasteRaster(canvas, firstLines(block, lines * lineHeight), 0, top);
    top += (lines + GAP) * lineHeight;
    characterCount += block.characterCount;
    visible += lines < block.lines.length ? (block.lines[lines - 1]?.end ?? 0) : block.visibleCharacters;
  }
  return { raster: canvas, characterCount, droppedCharacters: characterCount - visible };
}

/** @param rows - px; the last line of a canvas may be cut */
function firstLines({ width, height, data }: RenderedText, rows: number): Raster {
  const kept = Math.min(rows, height);
  return { width, height: kept, channels: 1, data: data.subarray(0, kept * width) };
}
