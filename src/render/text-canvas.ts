// Text → the rows of the canvas that are encoded. Text fills the canvas from the top, so a model that was trained so
// reads a short sentence off its first rows alone, at a fraction of the cost.

import type { Raster } from '../raster/index.ts';
import type { TextRows } from '../text-rows.ts';
import type { RenderOptions } from './render-options.ts';
import { createRenderer } from './renderer.ts';

/** Draws a text as the model reads it. */
export type DrawText = (text: string) => Raster;

export interface TextCanvas {
  /** Side of the pictures and width of the texts, px. */
  readonly imageSize: number;
  /** Heights are whole patches, px. */
  readonly patchSize: number;
  readonly textRows: TextRows;
}

/**
 * @param options - how text is drawn; a font of its own line height is counted in its own lines by `'used'`
 * @throws ConfigError, FontError
 */
export async function createTextCanvas(
  { imageSize, patchSize, textRows }: TextCanvas,
  options: Omit<RenderOptions, 'size'>,
): Promise<DrawText> {
  const height = typeof textRows === 'number' ? 16 * textRows : imageSize;
  const renderer = await createRenderer({ ...options, size: { width: imageSize, height } });
  if (textRows !== 'used') return (text) => renderer.render(text);
  return (text) => {
    const { width, channels, data, lines } = renderer.render(text);
    const last = lines.at(-1)?.top ?? 0;
    const used = usedHeight(last / renderer.lineHeight + 1, renderer.lineHeight, { imageSize, patchSize });
    return { width, height: used, channels, data: data.subarray(0, used * width) };
  };
}

/** Lines are rounded up to a power of two, so that a batch falls into few sizes. */
function usedHeight(
  lines: number,
  lineHeight: number,
  { imageSize, patchSize }: Omit<TextCanvas, 'textRows'>,
): number {
  const rounded = 2 ** Math.ceil(Math.log2(lines)) * lineHeight;
  return Math.min(imageSize, Math.ceil(rounded / patchSize) * patchSize);
}
