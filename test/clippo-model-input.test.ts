// The picture behind an input: what toRaster gives is what encode reads, and may be changed in between.

import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../src/clippo-model.ts';
import { encodePng } from '../src/node/index.ts';
import { createRaster, resize } from '../src/raster/index.ts';
import { renderText } from '../src/render/index.ts';
import { expectNoLeaks, maxAbsDifference } from './support/backends.ts';
import { generateImage } from './support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 32 } as const;
const render = { backgroundBrightness: 200 } as const;

describe('model.toRaster', () => {
  expectNoLeaks();

  it('draws a text as the model does, and resizes a picture', async () => {
    const model = await ClippoModel.create(CONFIG, { seed: 2, render });
    expect(model.renderOptions).toEqual(render);
    const drawn = await model.toRaster('a cat');
    const expected = await renderText('a cat', { ...render, size: 64 });
    expect([drawn.width, drawn.height, drawn.data]).toEqual([64, 64, expected.data]);
    const photo = generateImage(1, 40);
    expect(await model.toRaster(photo)).toEqual(resize(photo, 64));
    expect(await model.toRaster(encodePng(photo))).toEqual(resize(photo, 64));
    await expect(model.toRaster(7 as unknown as string)).rejects.toThrow('input: expected a Raster');
    model.dispose();
    await expect(model.toRaster('a cat')).rejects.toThrow('was disposed');
  });

  it.each([
    ['all', 64],
    ['used', 16],
    [2, 32],
  ] as const)('gives the rows that are encoded: textRows %s', async (textRows, height) => {
    const model = await ClippoModel.create({ ...CONFIG, textRows }, { seed: 2 });
    const seen = await model.toRaster('a cat');
    expect([seen.width, seen.height]).toEqual([64, height]);
    const text = await model.encode(['a cat']);
    const again = await model.encode([seen], { resize: false });
    expect(maxAbsDifference(again.data, text.data)).toBe(0);
    if (height < 64) {
      const stretched = await model.encode([seen]);
      expect(maxAbsDifference(stretched.data, text.data)).toBeGreaterThan(1e-3);
    }
    model.dispose();
  });

  it('does not fit everything into the network', async () => {
    const model = await ClippoModel.create(CONFIG, { seed: 2 });
    for (const [width, height] of [
      [32, 32],
      [64, 40],
      [64, 80],
    ] as const) {
      const encoding = model.encode(['a cat', createRaster(width, height)], { resize: false });
      await expect(encoding).rejects.toThrow(
        `inputs[1]: with resize: false a picture must be 64 px wide and 16 … 64 px high in steps of 16, got ${width} x ${height}.`,
      );
    }
    model.dispose();
  });
});
