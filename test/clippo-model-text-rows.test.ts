// Rows on demand: text is encoded from its first rows, which is the network applied to those rows and nothing else.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../src/checkpoint/index.ts';
import { ClippoModel } from '../src/clippo-model.ts';
import { toTensor } from '../src/model/index.ts';
import { createRenderer } from '../src/render/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from './support/backends.ts';
import { countingRuntime } from './support/counting-runtime.ts';
import { generateImage } from './support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 64, embeddingDim: 32 } as const;
// One, two and more than four lines of 64 px.
const TEXTS = [
  'a cat',
  'two lines of text',
  'a sentence that is longer than the four lines of such a small canvas hold',
];

/** The network on the first rows of the full canvas. */
async function onRows(model: ClippoModel, text: string, height: number): Promise<Float32Array> {
  const full = (await createRenderer({ size: 64 })).render(text);
  const raster = { width: 64, height, channels: 1 as const, data: full.data.subarray(0, 64 * height) };
  const z = tf.tidy(() => model.network.apply(toTensor(raster)) as tf.Tensor);
  const values = (await z.data()).slice() as Float32Array;
  z.dispose();
  return values;
}

describe.each(BACKENDS)('textRows on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks();

  it.each([
    ['all', [64, 64, 64]],
    ['used', [16, 32, 64]],
    [1, [16, 16, 16]],
    [3, [48, 48, 48]],
  ] as const)('%s: the network on as many rows', async (textRows, heights) => {
    const model = await ClippoModel.create({ ...CONFIG, textRows }, { seed: 2 });
    const picture = generateImage(1, 40);
    const { data } = await model.encode([TEXTS[0]!, picture, TEXTS[1]!, TEXTS[2]!]);
    const [first, pictured, second, third] = [0, 1, 2, 3].map((i) => data.subarray(32 * i, 32 * (i + 1)));
    for (const [i, row] of [first!, second!, third!].entries()) {
      expect(maxAbsDifference(row, await onRows(model, TEXTS[i]!, heights[i]!))).toBeLessThan(1e-6);
    }
    const plain = await ClippoModel.create(CONFIG, { seed: 2 });
    expect(maxAbsDifference(pictured!, (await plain.encodeImages([picture])).data)).toBeLessThan(1e-6);
    plain.dispose();

    const runtime = countingRuntime();
    await model.compile(runtime);
    const compiled = await model.encode([TEXTS[0]!, picture, TEXTS[1]!, TEXTS[2]!]);
    expect(maxAbsDifference(compiled.data, data)).toBeLessThan(1e-6);
    expect(runtime.opened()).toBe(new Set([64, ...heights]).size);
    model.dispose();
    await expect.poll(runtime.open, { interval: 5 }).toBe(0);
  });
});

describe('a model that reads some rows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clippo-text-rows-'));
  beforeAll(() => useBackend('cpu'));
  afterAll(() => rmSync(folder, { recursive: true }));
  expectNoLeaks();

  it.each(['npz', 'safetensors'])(
    'is saved as such in %s, and loaded otherwise when asked to',
    async (format) => {
      const path = join(folder, `model.${format}`);
      const model = await ClippoModel.create({ ...CONFIG, textRows: 3 }, { seed: 2 });
      await model.save(path);
      const same = await ClippoModel.load(path);
      const other = await ClippoModel.load(path, { textRows: 'used' });
      await other.loadWeights(path);
      expect([same.config.textRows, other.config.textRows]).toEqual([3, 'used']);
      const plain = await ClippoModel.create(CONFIG, { seed: 2 });
      await plain.save(join(folder, 'plain.npz'));
      const loaded = await ClippoModel.load(join(folder, 'plain.npz'));
      expect([plain.config.textRows, loaded.config.textRows]).toEqual(['all', 'all']);
      for (const each of [model, same, other, plain, loaded]) each.dispose();
    },
  );

  it('refuses rows that there are not', async () => {
    for (const textRows of [0, 5, 1.5, 'some', null]) {
      const config = { ...CONFIG, textRows } as unknown as typeof CONFIG;
      await expect(ClippoModel.create(config)).rejects.toThrow(
        /textRows: expected 'all', 'used' or a number of lines/,
      );
    }
    const halves = { ...CONFIG, variant: 'mu/32', textRows: 1 } as const;
    await expect(ClippoModel.create(halves)).rejects.toThrow('16 px are not whole patches of 32 px');
    const bytes = writeSafetensors(
      new Map([['clippo_ts/text_rows', { shape: [1], data: Int32Array.of(-3) }]]),
    );
    await expect(ClippoModel.load(bytes)).rejects.toThrow('expected one integer of at least 0, got -3');
  });

  it('draws whole patches where lines are lower than those', async () => {
    const model = await ClippoModel.create({ ...CONFIG, variant: 'mu/32', textRows: 'used' }, { seed: 2 });
    const { data } = await model.encodeText(['a cat']);
    expect(maxAbsDifference(data, await onRows(model, 'a cat', 32))).toBeLessThan(1e-6);
    model.dispose();
  });
});
