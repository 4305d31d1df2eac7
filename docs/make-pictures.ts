// Makes every picture in docs/images: `npx tsx docs/make-pictures.ts`. Nothing in them is drawn by hand, and two runs
// give the same pixels. quickstart.png alone comes from elsewhere, the page that `npm run quickstart` writes.

import { fileURLToPath } from 'node:url';
import { writePng } from '../src/node/index.ts';
import type { Raster } from '../src/raster/index.ts';
import * as plots from './pictures/plots.ts';
import * as rendering from './pictures/rendering.ts';
import { drawTwoRoads } from './pictures/two-roads.ts';

/** File name in docs/images → how it is drawn. */
export const PICTURES: Readonly<Record<string, () => Promise<Raster>>> = {
  'two-roads.png': drawTwoRoads,
  'scripts.png': rendering.drawScripts,
  'trimming.png': rendering.drawTrimming,
  'lines.png': rendering.drawLines,
  'special-characters.png': rendering.drawSpecialCharacters,
  'overflow.png': rendering.drawOverflow,
  'word-wrap.png': rendering.drawWordWrap,
  'options.png': rendering.drawOptions,
  'patches.png': rendering.drawPatches,
  'fonts.png': rendering.drawFonts,
  'question.png': rendering.drawQuestion,
  'schedules.png': plots.drawSchedules,
  'first-run.png': plots.drawFirstRun,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(PICTURES)) {
    await writePng(new URL(`images/${name}`, import.meta.url), await draw());
    console.log(`docs/images/${name}`);
  }
}
