// Sheets for docs/evaluation.md: what an attack looks like, and what a model looks at. The art is Noto Emoji's.

import type { ClippoModel } from '../../src/clippo-model.ts';
import { type DrawAttackOptions, drawAttack, explain, type LetterValue } from '../../src/eval/index.ts';
import { readImage } from '../../src/node/index.ts';
import { createRandom } from '../../src/random.ts';
import type { Raster } from '../../src/raster/index.ts';
import { createCanvas, frame, INK, LINE, place, SOFT, write } from '../pictures/canvas.ts';
import type { EmojiSources } from './emoji-sources.ts';

const [APPLE, DOG, PENGUIN] = ['1f34e', '1f436', '1f427'];

/** px around and between, and of a line of letters */
const [GAP, TEXT] = [12, 18];

interface Cell {
  readonly picture: Raster;
  readonly caption: string;
  readonly scale: number;
}

/** Rows of pictures, each with a line below. */
function drawSheet(rows: readonly (readonly Cell[])[], cellWidth: number): Raster {
  const columns = Math.max(...rows.map((row) => row.length));
  const heights = rows.map((row) => Math.max(...row.map(({ picture, scale }) => picture.height * scale)));
  const height = heights.reduce((sum, each) => sum + each + TEXT + GAP, GAP);
  const canvas = createCanvas(GAP + columns * (cellWidth + GAP), height);
  let top = GAP;
  for (const [i, row] of rows.entries()) {
    for (const [j, { picture, caption, scale }] of row.entries()) {
      const left = GAP + j * (cellWidth + GAP);
      place(canvas, picture, left, top, scale);
      frame(canvas, left - 1, top - 1, picture.width * scale + 2, picture.height * scale + 2, LINE);
      write(canvas, caption, left, top + heights[i]! + 2, j === 0 ? INK : SOFT);
    }
    top += heights[i]! + TEXT + GAP;
  }
  return canvas;
}

/** One picture, as it is and with a word written on it in several ways. */
export async function drawAttacks(
  emoji: EmojiSources,
  style: string,
  attacks: Readonly<Record<string, DrawAttackOptions>>,
): Promise<Raster> {
  const [scale, word] = [3, emoji.name(PENGUIN)];
  const picture = await readImage(await emoji.picture(style, APPLE));
  const cells: Cell[] = [{ picture, caption: 'clean', scale }];
  for (const [caption, options] of Object.entries(attacks)) {
    const random = createRandom(2, 'place of a word');
    cells.push({ picture: await drawAttack(picture, word, { ...options, random }), caption, scale });
  }
  return drawSheet([cells], picture.width * scale);
}

/** What makes pictures and a text match, and where the model looks anyway. */
export async function drawExplanations(
  model: ClippoModel,
  emoji: EmojiSources,
): Promise<{ sheet: Raster; letters: readonly LetterValue[] }> {
  const { imageSize, pool } = model.config;
  const scale = Math.max(1, Math.round(192 / imageSize));
  const [style = ''] = emoji.trainedStyles;
  const [apple, dog] = await Promise.all([APPLE, DOG].map((code) => emoji.picture(style, code)));
  const [appleName, dogName] = [emoji.name(APPLE), emoji.name(DOG)];

  async function row(input: string | Uint8Array, against: string | Uint8Array, name: string) {
    // Enlarged here: a file of smooth colours would be large.
    const overlay = { scale: 1 };
    const covered = await explain(model, input, { against, window: 16, stride: 8, overlay });
    const cosine = covered.cosine!.toFixed(2); // there is something to compare with
    const cells: Cell[] = [
      { picture: await model.toRaster(input), caption: 'what it reads', scale },
      { picture: covered.overlay, caption: `against ${name}: ${cosine}`, scale },
    ];
    // Only such a head has a probe that looks at patches.
    if (pool === 'map') {
      const attended = await explain(model, input, { overlay });
      cells.push({ picture: attended.overlay, caption: 'attention', scale });
    }
    return { cells, letters: covered.letters ?? [] };
  }

  const rows = [
    await row(apple!, appleName, `"${appleName}"`),
    await row(dog!, dogName, `"${dogName}"`),
    await row(appleName, apple!, 'the apple'),
  ];
  return {
    sheet: drawSheet(
      rows.map(({ cells }) => cells),
      imageSize * scale,
    ),
    letters: rows.at(-1)!.letters,
  };
}
