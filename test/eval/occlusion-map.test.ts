// Covering and comparing again: held against pictures covered by hand.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { type OcclusionOptions, occlusionMap } from '../../src/eval/occlusion-map.ts';
import { createRaster, pasteRaster, type Raster } from '../../src/raster/index.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';
import { generateImage } from '../support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 32, textRows: 'used' } as const;
const PICTURE = generateImage(3, 64);

let model: ClippoModel;
beforeAll(async () => {
  model = await ClippoModel.create(CONFIG, { seed: 5, render: { backgroundBrightness: 140 } });
});
afterAll(() => model.dispose());

/** A copy with a rectangle in one grey. */
function covered(picture: Raster, left: number, top: number, side: number, grey: number): Raster {
  const copy = { ...picture, data: picture.data.slice() };
  pasteRaster(copy, createRaster(side, side, 1, grey), left, top);
  return copy;
}

async function cosines(inputs: readonly (string | Raster)[], against: string | Raster): Promise<number[]> {
  const rows = await model.encode(inputs, { resize: false });
  const [target] = [(await model.encode([against])).row(0)];
  return inputs.map((_, i) => rows.row(i).reduce((sum, value, j) => sum + value * target[j]!, 0));
}

describe('occlusionMap', () => {
  expectNoLeaks();

  it('is how much the cosine falls when a patch is covered', async () => {
    const map = await occlusionMap(model, PICTURE, 'a cat', { fill: 90 });
    expect([map.rows, map.columns, map.patchSize]).toEqual([4, 4, 16]);
    const pictures = Array.from({ length: 16 }, (_, i) =>
      covered(PICTURE, 16 * (i % 4), 16 * Math.floor(i / 4), 16, 90),
    );
    const [whole, ...without] = await cosines([PICTURE, ...pictures], 'a cat');
    expect(map.cosine).toBeCloseTo(whole!, 6);
    expect(
      maxAbsDifference(
        map.values,
        without.map((cosine) => whole! - cosine),
      ),
    ).toBeLessThan(1e-6);
    expect(Math.max(...map.values.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  it('is the mean of the windows over a cell, the last of which are cut off by the edge', async () => {
    const map = await occlusionMap(model, PICTURE, 'a cat', { fill: 0, window: 40, stride: 20 });
    expect([map.rows, map.columns, map.patchSize]).toEqual([4, 4, 20]);
    const corners = [0, 20, 40];
    const pictures = corners.flatMap((top) => corners.map((left) => covered(PICTURE, left, top, 40, 0)));
    const [whole, ...without] = await cosines([PICTURE, ...pictures], 'a cat');
    const fall = (row: number, column: number): number => whole! - without[row * 3 + column]!;
    expect(map.values[0]).toBeCloseTo(fall(0, 0), 6);
    expect(map.values[15]).toBeCloseTo(fall(2, 2), 6);
    expect(map.values[5]).toBeCloseTo((fall(0, 0) + fall(0, 1) + fall(1, 0) + fall(1, 1)) / 4, 6);
    expect(map.values[4]).toBeCloseTo((fall(0, 0) + fall(1, 0)) / 2, 6);
  });

  it('covers the letters of a text with the ground they stand on', async () => {
    const map = await occlusionMap(model, 'a cat', PICTURE, { window: 8 });
    expect([map.rows, map.columns]).toEqual([2, 8]);
    expect(map.cosine).toBeCloseTo((await cosines(['a cat'], PICTURE))[0]!, 6);
    // The text is 40 px wide: what lies behind it is ground already.
    for (const row of [0, 1]) {
      for (const column of [5, 6, 7]) expect(Math.abs(map.values[row * 8 + column]!)).toBeLessThan(1e-6);
    }
    expect(Math.abs(map.values[8]!)).toBeGreaterThan(1e-4); // the lower half of the first letter
    const filled = await occlusionMap(model, 'a cat', PICTURE, { window: 8, fill: 140 });
    expect(maxAbsDifference(filled.values, map.values)).toBeLessThan(1e-7);
  });

  it('covers a picture with its mean colour', async () => {
    const map = await occlusionMap(model, createRaster(64, 64, 3, 77), 'a cat');
    expect(Math.max(...map.values.map(Math.abs))).toBeLessThan(1e-6);
    const picture = createRaster(64, 64);
    for (let i = 0; i < picture.data.length; i += 6) picture.data.set([250, 0, 101], i); // every other pixel
    const mean = await occlusionMap(model, picture, 'a cat', { window: 64 });
    const plain = createRaster(64, 64);
    for (let i = 0; i < plain.data.length; i += 3) plain.data.set([253, 128, 178], i);
    const [whole, without] = await cosines([picture, plain], 'a cat');
    expect(mean.values[0]).toBeCloseTo(whole! - without!, 6);
  });

  it('does not depend on the batch size, nor on the length of a vector that is given', async () => {
    const map = await occlusionMap(model, 'a cat', PICTURE);
    const alone = await occlusionMap(model, 'a cat', PICTURE, { batchSize: 1 });
    expect(maxAbsDifference(alone.values, map.values)).toBeLessThan(1e-6);
    const vector = (await model.encode([PICTURE])).row(0).map((value) => value * 7);
    const given = await occlusionMap(model, 'a cat', vector);
    expect(maxAbsDifference(given.values, map.values)).toBeLessThan(1e-6);
    expect(given.cosine).toBeCloseTo(map.cosine, 6);
  });

  it('works with every pooling, and with a compiled model', async () => {
    const other = await ClippoModel.create({ ...CONFIG, pool: 'gap' }, { seed: 5 });
    const plain = await occlusionMap(other, 'a cat', PICTURE);
    const runtime = countingRuntime();
    await other.compile(runtime);
    const compiled = await occlusionMap(other, 'a cat', PICTURE);
    expect(runtime.opened()).toBe(2); // a graph for pictures, one for a line of text
    expect(maxAbsDifference(compiled.values, plain.values)).toBeLessThan(1e-5);
    other.dispose();
    await expect.poll(runtime.open, { interval: 5 }).toBe(0);
  });

  it('reports progress, and stops when aborted', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const run = occlusionMap(model, PICTURE, 'a cat', {
      batchSize: 4,
      signal: controller.signal,
      onProgress: ({ stage, done, total, unit }) => {
        seen.push(done);
        expect([stage, total, unit]).toEqual(['cover', 17, 'windows']); // one of them is nothing
        if (done === 8) controller.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toEqual([4, 8]);
    const aborted = occlusionMap(model, PICTURE, 'a cat', { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toThrow(/abort/i);
  });

  it.each<[OcclusionOptions, string]>([
    [{ window: 0 }, 'occlusionMap: window: expected an integer from 1 to 64 px, got 0.'],
    [{ window: 65 }, 'window: expected an integer from 1 to 64 px, got 65.'],
    [{ window: Number.NaN }, 'got NaN.'],
    [{ stride: 5 }, 'occlusionMap: stride: expected a whole part of the window of 16 px, got 5.'],
    [{ window: 8, stride: 16 }, 'stride: expected a whole part of the window of 8 px, got 16.'],
    [
      { fill: 256 },
      "occlusionMap: fill: expected 'mean' or a grey value, an integer from 0 to 255, got 256.",
    ],
    [{ fill: 'white' } as unknown as OcclusionOptions, 'got "white".'],
    [{ batchSize: 0 }, 'batchSize: expected a positive integer, got 0.'],
    [{ size: 3 } as unknown as OcclusionOptions, 'occlusionMap: unknown option size. Known: window'],
  ])('refuses options that cannot work: %j', async (options, message) => {
    await expect(occlusionMap(model, 'a cat', PICTURE, options)).rejects.toThrow(message);
  });

  it('refuses a vector that is none of this model', async () => {
    const short = occlusionMap(model, 'a cat', new Float32Array(31).fill(1));
    await expect(short).rejects.toThrow(
      'occlusionMap: against: expected 32 numbers, an embedding of this model, got 31.',
    );
    for (const value of [0, Number.NaN, Infinity]) {
      await expect(occlusionMap(model, 'a cat', new Float32Array(32).fill(value))).rejects.toThrow(
        'occlusionMap: against: expected finite numbers that are not all 0.',
      );
    }
    await expect(occlusionMap(model, 'a cat', null as unknown as string)).rejects.toThrow(
      'expected a Raster',
    );
  });
});
