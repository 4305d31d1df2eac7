// Models that read text otherwise than CLIPPO does, through the names that CLIPPO has: the numbers of a computation on
// plain arrays, the same ones in ONNX Runtime and after saving, and what is refused.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../src/clippo-model.ts';
import { CheckpointError, ConfigError } from '../src/errors.ts';
import { nodeRuntime } from '../src/node/index.ts';
import { createTokenReader, trainTokenizer } from '../src/tokens/index.ts';
import { expectNoLeaks, maxAbsDifference } from './support/backends.ts';
import { generateImage } from './support/golden.ts';
import { embedTokens, type PlainWeights } from './support/plain-text-tower.ts';
import { createTextRoad, TEXT_ROAD_NAMES, TEXT_ROADS, TEXTS, tokenizer } from './support/text-roads.ts';
import { WORD_PIECE } from './support/word-piece.ts';

const folder = mkdtempSync(join(tmpdir(), 'text-roads-'));
afterAll(() => rmSync(folder, { recursive: true }));
const PICTURES = [generateImage(1, 32), generateImage(2, 32)];
const PLAIN = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;

async function weightsOf(model: ClippoModel): Promise<PlainWeights> {
  const weights: PlainWeights = new Map();
  for (const [path, variable] of model.parameters()) {
    weights.set(path, { shape: variable.shape, data: Float64Array.from(await variable.data()) });
  }
  return weights;
}

describe('text of tokens', () => {
  expectNoLeaks();

  it.each(['CLIP*', 'CLIP*, mean', 'CLIP*, map', '1T-CLIP'] as const)(
    '%s as on plain arrays',
    async (name) => {
      const model = await createTextRoad(name);
      const rows = await model.encodeText(TEXTS);
      const { vocabulary, length } = TEXT_ROADS[name];
      const read = createTokenReader(tokenizer, { vocabulary, length });
      const weights = await weightsOf(model);
      for (const [i, text] of TEXTS.entries()) {
        const expected = embedTokens(weights, read(text), model.config.text!);
        expect(maxAbsDifference(rows.row(i), expected), text).toBeLessThan(2e-6);
      }
      model.dispose();
    },
  );

  it('gives what the head reads too, as wide as its own tower is', async () => {
    const model = await createTextRoad('CLIP*');
    expect((await model.encodeText(TEXTS, { layer: 'pre_logits' })).dim).toBe(24);
    expect((await model.encodeImages(PICTURES, { layer: 'pre_logits' })).dim).toBe(32);
    await expect(model.encode(['a', PICTURES[0]!], { layer: 'pre_logits' })).rejects.toThrow(
      "layer: 'pre_logits' has 32 numbers for a picture and 24 for a text in this model. Encode pictures and texts one after the other.",
    );
    model.dispose();
  });
});

describe.each(TEXT_ROAD_NAMES)('%s', (name) => {
  expectNoLeaks();

  it('reads pictures and texts in one list, each the way of its kind', async () => {
    const model = await createTextRoad(name);
    const [texts, pictures] = [await model.encodeText(TEXTS), await model.encodeImages(PICTURES)];
    const mixed = await model.encode([TEXTS[0]!, PICTURES[1]!, TEXTS[2]!, PICTURES[0]!]);
    const expected = [texts.row(0), pictures.row(1), texts.row(2), pictures.row(0)];
    for (const [i, row] of expected.entries()) expect(maxAbsDifference(mixed.row(i), row)).toBeLessThan(1e-6);
    const [best] = (await model.classify(PICTURES, TEXTS.slice(0, 2)))[0]!;
    expect(best!.score).toBeGreaterThanOrEqual(0.5);
    model.dispose();
  });

  it('gives the same compiled, and after its weights have changed', async () => {
    const model = await createTextRoad(name);
    const inputs = [...TEXTS, ...PICTURES];
    const before = await model.encode(inputs);
    const hidden = await model.encodeText(TEXTS, { layer: 'pre_logits', normalize: false });
    await model.compile(nodeRuntime({ threads: 1 }));
    expect(maxAbsDifference((await model.encode(inputs)).data, before.data)).toBeLessThan(1e-5);
    const again = await model.encodeText(TEXTS, { layer: 'pre_logits', normalize: false });
    expect(maxAbsDifference(again.data, hidden.data)).toBeLessThan(1e-5);
    const bias = model.parameters().get('txt/head/bias') ?? model.parameters().get('img/head/bias')!;
    tf.tidy(() => bias.assign(tf.add(bias, 1)));
    expect(
      maxAbsDifference((await model.encodeText(TEXTS)).data, before.data.subarray(0, 64)),
    ).toBeGreaterThan(0.01);
    await model.compile(nodeRuntime({ threads: 1 }), { precision: 'int8' });
    expect((await model.encodeText(TEXTS)).count).toBe(TEXTS.length);
    model.dispose();
    await new Promise((resolve) => setTimeout(resolve, 10)); // sessions close by themselves
  });

  it.each(['npz', 'safetensors'] as const)('is the same after it was saved as %s', async (format) => {
    const model = await createTextRoad(name);
    const before = await model.encode([...TEXTS, ...PICTURES]);
    const path = join(folder, `model.${format}`);
    await model.save(path);
    const loaded = await ClippoModel.load(path);
    expect(loaded.config).toEqual(model.config);
    expect((await loaded.encode([...TEXTS, ...PICTURES])).data).toEqual(before.data);
    await loaded.loadWeights(path);
    loaded.dispose();
    const larger = await ClippoModel.load(path, { imageSize: 64 }); // positions of text stay as they are
    expect((await larger.encodeText(TEXTS)).count).toBe(TEXTS.length);
    larger.dispose();
    model.dispose();
  });

  it('is no CLIPPO', async () => {
    const [model, plain] = [await createTextRoad(name), await ClippoModel.create(PLAIN)];
    const [ours, theirs] = [join(folder, 'ours.npz'), join(folder, 'theirs.npz')];
    await model.save(ours);
    await plain.save(theirs);
    await expect(plain.loadWeights(ours)).rejects.toThrow(CheckpointError);
    await expect(plain.loadWeights(ours)).rejects.toThrow(
      /^loadWeights: the checkpoint is of .*, the model is one tower that reads drawn text \(CLIPPO\)\. /,
    );
    await expect(model.loadWeights(theirs)).rejects.toThrow(
      /^loadWeights: the checkpoint is of one tower that reads drawn text \(CLIPPO\), the model is /,
    );
    await expect(model.toRaster('a cat')).rejects.toThrow(
      'which reads no text as a picture. Give it a picture.',
    );
    expect((await model.toRaster(PICTURES[0]!)).width).toBe(32);
    model.dispose();
    plain.dispose();
  });
});

describe('a tokenizer', () => {
  expectNoLeaks();
  const text = TEXT_ROADS['1T-CLIP'];

  it('is asked for when a text comes, and not before', async () => {
    const model = await ClippoModel.create({ ...PLAIN, text });
    expect((await model.encodeImages(PICTURES)).count).toBe(2);
    await expect(model.encodeText(['a cat'])).rejects.toThrow(
      'This model is one tower with a table of tokens (1T-CLIP) and has no tokenizer. Give it the one it was trained with',
    );
    const path = join(folder, 'without.npz');
    await model.save(path);
    const loaded = await ClippoModel.load(path, { tokenizer: tokenizer.file });
    expect((await loaded.encodeText(['a cat'])).count).toBe(1);
    loaded.dispose();
    model.dispose();
  });

  it('is refused where it does not fit, and where nothing is for it', async () => {
    const other = trainTokenizer(['abc'], { vocabulary: 8 });
    const wide = { ...text, vocabulary: 5000 };
    await expect(ClippoModel.create({ ...PLAIN, text: wide }, { tokenizer: other })).rejects.toThrow(
      `tokenizer "bpe": it has ${other.vocabulary} pieces, the model a table for 5000. Use the tokenizer that the model was trained with`,
    );
    await expect(ClippoModel.create(PLAIN, { tokenizer })).rejects.toThrow(ConfigError);
    await expect(ClippoModel.create(PLAIN, { tokenizer })).rejects.toThrow(
      'tokenizer: the model is one tower that reads drawn text (CLIPPO), which has no use for one.',
    );
    await expect(
      ClippoModel.create({ ...PLAIN, text }, { tokenizer, render: { spacing: 2 } }),
    ).rejects.toThrow(
      'render: the model is one tower with a table of tokens (1T-CLIP), which draws no text.',
    );
  });

  it('must give ids of the table', async () => {
    const wild = { ...tokenizer, encode: () => Int32Array.of(tokenizer.vocabulary) };
    const model = await ClippoModel.create({ ...PLAIN, text }, { tokenizer: wild });
    await expect(model.encodeText(['a cat'])).rejects.toThrow(
      `tokenizer "tiny": token 0 of "a cat" has the id ${tokenizer.vocabulary}, expected 0 … ${text.vocabulary - 1}.`,
    );
    model.dispose();
  });

  it("may be Hugging Face's, as bytes and from the saved model", async () => {
    const file = new TextEncoder().encode(JSON.stringify(WORD_PIECE));
    const nine = { ...text, vocabulary: 9 };
    const model = await ClippoModel.create({ ...PLAIN, text: nine }, { tokenizer: file });
    const before = await model.encodeText(['photographs of dog']);
    const path = join(folder, 'hugging-face.safetensors');
    await model.save(path);
    const loaded = await ClippoModel.load(path);
    expect((await loaded.encodeText(['photographs of dog'])).data).toEqual(before.data);
    loaded.dispose();
    model.dispose();
  });
});
