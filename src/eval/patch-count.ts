// Text → how many patches CLIPPO reads it as: the length of its sequence, to be held against a tokenizer's. The text is
// laid out as one line on a canvas without an end, and patches count up to the last that holds ink; blanks behind it
// are free. Widths are the renderer's own; each character is painted once, to see where its ink ends.
// Reference: figure 3 of the CLIPPO paper, which does not say how it counts what does not fit on 224 px.

import { ConfigError, DataError, FontError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { createRenderer, type RenderOptions } from '../render/index.ts';

/** How {@link createPatchCounter} draws the texts that it counts. */
export interface PatchCounterOptions
  extends Pick<RenderOptions, 'font' | 'lowercase' | 'monospace' | 'spacing' | 'minWidth'> {
  /** px, default 16. A line of text that is higher takes several rows of patches, a lower one a row of its own. */
  readonly patchSize?: number;
}

/** How many patches a text takes; 0 for one without ink. @throws DataError when `text` is not a string; FontError */
export type PatchCounter = (text: string) => number;

/** What a renderer accepts, px. */
const WIDEST_CANVAS = 16_384;

/**
 * Patches of texts of any length, as one line each.
 *
 * @throws ConfigError, FontError
 * @example
 * const patches = await createPatchCounter();
 * patches('a photo of a dog'); // 7
 */
export async function createPatchCounter(options: PatchCounterOptions = {}): Promise<PatchCounter> {
  const known = ['font', 'lowercase', 'monospace', 'spacing', 'minWidth', 'patchSize'];
  refuseUnknown('createPatchCounter', options, known);
  const { patchSize = 16, ...drawing } = options;
  if (!(Number.isInteger(patchSize) && patchSize > 0)) {
    const got = describeValue(patchSize);
    throw new ConfigError(`createPatchCounter: patchSize: expected a positive integer in px, got ${got}.`);
  }
  const { lineHeight } = await createRenderer(drawing);
  // Twice as wide as the widest ligatures: of a wider cell, the reference's rule of line breaks makes several lines.
  const width = Math.min(WIDEST_CANVAS, 64 * lineHeight);
  const renderer = await createRenderer({ ...drawing, size: { width, height: lineHeight } });
  const rows = Math.ceil(lineHeight / patchSize);
  const extents = new Map<string, Extent>();

  function extentOf(character: string): Extent {
    let extent = extents.get(character);
    if (extent === undefined) {
      const { data, lines } = renderer.render(character);
      const advance = lines[0]?.width;
      if (advance === undefined || 2 * advance >= width) {
        const point = character.codePointAt(0)!.toString(16).toUpperCase();
        throw new FontError(
          `patch count: the font's cell of U+${point} is wider than ${width / 2} px, half a canvas.`,
        );
      }
      extent = { advance, inkEnd: endOfInk(data, width) };
      extents.set(character, extent);
    }
    return extent;
  }

  return (text) => {
    if (typeof text !== 'string') {
      throw new DataError(`patch count: expected a string, got ${describeValue(text)}.`);
    }
    let left = 0;
    let end = 0;
    for (const character of text) {
      const { advance, inkEnd } = extentOf(character);
      if (inkEnd > 0) end = Math.max(end, left + inkEnd);
      left += advance;
    }
    return Math.ceil(end / patchSize) * rows;
  };
}

/** px from the left edge of a character */
interface Extent {
  /** to the next character */
  readonly advance: number;
  /** to the end of the ink; 0 = blank */
  readonly inkEnd: number;
}

function endOfInk(data: Uint8Array, width: number): number {
  const background = 127; // the renderer's default
  let end = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== background) end = Math.max(end, (i % width) + 1);
  }
  return end;
}
