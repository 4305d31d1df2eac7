// Text → what the model sees of it: pixels, how far down it reads, what found no room, and which characters have no glyph.

import type { ClippoModel } from 'clippo-ts';
import { createRenderer, createTextCanvas, type DrawText, type Renderer } from 'clippo-ts/render';
import type { Drawing, Pixels } from '../protocol.ts';

export interface Canvas {
  /** Side of the model's pictures, px. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly textRows: ClippoModel['config']['textRows'] & {};
}

/** Of the shipped model: texts are drawn before it is there. */
export const SHIPPED_CANVAS: Canvas = { imageSize: 64, patchSize: 16, textRows: 'used' };

export function canvasOf({ config }: ClippoModel): Canvas {
  const { variant, imageSize = 224, textRows = 'all' } = config;
  const patchSize = typeof variant === 'string' ? Number(variant.split('/')[1]) : variant.patchSize;
  return { imageSize, patchSize, textRows };
}

/** Of what found no room, as much as is shown. */
const SHOWN = 120;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

let kept: { readonly canvas: Canvas; readonly renderer: Renderer; readonly read: DrawText } | undefined;

export async function drawText(text: string, canvas: Canvas): Promise<Drawing> {
  if (kept?.canvas !== canvas) {
    const [renderer, read] = await Promise.all([
      createRenderer({ size: canvas.imageSize }),
      createTextCanvas(canvas, {}),
    ]);
    kept = { canvas, renderer, read };
  }
  const { renderer, read } = kept;
  const drawn = renderer.render(text);
  const { width, height, channels, data, lines, characterCount, visibleCharacters, droppedCharacters } =
    drawn;

  // Two UTF-16 units a character at most: of a page of text only the beginning is looked at.
  const beginning = Array.from(text.slice(0, 2 * (visibleCharacters + SHOWN)));
  const missing = beginning.slice(0, visibleCharacters).flatMap((character, i) => {
    if (drawn.missingGlyphs === 0 || renderer.render(character).missingGlyphs === 0) return [];
    const corner = drawn.patchOf(i, 1); // patches of one pixel: the pixel itself
    return corner === undefined ? [] : [{ character, left: corner.column, top: corner.row }];
  });
  return {
    pixels: { width, height, channels, data },
    patchSize: canvas.patchSize,
    readHeight: read(text).height,
    lines: lines.length,
    characters: characterCount,
    dropped: beginning.slice(visibleCharacters, visibleCharacters + SHOWN).join(''),
    droppedCount: droppedCharacters,
    missing,
    rightToLeft: RIGHT_TO_LEFT.test(text.slice(0, 2000)),
  };
}

/** As long as a line may be, px. */
const LINE = { width: 480, height: 16 };

/** Texts as the model's letters, one line each, cut to their width. */
export async function drawLines(texts: readonly string[]): Promise<Pixels[]> {
  const renderer = await createRenderer({ size: LINE });
  return texts.map((text) => {
    const { data, lines } = renderer.render(text);
    const width = Math.max(1, lines[0]?.width ?? 0);
    const cut = new Uint8Array(width * LINE.height);
    for (let y = 0; y < LINE.height; y++) {
      cut.set(data.subarray(y * LINE.width, y * LINE.width + width), y * width);
    }
    return { width, height: LINE.height, channels: 1, data: cut };
  });
}
