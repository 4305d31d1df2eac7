// A text → where each of its letters stands on the picture that the model reads.

import type { ClippoModel } from '../clippo-model.ts';
import type { Raster } from '../raster/index.ts';
import { createRenderer } from '../render/index.ts';
import { type Box, NOTHING } from './patch-map.ts';

/** A box a code point: empty for those that are not drawn, or not on the rows that are encoded. */
export async function letterBoxes(model: ClippoModel, text: string, { height }: Raster): Promise<Box[]> {
  // The whole canvas, whose first rows are what the model reads.
  const renderer = await createRenderer({ ...model.renderOptions, size: model.config.imageSize });
  const rendered = renderer.render(text);
  const boxes = Array.from(text, () => NOTHING);
  for (const { start, end, top, width } of rendered.lines) {
    const bottom = Math.min(top + renderer.lineHeight, height);
    let right = width;
    for (let i = end - 1; i >= start; i--) {
      const left = rendered.patchOf(i, 1)?.column; // patches of a pixel
      if (left === undefined || top >= height) continue;
      boxes[i] = { left, top, right, bottom };
      right = left;
    }
  }
  return boxes;
}
