// Zero-shot classification: the golden figures, a data set whose outcome is known, and what is refused.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFloat32 } from '../../src/checkpoint/index.ts';
import type { ClippoModel } from '../../src/clippo-model.ts';
import { broken, labelledRecords, readCifar, readTable } from '../../src/data/index.ts';
import { createEmbeddings, meanPerClass } from '../../src/embeddings.ts';
import { encodeClasses, rankClasses, zeroShot } from '../../src/eval/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { readGoldenJson, readGoldenNpz } from '../support/golden.ts';
import { memoryFile } from '../support/memory-files.ts';
import { countEncoded, createTinyModel, labelled, memoryParts, WORDS } from './drawn-words.ts';

interface GoldenCase {
  readonly num_classes: number;
  readonly text_labels: readonly number[];
  readonly labels: readonly (number | readonly number[])[];
  readonly predictions: readonly number[];
  readonly correct: number;
  readonly count: number;
  readonly colab_variant?: { readonly predictions: readonly number[] };
}

const golden = readGoldenJson<Record<string, GoldenCase>>('eval/zeroshot.json');
const arrays = readGoldenNpz('eval/zeroshot.npz');

function rowsOf(path: string) {
  const array = arrays.get(path)!;
  return createEmbeddings(toFloat32(array).slice(), array.shape[1]!);
}

describe.each(Object.entries(golden))('golden case %s', (name, wanted) => {
  const [pictures, prompts] = [rowsOf(`${name}/zimg`), rowsOf(`${name}/ztxt`)];
  const classes = meanPerClass(prompts, wanted.text_labels, wanted.num_classes);
  // -1 fills up lists of labels.
  const labels = wanted.labels.map((label) => [label].flat().filter((each) => each >= 0));

  it('has the class vectors of the reference', () => {
    const expected = toFloat32(arrays.get(`${name}/class_embeddings`)!);
    classes.data.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6);
    });
  });

  it('has its predictions and its number of hits', () => {
    const { predictions, ranks } = rankClasses(pictures, classes, labels);
    expect([...predictions]).toEqual(wanted.predictions);
    expect(ranks.filter((rank) => rank === 0)).toHaveLength(wanted.correct);
    expect(ranks).toHaveLength(wanted.count);
  });

  it.runIf(wanted.colab_variant)('has the predictions of the colab, whose means are not scaled', () => {
    const plain = meanPerClass(prompts, wanted.text_labels, wanted.num_classes, { normalize: false });
    const { predictions } = rankClasses(pictures, plain, labels);
    expect([...predictions]).toEqual(wanted.colab_variant!.predictions);
  });
});

describe('rankClasses', () => {
  it('counts ties against the right class', () => {
    const same = createEmbeddings(Float32Array.of(1, 0, 1, 0, 1, 0), 2);
    const { ranks, predictions } = rankClasses(same, same, [0, 1, 2]);
    expect([...ranks]).toEqual([2, 2, 2]);
    expect([...predictions].filter((each, i) => each === i)).toEqual([]);
  });

  it('refuses labels that are no class', () => {
    const rows = createEmbeddings(Float32Array.of(1, 0), 2);
    expect(() => rankClasses(rows, rows, [1])).toThrow('label 0: expected a class from 0 to 0, got 1');
    expect(() => rankClasses(rows, rows, [])).toThrow('expected a label for each of 1 rows, got 0');
  });
});

describe('zeroShot', () => {
  let model: ClippoModel;
  beforeAll(async () => {
    model = await createTinyModel();
  });
  afterAll(() => model.dispose());
  expectNoLeaks();
  const right = WORDS.map((word, k) => [word, k] as const);

  it('finds the words that pictures show, and tells which it does not find', async () => {
    const source = labelled(WORDS, [...right, ['ant', 1], ['bee', 0]]);
    const result = await zeroShot({ model, source, templates: 'name-only' });
    expect(result.values.accuracy).toBe(0.8);
    expect(result.values.accuracyPerClass).toBeCloseTo((6 + 2 * 0.5) / 8, 12);
    expect(result.intervals.accuracy!.low).toBeLessThan(0.8);
    expect(result.count).toBe(10);
    expect(result.report).toContain('is bee');
    expect(result.report.match(/<img/g)).toHaveLength(10);
    expect(JSON.parse(JSON.stringify(result.details)).perClass[1]).toEqual({
      class: 'bee',
      count: 2,
      accuracy: 0.5,
    });
  });

  it('classifies texts as it does pictures', async () => {
    const table = memoryFile(
      'dev.tsv',
      `sentence\tlabel\n${WORDS.map((word, k) => `${word}\t${k}`).join('\n')}\n`,
    );
    const source = labelledRecords(readTable(table, { texts: ['sentence', 'label'], quotes: 'none' }), WORDS);
    const { values, report } = await zeroShot({ model, source, templates: ['{}'] });
    expect(values.accuracy).toBe(1);
    expect(report).toContain('<blockquote>ant</blockquote>');
  });

  it('takes the first alias, and cleans names up', async () => {
    const vectors = await encodeClasses(model, ['Ant, Formica', 'bee_']);
    const plain = await encodeClasses(model, ['ant', 'bee']);
    expect(vectors.data).toEqual(plain.data);
    const whole = await encodeClasses(model, ['Ant, Formica', 'bee_'], { aliases: 'whole' });
    expect(whole.row(0)).not.toEqual(plain.row(0));
    await expect(encodeClasses(model, ['…', '!?'])).rejects.toThrow('"!?" is nothing but punctuation');
  });

  it('goes on where it was: what is kept is not encoded again', async () => {
    const source = labelled(WORDS, right);
    const parts = memoryParts();
    const counted = await createTinyModel();
    const encoded = countEncoded(counted);
    const first = await zeroShot({ model: counted, source, parts, templates: 'name-only' });
    expect(encoded()).toBe(WORDS.length);
    const second = await zeroShot({ model: counted, source, parts, templates: 'name-only' });
    expect(encoded()).toBe(WORDS.length);
    expect(second).toEqual(first);
    // A damaged part, or one of other pictures, is made anew.
    const [name] = parts.files.keys();
    parts.files.set(name!, parts.files.get(name!)!.slice(0, 100));
    await zeroShot({ model: counted, source, parts, templates: 'name-only' });
    expect(encoded()).toBe(2 * WORDS.length);
    await zeroShot({
      model: counted,
      source: labelled(WORDS, right.slice(1)),
      parts,
      templates: 'name-only',
    });
    expect(encoded()).toBe(3 * WORDS.length - 1);
    counted.dispose();
    const other = await createTinyModel();
    tf.tidy(() =>
      other
        .parameters()
        .get('img/head/bias')!
        .assign(tf.ones([16])),
    );
    const encodedByOther = countEncoded(other);
    await zeroShot({ model: other, source, parts, templates: 'name-only' });
    expect(encodedByOther()).toBe(WORDS.length);
    other.dispose();
  });

  it('skips what cannot be read, counted by cause, up to a share', async () => {
    const damaged = labelled(WORDS, [...right, broken('x.png', 'no image', 'is not there')]);
    await expect(zeroShot({ model, source: damaged })).rejects.toThrow(
      'zeroShot: 1 of 9 examples cannot be used: 1 × no image (x.png: is not there). Mend the data, or allow it with maxSkipped.',
    );
    const { skipped, count } = await zeroShot({
      model,
      source: damaged,
      maxSkipped: 0.2,
      templates: 'name-only',
    });
    expect(skipped).toEqual({ 'no image': { count: 1, first: 'x.png: is not there' } });
    expect(count).toBe(8);
  });

  it('names classes that nobody can tell apart', async () => {
    const classes = ['crane, bird', 'ant', 'crane, machine'];
    const source = labelled(classes, [
      ['ant', 1],
      ['crane', 0],
    ]);
    const { values, details, report } = await zeroShot({ model, source, templates: 'name-only' });
    expect(values.accuracy).toBe(0.5);
    expect(JSON.parse(JSON.stringify(details)).sameNames).toEqual(['crane']);
    expect(report).toContain('Classes of one name');
    // By name nobody knows which of them is meant, by index everybody does.
    const table = memoryFile('a.tsv', 'text\tlabel\na\tcrane\nb\t2\n');
    const records = labelledRecords(readTable(table, { texts: ['text', 'label'] }), [
      'crane',
      'ant',
      'crane',
    ]);
    const found = [];
    for await (const reference of records.references()) found.push(reference);
    expect(found).toMatchObject([{ cause: 'unknown label' }, { label: 2 }]);
  });

  it('reads CIFAR’s binary files', async () => {
    const record = (label: number) => new Uint8Array(3073).fill(40 * label + 10).fill(label, 0, 1);
    const file = memoryFile('test_batch.bin', Uint8Array.from([...record(0), ...record(1), ...record(0)]));
    const { count, details } = await zeroShot({
      model,
      source: readCifar(file, { classes: ['dark', 'light'] }),
    });
    expect(count).toBe(3);
    expect(JSON.stringify(details)).toContain('"class":"dark","count":2');
  });

  it('refuses what cannot be meant', async () => {
    const source = labelled(WORDS, right);
    await expect(zeroShot({ model, source: {} as never })).rejects.toThrow('expected labelled things');
    await expect(zeroShot({ model, source, classes: ['a', 'b'] })).rejects.toThrow(
      '2 names for the 8 classes',
    );
    await expect(zeroShot({ model, source, aliases: 'last' as never })).rejects.toThrow(
      "expected 'first' or 'whole'",
    );
    await expect(zeroShot({ model, source, templates: 'clip' as never })).rejects.toThrow("'clip-81'");
    await expect(zeroShot({ model: {} as never, source })).rejects.toThrow('model: expected a ClippoModel');
    await expect(zeroShot({ model, source, shots: 3 } as never)).rejects.toThrow('unknown option shots');
    await expect(zeroShot({ model, source: labelled(WORDS, []) })).rejects.toThrow('the data has no example');
    await expect(zeroShot({ model, source, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});
