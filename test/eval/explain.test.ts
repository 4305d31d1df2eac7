// Which letters count: by attention as shares, by occlusion as what is lost without them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { attentionMap } from '../../src/eval/attention-map.ts';
import { type ExplainOptions, explain } from '../../src/eval/explain.ts';
import { occlusionMap } from '../../src/eval/occlusion-map.ts';
import { overlay } from '../../src/eval/overlay.ts';
import { encodePng, readImage } from '../../src/node/index.ts';
import { renderText } from '../../src/render/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { generateImage } from '../support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 32, textRows: 'used' } as const;
const PICTURE = generateImage(3, 64);

let model: ClippoModel;
beforeAll(async () => {
  model = await ClippoModel.create(CONFIG, { seed: 5 });
});
afterAll(() => model.dispose());

function total(values: Iterable<number>): number {
  return [...values].reduce((sum, value) => sum + value, 0);
}

describe('explain by attention', () => {
  expectNoLeaks();

  it('is the attention map, drawn, and the cosine if there is something to compare with', async () => {
    const found = await explain(model, PICTURE, { overlay: { scale: 1 } });
    const map = await attentionMap(model, PICTURE);
    expect(found.map).toEqual(map);
    expect(found.overlay).toEqual(overlay(PICTURE, map, { scale: 1 }));
    expect(found).not.toHaveProperty('letters');
    expect(found).not.toHaveProperty('cosine');
    const compared = await explain(model, PICTURE, { against: 'a cat', method: 'attention' });
    const [picture, text] = [await model.encode([PICTURE]), await model.encode(['a cat'])];
    expect(compared.cosine).toBeCloseTo(model.similarity(picture, text).data[0]!, 6);
  });

  it('shares the attention of a patch among the letters on it, by area', async () => {
    const { letters, map } = await explain(model, 'A cat');
    expect(letters!.map(({ character }) => character)).toEqual(['A', ' ', 'c', 'a', 't']);
    const { lines } = await renderText('A cat', { size: 64 });
    // The letters stand side by side from the left edge, 16 px high, and fill whole patches but for the last.
    const { width } = lines[0]!;
    const [whole, rest] = [Math.floor(width / 16), (width % 16) / 16];
    const covered = total(map.values.subarray(0, whole)) + rest * (map.values[whole] ?? 0);
    expect(total(letters!.map(({ value }) => value))).toBeCloseTo(covered, 6);
    expect(letters![0]!.value).toBeGreaterThan(0);
  });

  it('gives 0 to what is not on the canvas', async () => {
    const text = `𝒳\n${'long '.repeat(20)}`;
    const { letters } = await explain(model, text);
    expect(letters!.map(({ character }) => character).join('')).toBe(text);
    const { visibleCharacters } = await renderText(text, { size: 64 });
    expect(visibleCharacters).toBeLessThan(letters!.length);
    for (const [i, { value }] of letters!.entries()) {
      expect(value > 0, `letter ${i}`).toBe(i < visibleCharacters);
    }
    expect((await explain(model, '')).letters).toEqual([]);
  });
});

describe('explain by occlusion', () => {
  expectNoLeaks();

  it('is the occlusion map, drawn in diverging colours', async () => {
    const options = { window: 32, stride: 16, fill: 0 };
    const found = await explain(model, PICTURE, { against: 'a cat', ...options, overlay: { scale: 1 } });
    const map = await occlusionMap(model, PICTURE, 'a cat', options);
    expect([...found.map.values]).toEqual([...map.values]);
    expect(found.cosine).toBe(map.cosine);
    expect(found.overlay).toEqual(overlay(PICTURE, found.map, { colours: 'diverging', scale: 1 }));
    expect(found).not.toHaveProperty('letters');
  });

  it('says what is lost without each letter', async () => {
    const { letters, cosine } = await explain(model, 'red cat', { against: PICTURE });
    const drawn = await model.toRaster('red cat');
    const spot = await renderText('red cat', { size: 64 });
    const target = (await model.encode([PICTURE])).row(0);
    for (const i of [0, 2, 6]) {
      // By hand: the columns from this letter to the next in the ground's grey.
      const left = spot.patchOf(i, 1)!.column;
      const right = spot.patchOf(i + 1, 1)?.column ?? spot.lines[0]!.width;
      const data = drawn.data.slice();
      for (let y = 0; y < 16; y++) data.fill(127, y * 64 + left, y * 64 + right);
      const z = (await model.encode([{ ...drawn, data }], { resize: false })).row(0);
      const without = total(z.map((value, j) => value * target[j]!));
      expect(letters![i]!.value).toBeCloseTo(cosine! - without, 6);
      expect(Math.abs(letters![i]!.value)).toBeGreaterThan(1e-5);
    }
    expect(Math.abs(letters![3]!.value)).toBeLessThan(1e-6); // the space
  });

  it('encodes a letter only if it is drawn', async () => {
    const stages: string[] = [];
    const text = 'x'.repeat(500);
    const { letters } = await explain(model, text, {
      against: PICTURE,
      batchSize: 64,
      onProgress: ({ unit, done, total }) => stages.push(`${unit} ${done} ${total}`),
    });
    const { visibleCharacters } = await renderText(text, { size: 64 });
    expect(stages.at(-1)).toBe(`letters ${visibleCharacters} ${visibleCharacters}`);
    expect(letters!.slice(visibleCharacters).every(({ value }) => value === 0)).toBe(true);
  });

  it('is a PNG in one more step', async () => {
    const { overlay: drawn } = await explain(model, 'a cat', { against: 'a dog' });
    expect([drawn.width, drawn.height]).toEqual([448, 112]);
    const decoded = await readImage(encodePng(drawn));
    expect(decoded.data.every((byte, i) => byte === drawn.data[i])).toBe(true);
  });
});

describe('explain', () => {
  expectNoLeaks();

  it('takes any picture, which is decoded and resized once', async () => {
    const png = encodePng(generateImage(1, 40));
    const found = await explain(model, png, { overlay: { opacity: 0, scale: 1 } });
    expect(found.overlay).toEqual(await model.toRaster(png));
  });

  it.each<[ExplainOptions, string]>([
    [
      { method: 'gradient' as 'attention' },
      "explain: method: expected 'attention' or 'occlusion', got \"gradient\".",
    ],
    [
      { method: 'occlusion' },
      "explain by occlusion: what to compare with is missing. Say it as in { against: 'a photo",
    ],
    [{ window: 16 }, 'explain by attention: unknown option window. Known: against, method, overlay'],
    [{ against: 'x', scale: 3 } as ExplainOptions, 'explain: unknown option scale.'],
    [{ overlay: { scale: -1 } }, 'overlay: scale: expected a positive integer, got -1.'],
    [{ against: new Float32Array(3) }, 'explain: against: expected 32 numbers'],
    [{ signal: AbortSignal.abort() }, 'abort'],
    [null as unknown as ExplainOptions, 'explain: expected an options object, got null.'],
  ])('refuses what cannot work: %#', async (options, message) => {
    await expect(explain(model, 'a cat', options)).rejects.toThrow(message);
  });
});
