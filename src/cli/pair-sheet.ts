// Examples → one picture of them: every pair as the model sees it, one part above the other.

import { type DataRecord, decodePicture } from '../data/index.ts';
import { createRaster, pasteRaster, type Raster, resize } from '../raster/index.ts';
import type { Renderer } from '../render/index.ts';

/** px between the parts of a pair, and between pairs. */
const GAP = 2;
const MARGIN = 12;
const COLUMNS = 5;

/** @param size - side of the pictures, px, at least as wide as what the renderer draws */
export async function pairSheet(
  records: readonly DataRecord[],
  renderer: Renderer,
  size: number,
): Promise<Raster> {
  const pairs = await Promise.all(records.map((record) => partsOf(record, renderer, size)));
  const upper = Math.max(1, ...pairs.map(([part]) => part.height));
  const lower = Math.max(1, ...pairs.map(([, part]) => part.height));
  const columns = Math.min(COLUMNS, Math.max(1, pairs.length));
  const rows = Math.max(1, Math.ceil(pairs.length / columns));
  const step = { x: size + MARGIN, y: upper + GAP + lower + MARGIN };
  const sheet = createRaster(MARGIN + columns * step.x, MARGIN + rows * step.y, 3, 255);
  for (const [i, [above, below]] of pairs.entries()) {
    const left = MARGIN + (i % columns) * step.x;
    const top = MARGIN + Math.floor(i / columns) * step.y;
    pasteRaster(sheet, above, left, top);
    pasteRaster(sheet, below, left, top + upper + GAP);
  }
  return sheet;
}

async function partsOf(
  record: DataRecord,
  renderer: Renderer,
  size: number,
): Promise<readonly [Raster, Raster]> {
  if (record.kind === 'text-text')
    return [renderer.render(record.texts[0]), renderer.render(record.texts[1])];
  const decoded = await decodePicture(record.key, record.images[0]!, { maxPixels: Infinity, minSide: 1 }, {});
  // It was decoded before; a file that has changed since then leaves its place grey.
  const picture = 'kind' in decoded ? createRaster(size, size, 3, 127) : resize(decoded, size);
  return [picture, renderer.render(record.captions[0]!)];
}
