// Retrieval, in one language and in many, on pictures that are drawn words.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClippoModel } from '../../src/clippo-model.ts';
import { readCrossmodalPictures } from '../../src/data/index.ts';
import { createEmbeddings, normalizeRows } from '../../src/embeddings.ts';
import {
  contrastiveTerms,
  contrastiveValidation,
  modalityGapOf,
  multilingualRetrieval,
  retrieval,
} from '../../src/eval/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { createRandom } from '../../src/random.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { memoryFile, memoryTree } from '../support/memory-files.ts';
import { captioned, createTinyModel, drawn, memoryParts, WORDS } from './drawn-words.ts';

let model: ClippoModel;
beforeAll(async () => {
  model = await createTinyModel();
});
afterAll(() => model.dispose());

describe('retrieval', () => {
  expectNoLeaks();
  // Each picture has its word as one caption and the next word as another.
  const source = captioned(WORDS.map((word, i) => [word, [word, WORDS[(i + 1) % WORDS.length]!]]));

  it('finds what is there to be found, and nothing of ties', async () => {
    const { values, count, report, details } = await retrieval({ model, source });
    // The word of a picture is also a caption of the one before: both texts have one vector, which is a tie.
    expect(values['imageToText@1']).toBe(0);
    expect(values['imageToText@5']).toBe(1);
    expect(values['textToImage@1']).toBe(0.5);
    expect(count).toBe(WORDS.length);
    expect(report).toContain('Captions that do not');
    expect(JSON.parse(JSON.stringify(details)).lostToTies.imageToText).toEqual({ 1: 1, 5: 0, 10: 0 });
  });

  it('takes as many captions as it is told to, and the same in ONNX Runtime', async () => {
    const { values } = await retrieval({ model, source, captions: 1, ks: [1], runtime: nodeRuntime() });
    expect(values).toEqual({ 'imageToText@1': 1, 'textToImage@1': 1 });
  });

  it('counts a key that comes twice', async () => {
    const twice = {
      ...source,
      async *references() {
        yield* source.references();
        yield* source.references();
      },
    };
    const { skipped } = await retrieval({ model, source: twice, maxSkipped: 0.5 });
    expect(skipped).toEqual({ duplicate: { count: 8, first: '0-ant: was there before' } });
  });

  it('refuses what cannot be meant', async () => {
    await expect(retrieval({ model, source, ks: [0] })).rejects.toThrow('ks: expected a number from 1');
    await expect(retrieval({ model, source: 3 as never })).rejects.toThrow('expected pictures with captions');
    await expect(retrieval({ model, source: captioned([['ant', ['ant']]]) })).rejects.toThrow(
      'retrieval: the data has one example',
    );
    const spoilt = await createTinyModel();
    const bias = spoilt.parameters().get('img/head/bias')!;
    tf.tidy(() => bias.assign(tf.fill(bias.shape, Number.NaN)));
    await expect(retrieval({ model: spoilt, source })).rejects.toThrow('the model gives NaN for input 0');
    spoilt.dispose();
  });
});

describe('multilingualRetrieval', () => {
  const rows = ['ant', 'bee', 'cat'].map((word, i) => ({
    'image/key': word,
    en: { caption: [word, `a ${word}`] },
    de: { caption: i < 2 ? [WORDS[1 - i]] : ['cat'] }, // two of them mixed up
    fr: i === 0 ? undefined : { caption: [word] },
  }));
  const file = memoryFile('captions.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const images = memoryTree(
    Object.fromEntries(rows.map((row) => [`images/${row['image/key']}.jpg`, drawn(row['image/key'])])),
  );

  it('searches within each language', async () => {
    const source = readCrossmodalPictures(file, { images, languages: ['en', 'de', 'fr'] });
    const parts = memoryParts();
    const { values, details, report } = await multilingualRetrieval({ model, source, parts });
    const [en, de, fr] = JSON.parse(JSON.stringify(details));
    expect(en).toMatchObject({
      language: 'en',
      pictures: 3,
      captions: 6,
      imageToText: 1,
      textToImageFirst: 1,
    });
    expect(de).toMatchObject({ captions: 3, imageToText: 1 / 3, textToImage: 1 / 3 });
    expect(fr).toMatchObject({ pictures: 2, captions: 2, imageToText: 1 });
    expect(values['imageToText@1']).toBeCloseTo((1 + 1 / 3 + 1) / 3, 12);
    expect(report).toContain('By language');
    expect(parts.files.size).toBe(1);
  });

  it('names a language without captions, and what is broken', async () => {
    const source = readCrossmodalPictures(file, { images, languages: ['en', 'sw'] });
    await expect(multilingualRetrieval({ model, source })).rejects.toThrow('no caption in sw');
    const damaged = memoryFile(
      'captions.jsonl',
      `${JSON.stringify(rows[0])}\n{"en": 1}\n{\n${JSON.stringify(rows[1])}`,
    );
    const broken = readCrossmodalPictures(damaged, { images, languages: ['en'] });
    const { skipped } = await multilingualRetrieval({ model, source: broken, maxSkipped: 0.5 });
    expect(Object.keys(skipped).sort()).toEqual(['bad JSON', 'bad row']);
  });
});

describe('modalityGapOf', () => {
  it('is zero where every picture is its caption', async () => {
    const source = captioned(WORDS.map((word) => [word, [word]]));
    const { values, report } = await modalityGapOf({ model, source });
    expect(values.distance).toBeLessThan(1e-6);
    expect(report).toContain('<svg');
  });
});

describe('contrastiveValidation', () => {
  const random = createRandom(1, 'validation');
  const [B, E] = [6, 5];
  const rows = () => {
    const data = Float32Array.from({ length: B * E }, () => random.normal());
    normalizeRows(data, E);
    return createEmbeddings(data, E);
  };
  const [images, texts] = [rows(), rows()];

  it('is the mean over rows and columns, and leaves out what is masked', () => {
    const mask = [1, 1, 0, 1, 1, 0];
    const kept = [0, 1, 3, 4];
    const logits = kept.map((i) =>
      kept.map((j) => 7 * images.row(i).reduce((sum, x, k) => sum + x * texts.row(j)[k]!, 0)),
    );
    const log = (list: readonly number[]) => Math.log(list.reduce((sum, x) => sum + Math.exp(x), 0));
    const wanted = kept.map(
      (_, i) => (log(logits[i]!) + log(logits.map((row) => row[i]!))) / 2 - logits[i]![i]!,
    );
    const { losses, hits } = contrastiveTerms(images, texts, 7, mask);
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(wanted[i]!, 10);
    });
    expect([...hits]).toEqual(kept.map((_, i) => Number(Math.max(...logits[i]!) === logits[i]![i])));
    expect(() => contrastiveTerms(images, texts, 7, [1])).toThrow('expected as many texts and mask values');
  });

  it('goes batch by batch', async () => {
    const source = captioned(WORDS.map((word) => [word, [word]]));
    const whole = await contrastiveValidation({ model, source });
    const halves = await contrastiveValidation({ model, source, globalBatch: 4 });
    expect(whole.values.ncorrect).toBe(1);
    expect(whole.values.temperature).toBeCloseTo(10, 4);
    expect(halves.values.loss).toBeLessThan(whole.values.loss!); // fewer to be mistaken for
  });
});
