// Pairs of texts: consecutive sentences of C4, and lines that are translations of each other.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ParallelText, readC4Pairs, readParallelText, splitSentences } from '../../src/data/index.ts';
import { memoryFile, referencesOf, summaryOf } from '../support/memory-files.ts';
import { makeParquet } from '../support/parquet-writer.ts';

describe('splitSentences', () => {
  it.each([
    ['One. Two! Three? Four', ['One.', 'Two!', 'Three?', 'Four']],
    [
      'Dr. Smith met J. R. R. Tolkien. "Really?" she asked.',
      ['Dr. Smith met J. R. R. Tolkien.', '"Really?" she asked.'],
    ],
    ['It costs 3.50 today.\nNext line', ['It costs 3.50 today.', 'Next line']],
    ['これは一。これは二！', ['これは一。', 'これは二！']],
    ['1. First things. 2. Second things.', ['1. First things.', '2. Second things.']],
    ['  \n ', []],
  ])('%j', (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences);
  });
});

describe('readC4Pairs', () => {
  const lines = ['{"text":"A one. A two. A three.","url":"x"}', '{"text":"Alone."}', '{"url":1}', 'no'].join(
    '\n',
  );
  const shard = memoryFile('c4/c4-train.0.json.gz', new Uint8Array(gzipSync(lines)));

  it('gives pairs of neighbours', async () => {
    expect(await summaryOf(readC4Pairs(shard, { pairs: 'all' }))).toEqual([
      'c4/c4-train.0.json.gz:1#1 A one. | A two.',
      'c4/c4-train.0.json.gz:1#2 A two. | A three.',
      'c4/c4-train.0.json.gz:3: bad row',
      'c4/c4-train.0.json.gz:4: bad JSON',
    ]);
  });

  it('draws one of a document, by the seed and wherever the file lies', async () => {
    const drawn = async (seed: number, file = shard) =>
      (await referencesOf(readC4Pairs(file, { seed })))[0]!.key.replace(/.*#/, '');
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const first = await Promise.all(seeds.map((seed) => drawn(seed)));
    expect(new Set(first)).toEqual(new Set(['1', '2']));
    const elsewhere = { ...shard, name: 'D:\\data\\c4-train.0.json.gz' };
    expect(await Promise.all(seeds.map((seed) => drawn(seed, elsewhere)))).toEqual(first);
    expect(() => readC4Pairs(shard, { pairs: 'two' as 'one' })).toThrow('pairs: expected "one" or "all"');
  });
});

describe('readParallelText', () => {
  it('reads lines that belong together', async () => {
    const text: ParallelText = {
      kind: 'aligned',
      first: memoryFile('a.de', 'eins\n\nzwei\n \n'),
      second: memoryFile('a.en', 'one\n\ntwo\nthree\n'),
    };
    expect(await summaryOf(readParallelText(text))).toEqual([
      'a.de:1 eins | one',
      'a.de:3 zwei | two',
      'a.de:4: empty caption',
    ]);
    const short = { ...text, second: memoryFile('a.en', 'one\n') };
    expect(await summaryOf(readParallelText(short))).toEqual(['a.de:1 eins | one', 'a.de: truncated']);
  });

  it('reads columns between tabs', async () => {
    const files = memoryFile('a.tsv', 'eins\tone\t1\n\nzwei\t"two"\t2\ndrei\n');
    expect(await summaryOf(readParallelText({ kind: 'tsv', files }))).toEqual([
      'a.tsv:1 eins | one',
      'a.tsv:3 zwei | "two"',
      'a.tsv:4: bad row',
    ]);
    const swapped: ParallelText = { kind: 'tsv', files, columns: [2, 0] };
    expect((await summaryOf(readParallelText(swapped)))[0]).toBe('a.tsv:1 1 | eins');
  });

  it('reads objects of translations, in JSON lines and in Parquet', async () => {
    const lines = '{"translation":{"de":"eins","en":"one"}}\n{"translation":{"de":"zwei"}}\n';
    const languages = ['de', 'en'] as const;
    const files = memoryFile('wmt.jsonl', lines);
    expect(await summaryOf(readParallelText({ kind: 'translations', files, languages }))).toEqual([
      'wmt.jsonl:1 eins | one',
      'wmt.jsonl:2: bad row',
    ]);
    const parquet = makeParquet({
      columns: { translation: { de: 'text', en: 'text' } },
      groups: [[{ translation: { de: 'eins', en: 'one' } }]],
    });
    const table = memoryFile('wmt.parquet', parquet);
    expect(await summaryOf(readParallelText({ kind: 'translations', files: table, languages }))).toEqual([
      'wmt.parquet:1 eins | one',
    ]);
  });

  it('names wrong options', () => {
    expect(() => readParallelText({ kind: 'other' } as never)).toThrow(
      'expected "aligned", "tsv" or "translations"',
    );
    expect(() =>
      readParallelText({ kind: 'tsv', files: memoryFile('a', ''), columns: [0] as never }),
    ).toThrow('columns: expected two numbers');
    expect(() =>
      readParallelText({ kind: 'translations', files: memoryFile('a', ''), languages: ['de'] as never }),
    ).toThrow('languages: expected two codes');
  });
});
