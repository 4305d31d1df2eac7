// Folders of pictures: captions beside them or in a table, and what does not belong together.

import { describe, expect, it } from 'vitest';
import { type ImageFolderOptions, readImageFolder } from '../../src/data/index.ts';
import { memoryTree, summaryOf } from '../support/memory-files.ts';

const records = (files: Record<string, string>, options?: ImageFolderOptions): Promise<string[]> =>
  summaryOf(readImageFolder(memoryTree(files), options));

describe('readImageFolder', () => {
  it('finds captions beside the pictures, in folders of any depth', async () => {
    const files = {
      'a.jpg': 'A',
      'a.txt': 'a cat',
      'x/b.PNG': 'B',
      'x/b.json': '{"caption":"a dog","status":"success"}',
      'x/c.webp': 'C',
      'x/dataset.json': '{}',
      'readme.md': '',
    };
    expect(await records(files)).toEqual(['a [A] a cat', 'x/b [B] a dog', 'x/c: no caption']);
    expect(
      await records(
        { 'a.jpg': 'A', 'a.txt': 'one\n\ntwo\n' },
        { captions: [{ extension: 'txt', perLine: true }] },
      ),
    ).toEqual(['a [A] one | two']);
  });

  it('finds a table, with several rows a picture', async () => {
    const files = {
      'captions.tsv': 'a.jpg\tone\n./a.jpg\ttwo\nb.jpg\tthree\ngone.jpg\tfour\n',
      'a.jpg': 'A',
      'b.jpg': 'B',
      'c.jpg': 'C',
    };
    expect(await records(files)).toEqual([
      'a [A] one | two',
      'b [B] three',
      'c: no caption',
      'gone.jpg: no image',
    ]);
    const huggingFace = { 'metadata.jsonl': '{"file_name":"a.jpg","text":"x"}\nno', 'a.jpg': 'A' };
    expect(await records(huggingFace)).toEqual(['metadata.jsonl:2: bad JSON', 'a [A] x']);
    const csv = { 'my.csv': 'filepath,caption\na.jpg,x\n', 'a.jpg': 'A' };
    expect(await records(csv, { table: 'my.csv' })).toEqual(['a [A] x']);
    expect(await records({ 'a.jpg': 'A' }, { table: 'my.csv' })).toEqual(['my.csv: shard missing']);
  });

  it('counts pictures that are empty or too large', async () => {
    const files = {
      'a.jpg': '',
      'a.txt': 'x',
      'b.jpg': 'too large',
      'b.txt': 'x',
      'c.jpg': 'C',
      'c.txt': ' ',
    };
    expect(await records(files, { maxImageBytes: 5 })).toEqual([
      'a: empty image',
      'b: image too large',
      'c: empty caption',
    ]);
  });

  it('names wrong options', () => {
    const tree = memoryTree({});
    expect(() => readImageFolder(tree, { table: 'a.xlsx' })).toThrow(
      'table: expected a .tsv, .csv or .jsonl file',
    );
    expect(() => readImageFolder(tree, { table: 'a.csv', captions: [{ extension: 'txt' }] })).toThrow(
      'leave out one',
    );
    expect(() => readImageFolder('photos' as never)).toThrow('tree');
  });
});
