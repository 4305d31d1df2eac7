// GLUE on frozen features, from files in the published layout: a baseline that counts words, of which is known what it
// can and cannot learn, and a ClippoModel through the same door.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClippoModel } from '../../src/clippo-model.ts';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { type Encoder, type EvaluateGlueOptions, evaluateGlue, ridgeHead } from '../../src/eval/index.ts';
import { type GlueSource, type GlueSplit, type GlueTask, glue, readGlue } from '../../src/tasks/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { memoryTree } from '../support/memory-files.ts';
import { createTinyModel, memoryParts } from './drawn-words.ts';

const WORDS = ['good', 'bad', 'film', 'plot', '[sep]', 'same', 'other', 'maybe'];

/** Counts the words it knows. */
function wordCounter(): Encoder & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    async encode(texts: readonly string[]): Promise<Embeddings> {
      seen.push(...texts);
      const counts = texts.flatMap((text) => {
        const words = text.toLowerCase().split(/\s+/);
        return WORDS.map((word) => words.filter((each) => each === word).length);
      });
      return createEmbeddings(Float32Array.from(counts), WORDS.length);
    },
  };
}

const lines = (head: string, rows: readonly string[]): string => `${head}\n${rows.join('\n')}\n`;
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const inference = (label: number): string => `film\t${['same', 'maybe', 'other'][label]}`;
const NAMES = ['entailment', 'neutral', 'contradiction'];

const folder = memoryTree({
  'SST-2/train.tsv': lines(
    'sentence\tlabel',
    times(40, (i) => `${i % 2 ? 'good' : 'bad'} ${i % 4 < 2 ? 'film' : 'plot'}\t${i % 2}`),
  ),
  'SST-2/dev.tsv': lines('sentence\tlabel', [
    'a good plot\t1',
    'a bad film\t0',
    'good film\t1',
    'bad plot\t1',
  ]),
  'SST-2/test.tsv': lines('index\tsentence', ['0\tbad film', '1\tgood plot']),
  'STS-B/train.tsv': lines(
    'sentence1\tsentence2\tscore',
    times(60, (i) => `film\t${'same '.repeat(i % 6)}\t${i % 6}.0`),
  ),
  'STS-B/dev.tsv': lines('sentence1\tsentence2\tscore', [
    ...times(6, (i) => `film\t${'same '.repeat(i)}\t${i}.0`),
    'only one field',
  ]),
  'STS-B/test.tsv': lines('sentence1\tsentence2', [
    'film\tsame same',
    'film\tsame same same same same same same',
  ]),
  'MNLI/train.tsv': lines(
    'sentence1\tsentence2\tgold_label',
    times(60, (i) => `${inference(i % 3)}\t${NAMES[i % 3]}`),
  ),
  'MNLI/dev_matched.tsv': lines(
    'sentence1\tsentence2\tgold_label',
    times(6, (i) => `${inference(i % 3)}\t${NAMES[i % 3]}`),
  ),
  'MNLI/dev_mismatched.tsv': lines('sentence1\tsentence2\tgold_label', [
    `${inference(0)}\tentailment`,
    `${inference(1)}\tentailment`,
  ]),
  'MNLI/test_mismatched.tsv': lines('sentence1\tsentence2', [inference(2), inference(0)]),
  'AX/AX.tsv': lines('index\tsentence1\tsentence2', [`0\t${inference(1)}`, `1\t${inference(2)}`]),
  'RTE/train.tsv': lines(
    'sentence1\tsentence2\tlabel',
    times(9, (i) => `a\t${i}\tentailment`),
  ),
  'RTE/dev.tsv': lines('sentence1\tsentence2\tlabel', ['a\tb\tentailment', 'c\td\tentailment']),
});
const split = (task: GlueTask, name: GlueSplit): Promise<GlueSource> =>
  readGlue(folder, task, { split: name });

const fitHead = ridgeHead({ l2: 1 });

describe('evaluateGlue with a baseline of words', () => {
  it('learns labels, measures dev and predicts test', async () => {
    const result = await evaluateGlue({
      ...{ model: wordCounter(), fitHead },
      ...{
        train: await split('sst2', 'train'),
        dev: await split('sst2', 'dev'),
        test: await split('sst2', 'test'),
      },
    });
    expect(result.values).toEqual({ accuracy: 0.75 });
    expect(result.intervals.accuracy).toMatchObject({ high: 1 });
    expect(result).toMatchObject({ task: 'glue', count: 4, columns: { sst2: 0.75 }, skipped: {} });
    expect(result.submissions).toEqual([{ file: 'SST-2.tsv', text: 'index\tprediction\n0\t0\n1\t1\n' }]);
    expect(result.settings).toEqual({
      train: 'SST-2 train',
      trained: 40,
      dev: ['SST-2 dev'],
      seed: 0,
      input: 'text',
    });
    expect(result.report).toContain('<h2>Wrong</h2>');
    expect(result.report).toContain('<blockquote>bad plot</blockquote>');
    expect(JSON.parse(JSON.stringify(result)).details).toEqual({
      columns: { sst2: 0.75 },
      overflow: { dev: null },
    });
  });

  it('learns scores, limits them in the submission, and counts what is broken', async () => {
    const result = await evaluateGlue({
      ...{ model: wordCounter(), fitHead: ridgeHead({ l2: 1e-3 }), maxSkipped: 0.2 },
      ...{
        train: await split('stsb', 'train'),
        dev: await split('stsb', 'dev'),
        test: await split('stsb', 'test'),
      },
    });
    expect(result.values.spearman).toBe(1);
    expect(result.values.pearson).toBeCloseTo(1, 6);
    expect(Object.keys(result.intervals)).toEqual([]);
    expect(result.submissions[0]!.text).toBe('index\tprediction\n0\t2.000\n1\t5.000\n');
    expect(result.skipped['dev: bad row']).toMatchObject({ count: 1 });
    expect(result.report).toContain('Furthest off');
  });

  it('measures both dev sets of MNLI with one head, and predicts the diagnostic set', async () => {
    const model = wordCounter();
    const result = await evaluateGlue({
      ...{ model, fitHead, train: await split('mnli', 'train') },
      dev: [await split('mnli', 'dev_matched'), await split('mnli', 'dev_mismatched')],
      test: [await split('mnli', 'test_mismatched'), await split('ax', 'test')],
    });
    expect(result.values).toEqual({ 'accuracy (dev_matched)': 1, 'accuracy (dev_mismatched)': 0.5 });
    expect(result.columns).toEqual({ mnli_m: 1, mnli_mm: 0.5 });
    expect(result.submissions).toEqual([
      { file: 'MNLI-mm.tsv', text: 'index\tprediction\n0\tcontradiction\n1\tentailment\n' },
      { file: 'AX.tsv', text: 'index\tprediction\n0\tneutral\n1\tcontradiction\n' },
    ]);
    expect(model.seen).toContain('film [SEP] same');
  });

  it('hands the trainer features, labels and what they mean', async () => {
    const asked: unknown[] = [];
    const result = await evaluateGlue({
      ...{ model: wordCounter(), maxTrain: 5, seed: 7, separator: '|' },
      ...{ train: await split('mnli', 'train'), dev: await split('mnli', 'dev_matched') },
      async fitHead({ count, dim }, targets, { seed, targets: kind }) {
        asked.push([count, dim], [...Array.from(targets)], seed, kind);
        return { predict: (rows) => createEmbeddings(new Float32Array(rows.count * 3), 3) };
      },
    });
    expect(asked).toEqual([[5, 8], [0, 1, 2, 0, 1], 7, { kind: 'classes', labels: NAMES }]);
    expect(result.values).toEqual({ accuracy: 1 / 3 }); // of equal scores the first label
  });

  it('keeps what it has encoded', async () => {
    const [model, parts] = [wordCounter(), memoryParts()];
    const options = {
      model,
      parts,
      fitHead,
      train: await split('sst2', 'train'),
      dev: await split('sst2', 'dev'),
    };
    const first = await evaluateGlue(options);
    const files = parts.files.size;
    model.seen.length = 0;
    const again = await evaluateGlue(options);
    expect(again).toEqual(first);
    expect(parts.files.size).toBe(files);
    expect(model.seen).not.toContain('a good plot');
    await evaluateGlue({ ...options, separator: '/' });
    expect(parts.files.size).toBe(2 * files);
  });

  it('refuses what cannot be measured', async () => {
    const [train, dev] = [await split('sst2', 'train'), await split('sst2', 'dev')];
    const model = wordCounter();
    const attempt = (changes: Partial<EvaluateGlueOptions>) =>
      evaluateGlue({ model, train, dev, fitHead, ...changes });
    await expect(attempt({ dev: await split('stsb', 'dev') })).rejects.toThrow(
      'evaluateGlue: dev: expected a split of sst2, which train is of, got STS-B dev.',
    );
    await expect(attempt({ dev: [dev, dev] })).rejects.toThrow('dev: SST-2 dev is there twice.');
    await expect(attempt({ dev: [] })).rejects.toThrow('dev: expected a split to measure, got none.');
    await expect(attempt({ dev: await split('sst2', 'test') })).rejects.toThrow(
      'SST-2 test: SST-2/test.tsv:1 has no label. Only `test` may be without.',
    );
    await expect(
      attempt({ train: await split('rte', 'train'), dev: await split('rte', 'dev') }),
    ).rejects.toThrow('RTE train: all 9 examples have the label entailment, so there is nothing to learn.');
    await expect(attempt({ model: {} as Encoder })).rejects.toThrow(
      'or another object with encode(texts), got an object',
    );
    await expect(
      attempt({ model: { encode: async () => createEmbeddings(new Float32Array(3), 1) } }),
    ).rejects.toThrow(
      'evaluateGlue: model.encode: expected { data: Float32Array, count, dim } with a row for each of 1 inputs, as createEmbeddings() gives, got 3 numbers, dim 1.',
    );
    const predict = (rows: Embeddings) => createEmbeddings(new Float32Array(rows.count), 1);
    await expect(attempt({ fitHead: async () => ({ predict }) })).rejects.toThrow(
      'the head: expected predict() to give 4 rows of 2 numbers, got 4 of 1 numbers.',
    );
    const nothing = (rows: Embeddings) =>
      createEmbeddings(new Float32Array(2 * rows.count).fill(Number.NaN), 2);
    await expect(attempt({ fitHead: async () => ({ predict: nothing }) })).rejects.toThrow(
      'the head gives NaN for example 0',
    );
    await expect(attempt({ train: [] as unknown as GlueSource })).rejects.toThrow(
      'train: expected a split of GLUE',
    );
    await expect(attempt({ shots: 1 } as Partial<EvaluateGlueOptions>)).rejects.toThrow(
      'unknown option shots',
    );
  });
});

describe('evaluateGlue with a ClippoModel', () => {
  let model: ClippoModel;
  beforeAll(async () => {
    model = await createTinyModel();
  });
  afterAll(() => model.dispose());
  expectNoLeaks();

  it('reads texts from their pixels, and says what does not fit', async () => {
    const [train, dev] = [await split('sst2', 'train'), await split('sst2', 'dev')];
    const result = await evaluateGlue({ model, train, dev, fitHead: ridgeHead({ l2: 0.1 }) });
    expect(result.count).toBe(4);
    expect(result.settings).toMatchObject({ layer: 'pre_logits', input: 'text' });
    expect(result.details).toMatchObject({ overflow: { dev: { examples: 4, cut: 4, characters: 38 } } });
    const fits = await evaluateGlue({
      ...{ model, train, dev, fitHead: ridgeHead({ l2: 0.1 }) },
      pictures: glue('sst2', { size: 64 }),
    });
    expect(fits.settings).toMatchObject({ input: 'pictures' });
    expect(fits.details).toMatchObject({ overflow: { dev: { examples: 4, cut: 0, dropped: 0 } } });
  });
});
