// The idea of CLIPPO in one picture: a sentence is drawn, a picture is resized, and both become the same kind of
// Raster, cut into the same patches. Both rasters are what the library makes; nothing is drawn by hand.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { readImage } from '../../src/node/index.ts';
import { type Raster, resize } from '../../src/raster/index.ts';
import { renderText } from '../../src/render/index.ts';
import { arrow, BLUE, createCanvas, cut, frame, INK, LINE, place, SOFT, textWidth, write } from './canvas.ts';

const PATCH = 16;
const SIZE = 64;

/** Noto's emoji art (Apache-2.0) as a Raster of `size` px. */
export async function emoji(name: string, size: number): Promise<Raster> {
  const file = createRequire(import.meta.url).resolve('@iconify-json/noto/icons.json');
  const { icons } = JSON.parse(await readFile(file, 'utf8'));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 128 128">${icons[name].body}</svg>`;
  return readImage(new TextEncoder().encode(svg));
}

/** A raster pulled apart into its patches. */
function placePatches(canvas: Raster, raster: Raster, left: number, top: number, scale: number): number {
  const step = PATCH * scale + 4;
  for (let row = 0; row < raster.height / PATCH; row++) {
    for (let column = 0; column < raster.width / PATCH; column++) {
      const patch = cut(raster, column * PATCH, row * PATCH, PATCH);
      const [x, y] = [left + column * step, top + row * step];
      place(canvas, patch, x, y, scale);
      frame(canvas, x - 1, y - 1, PATCH * scale + 2, PATCH * scale + 2, LINE);
    }
  }
  return (raster.width / PATCH) * step - 4;
}

export async function drawTwoRoads(): Promise<Raster> {
  const canvas = createCanvas(880, 500);
  const sentence = 'a dog chases a red ball in the park';
  const drawn = await renderText(sentence, { size: SIZE });
  const photo = await emoji('dog', 128);
  const seen = resize(photo, SIZE);

  write(canvas, 'what you give', 24, 12, SOFT);
  write(canvas, 'a Raster of 64 x 64 px', 270, 12, SOFT);
  write(canvas, '16 patches of 16 px; a line of text is a row of patches', 270, 476, SOFT);

  const tops = [44, 264] as const;
  for (const [i, words] of ['"a dog chases', ' a red ball in', ' the park"'].entries()) {
    write(canvas, words, 24, tops[0] + 72 + 20 * i);
  }
  place(canvas, photo, 40, tops[1] + 38);

  for (const [top, raster, how] of [
    [tops[0], drawn, 'drawn'],
    [tops[1], seen, 'resized'],
  ] as const) {
    const middle = top + 102;
    arrow(canvas, [196, middle], [258, middle]);
    write(canvas, how, 196 + ((58 - textWidth(how)) >> 1), middle - 24, SOFT);
    const width = placePatches(canvas, raster, 270, top, 3);
    arrow(canvas, [270 + width + 14, middle], [590, top === tops[0] ? 206 : 300]);
  }

  frame(canvas, 594, 170, 150, 166, BLUE, 2);
  for (const [i, words] of ['one', 'Vision', 'Transformer'].entries()) {
    write(canvas, words, 594 + ((150 - textWidth(words)) >> 1), 212 + 26 * i, BLUE);
  }
  arrow(canvas, [748, 253], [790, 253]);
  for (const [i, words] of ['vectors', 'of one', 'space'].entries())
    write(canvas, words, 800, 222 + 22 * i, INK);
  return canvas;
}
