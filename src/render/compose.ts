// Question and picture → one Raster, so that a ViT that only reads pixels can be asked about a picture.
// The CLIPPO paper renders the question at the top of the image; the code for it was never released, so the
// strip, its placement and the overlay are our reading of it.

import { ConfigError, DataError } from '../errors.ts';
import { assertRaster, createRaster, pasteRaster, type Raster, resize } from '../raster/index.ts';
import { type RenderOptions, resolveRenderOptions } from './render-options.ts';
import { sharedRenderer } from './renderer.ts';

/** How a question and a picture share a canvas: render options, and these. */
export interface ComposeOptions extends RenderOptions {
  /** Where the strip of text stands. Default `'top'`. */
  readonly placement?: 'top' | 'middle' | 'bottom';
  /** `'strip'` (default) gives the text rows of its own, `'overlay'` lays it over the full picture. */
  readonly mode?: 'strip' | 'overlay';
}

/** A question and its picture on one canvas, and what of the question is on it. */
export interface ComposedQuestion extends Raster {
  /** Code points of the question. */
  readonly characterCount: number;
  /** Of these, the ones that did not fit. */
  readonly droppedCharacters: number;
}

/** px of the picture that always stay free of text: one row of patches of a /16 model. */
const PICTURE_ROWS = 16;

/**
 * The question as a strip of whole text lines across the canvas, the picture resized (big_vision's bilinear)
 * into the rest, or under the strip with `mode: 'overlay'`. The strip is as high as its text, at least one
 * line, and leaves at least 16 px of picture; lines beyond that are dropped, as the renderer drops them.
 * A strip in the middle begins at a multiple of the line height and parts the picture.
 *
 * @param picture - 1 or 3 channels
 * @param options - `size` in px (default 224), `placement`, `mode`, and every other render option
 * @returns RGB of `size`, with a count of what did not fit
 * @throws ConfigError when an option is wrong, or the canvas has no room for a line and 16 px of picture
 * @throws DataError when `picture` is not a whole Raster
 * @example const input = await composeQuestion('what colour is the dog?', photo, { placement: 'bottom' });
 */
export async function composeQuestion(
  question: string,
  picture: Raster,
  options: ComposeOptions = {},
): Promise<ComposedQuestion> {
  const { placement, mode, renderOptions } = resolveComposeOptions(options);
  if (typeof picture !== 'object' || picture === null) {
    throw new DataError(`composeQuestion: expected a Raster as the picture, got ${String(picture)}.`);
  }
  assertRaster(picture, 'composeQuestion');
  const { width, height } = resolveRenderOptions(renderOptions);
  const renderer = await sharedRenderer(renderOptions);
  const { lineHeight } = renderer;
  const room = Math.floor((height - PICTURE_ROWS) / lineHeight);
  if (room < 1) {
    throw new ConfigError(
      `composeQuestion: a canvas of ${width} x ${height} has no room for a line of ${lineHeight} px and ${PICTURE_ROWS} px of picture. Use a size of at least ${lineHeight + PICTURE_ROWS}.`,
    );
  }

  const text = renderer.render(question);
  const lastTop = text.lines.at(-1)?.top ?? 0;
  const stripHeight = Math.min(lastTop + lineHeight, room * lineHeight);
  const strip: Raster = {
    width,
    height: stripHeight,
    channels: 1,
    data: text.data.subarray(0, width * stripHeight),
  };
  const free = height - stripHeight;
  const middle = Math.floor(free / 2 / lineHeight) * lineHeight;
  const top = placement === 'top' ? 0 : placement === 'bottom' ? free : middle;

  const canvas = createRaster(width, height, 3);
  if (mode === 'overlay') {
    pasteRaster(canvas, resize(picture, width, height), 0, 0);
  } else {
    const resized = resize(picture, width, free);
    // All of it below the strip's rows, then the part above the strip; what is left over the strip will cover.
    pasteRaster(canvas, resized, 0, stripHeight);
    if (top > 0) pasteRaster(canvas, crop(resized, top), 0, 0);
  }
  pasteRaster(canvas, strip, 0, top);
  const { characterCount, lines } = text;
  const visible = lines.length > room ? lines[room - 1]!.end : text.visibleCharacters;
  return { ...canvas, characterCount, droppedCharacters: characterCount - visible };
}

export interface ResolvedComposeOptions {
  readonly placement: 'top' | 'middle' | 'bottom';
  readonly mode: 'strip' | 'overlay';
  /** Checked, but as they were given. */
  readonly renderOptions: RenderOptions;
}

/** @throws ConfigError when an option is unknown or wrong; whether the canvas has room shows in drawing */
export function resolveComposeOptions(options: ComposeOptions): ResolvedComposeOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`composeQuestion: expected an options object, got ${String(options)}.`);
  }
  const { placement = 'top', mode = 'strip', ...renderOptions } = options;
  if (placement !== 'top' && placement !== 'middle' && placement !== 'bottom') {
    throw new ConfigError(
      `composeQuestion: placement must be 'top', 'middle' or 'bottom', got ${String(placement)}.`,
    );
  }
  if (mode !== 'strip' && mode !== 'overlay') {
    throw new ConfigError(`composeQuestion: mode must be 'strip' or 'overlay', got ${String(mode)}.`);
  }
  resolveRenderOptions(renderOptions);
  return { placement, mode, renderOptions };
}

/** The first `height` rows. */
function crop({ width, channels, data }: Raster, height: number): Raster {
  return { width, height, channels, data: data.subarray(0, width * height * channels) };
}
