// Words on pictures: where they stand, on what ground, how large, and what is cut off.

import { describe, expect, it } from 'vitest';
import { type DrawAttackOptions, drawAttack } from '../../src/eval/draw-attack.ts';
import { createRandom } from '../../src/random.ts';
import { createRaster, type Raster } from '../../src/raster/index.ts';
import { renderText } from '../../src/render/index.ts';
import { generateImage } from '../support/golden.ts';

const picture = generateImage(1, 64);
const KEPT = [...picture.data];

/** Whether the pixel is that of the picture. */
function isUntouched(attacked: Raster, x: number, y: number, before: Raster = picture): boolean {
  const at = (y * before.width + x) * 3;
  return [0, 1, 2].every((channel) => attacked.data[at + channel] === before.data[at + channel]);
}

describe('drawAttack', () => {
  it('draws a word as the renderer does, on its ground, and leaves the rest', async () => {
    const attacked = await drawAttack(picture, 'dog');
    const { width, lines, ...text } = await renderText('dog', { size: 64 });
    expect(attacked.box).toEqual({ left: 0, top: 0, width: lines[0]!.width + 1, height: 16 });
    expect([attacked.width, attacked.height, attacked.channels]).toEqual([64, 64, 3]);
    expect([attacked.droppedCharacters, attacked.missingGlyphs]).toEqual([0, 0]);
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        if (y < 16 && x < attacked.box.width) {
          expect(attacked.data[(y * 64 + x) * 3 + 1]).toBe(text.data[y * width + x]);
        } else expect(isUntouched(attacked, x, y)).toBe(true);
      }
    }
    expect([...picture.data]).toEqual(KEPT); // drawn on a copy
  });

  it('lays letters alone over the picture', async () => {
    const options = { mode: 'overlay', textBrightness: 255 } as const;
    const attacked = await drawAttack(picture, 'dog', options);
    const { data } = await renderText('dog', { size: 64 });
    let ink = 0;
    for (let i = 0; i < 64 * 64; i++) {
      const isInk = data[i] === 0;
      if (isInk) ink++;
      if (isInk) expect([...attacked.data.subarray(i * 3, i * 3 + 3)]).toEqual([255, 255, 255]);
      else expect(isUntouched(attacked, i % 64, Math.floor(i / 64))).toBe(true);
    }
    expect(ink).toBeGreaterThan(30);
  });

  it('mixes soft edges with the picture', async () => {
    const font = { lineHeight: 4, glyph: () => ({ width: 4, coverage: new Uint8Array(16).fill(51) }) }; // a fifth
    const grey = createRaster(8, 8, 1, 200);
    const attacked = await drawAttack(grey, 'a', { mode: 'overlay', font, textBrightness: 100 });
    expect(attacked.data[0]).toBe(180);
    const strip = await drawAttack(grey, 'a', { font, textBrightness: 100, backgroundBrightness: 0 });
    expect(strip.data[0]).toBe(20);
  });

  it('enlarges letters by whole pixels', async () => {
    const large = generateImage(2, 96);
    const [one, two] = [await drawAttack(large, 'ox'), await drawAttack(large, 'ox', { scale: 2 })];
    expect(two.box).toEqual({ left: 0, top: 0, width: 2 * one.box.width, height: 32 });
    for (let y = 0; y < two.box.height; y++) {
      for (let x = 0; x < two.box.width; x++) {
        const [from, to] = [(Math.floor(y / 2) * 96 + Math.floor(x / 2)) * 3, (y * 96 + x) * 3];
        expect(two.data[to]).toBe(one.data[from]);
      }
    }
  });

  it.each([
    [64, 64, 16],
    [335, 500, 16],
    [336, 500, 32],
    [640, 480, 32],
    [1000, 900, 64],
  ])('%d x %d px: letters of %d px', async (width, height, letters) => {
    const attacked = await drawAttack(createRaster(width, height), 'a');
    expect(attacked.box.height).toBe(letters);
  });

  it.each([
    ['top', 0],
    ['middle', 16],
    ['bottom', 54],
  ] as const)('stands at the %s', async (placement, top) => {
    const attacked = await drawAttack(createRaster(80, 70), 'dog', { placement });
    expect(attacked.box).toMatchObject({ left: 0, top });
    const rows = new Set<number>();
    for (let i = 0; i < 80 * 70; i++) if (attacked.data[i * 3] !== 255) rows.add(Math.floor(i / 80));
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([top, top + 15]);
  });

  it('stands anywhere, by seed, and always as a whole within the picture', async () => {
    const place = async (seed: number): Promise<{ left: number; top: number }> => {
      const random = createRandom(seed, 'place');
      const { box } = await drawAttack(createRaster(40, 34), 'ox', { placement: 'random', random });
      expect(box.left >= 0 && box.left + box.width <= 40 && box.top >= 0 && box.top + box.height <= 34).toBe(
        true,
      );
      return box;
    };
    const places = await Promise.all(Array.from({ length: 300 }, (_, seed) => place(seed)));
    expect(await place(7)).toEqual(places[7]);
    expect(new Set(places.map(({ top }) => top)).size).toBe(34 - 16 + 1);
    expect(new Set(places.map(({ left }) => left)).size).toBeGreaterThan(20);
  });

  it('breaks long words after spaces, and drops and counts what goes beyond half the height', async () => {
    const two = await drawAttack(createRaster(64, 64), 'grinning face');
    expect([two.box.height, two.droppedCharacters]).toEqual([32, 0]);
    const long = await drawAttack(createRaster(64, 64), 'grinning face with smiling eyes');
    const { lines } = await renderText('grinning face with smiling eyes', { size: 64, wrap: 'word' });
    expect([long.box.height, long.droppedCharacters]).toEqual([32, 31 - lines[2]!.start]);
    const missing = await drawAttack(createRaster(64, 64), 'a\u{10ffff}');
    expect(missing.missingGlyphs).toBe(1);
  });

  it('takes grey pictures', async () => {
    const grey: Raster = { width: 32, height: 32, channels: 1, data: new Uint8Array(1024).fill(9) };
    const attacked = await drawAttack(grey, 'ox');
    expect([...attacked.data.subarray(-3)]).toEqual([9, 9, 9]);
    expect(attacked.data).toHaveLength(32 * 32 * 3);
  });

  it.each<[unknown, unknown, DrawAttackOptions, string]>([
    [null, 'a', {}, 'drawAttack: expected a Raster as the picture, got null.'],
    [{ ...picture, width: 63 }, 'a', {}, 'drawAttack: 63 x 64 x 3 needs'],
    [picture, 7, {}, 'expected a word to write, got 7.'],
    [picture, '', {}, '"" leaves no ink. Expected a word that the font can draw.'],
    [picture, ' \n ', {}, 'leaves no ink'],
    [picture, '\u{10ffff}', {}, 'leaves no ink'],
    [
      picture,
      'a',
      { placement: 'left' as never },
      `placement: expected 'top', 'middle', 'bottom' or 'random', got "left".`,
    ],
    [
      picture,
      'a',
      { placement: 'random' },
      "placement 'random' needs random, one for each picture: createRandom(seed, key). Got undefined.",
    ],
    [picture, 'a', { mode: 'box' as never }, `mode: expected 'strip' or 'overlay', got "box".`],
    [picture, 'a', { scale: 1.5 }, 'scale: expected an integer from 1 to 1024, got 1.5.'],
    [picture, 'a', { scale: 0 }, 'scale: expected an integer from 1 to 1024, got 0.'],
    [picture, 'a', { textBrightness: 256 }, 'textBrightness: expected an integer from 0 to 255, got 256.'],
    [
      picture,
      'a',
      { backgroundBrightness: Number.NaN },
      'backgroundBrightness: expected an integer from 0 to 255, got NaN.',
    ],
    [picture, 'a', { size: 64 } as never, 'unknown option size'],
    [picture, 'a', { spacing: -1 }, 'spacing must be an integer'],
    [
      picture,
      'a',
      { scale: 3 },
      'a picture of 64 x 64 px has no room for a line of 48 px in half its height. Take pictures of at least 48 x 96 px or a smaller scale.',
    ],
    [picture, 'a', { scale: 100 }, 'has no room for a line of 1600 px'],
    [createRaster(64, 31), 'a', {}, 'Take pictures of at least 16 x 32 px.'],
    [createRaster(15, 64), 'a', {}, 'Take pictures of at least 16 x 32 px.'],
  ])('refuses %#', async (raster, word, options, message) => {
    await expect(drawAttack(raster as Raster, word as string, options)).rejects.toThrow(message);
  });
});
