// `clippo inspect DATA` on small data sets of every form.

import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../src/node/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { greyPng } from '../support/record-sources.ts';
import { makeTar } from '../support/tar-writer.ts';
import { clippo } from './run-command.ts';

const path = temporaryFolder();

function writeShard(name = 'a.tar'): string {
  const sample = (key: string, image: string | Uint8Array, text: string) => [
    { path: `${key}.png`, content: image },
    { path: `${key}.txt`, content: text },
  ];
  const entries = [
    ...sample('one', greyPng(10, 20), 'a cat'),
    ...sample('two', greyPng(20, 30), 'a cat'),
    ...sample('three', greyPng(10, 20), `long ${'word '.repeat(400)}`),
    ...sample('four', 'no picture', 'a dog'),
    ...sample('five', greyPng(30), ' '),
    { path: 'six.png', content: greyPng(1, 1) },
    { path: 'six.txt', content: 'too small' },
    { path: 'seven.txt', content: 'no picture at all' },
  ];
  writeFileSync(path(name), makeTar(entries));
  return path(name);
}

describe('clippo inspect DATA', () => {
  it('counts what a shard holds', async () => {
    const { code, stdout } = await clippo(['inspect', writeShard(), '--json', '--size', '64']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      canvas: { width: 64, height: 64 },
      examples: 7,
      isCut: false,
      imageText: 3,
      textText: 0,
      broken: 4,
      brokenByCause: {
        'bad image': { count: 1, first: expect.stringMatching(/^four: .*cannot be decoded/) },
        'empty caption': { count: 1, first: 'five: nothing but white space' },
        'image too small': { count: 1, first: 'six: 1 x 1 px, at least 2 on either side are expected' },
        'no image': { count: 1, first: 'seven: found .txt' },
      },
      pictures: {
        count: 3,
        width: { min: 20, median: 20, p95: 30, max: 30 },
        perExample: { min: 1, max: 1 },
        repeated: 2,
      },
      texts: {
        count: 3,
        characters: { min: 5, median: 5, max: 2004 },
        overflowing: 1,
        withMissingGlyphs: 0,
        repeated: 2,
        mostFrequent: [{ text: 'a cat', count: 2 }],
      },
    });
  });

  it('tells it to people, and draws a sheet of pairs', async () => {
    writeShard('train-0.tar');
    writeShard('train-1.tar');
    const sheet = path('sheet.png');
    const { code, stdout, stderr } = await clippo(
      ['inspect', path('train-*.tar'), '--size', '64', '--rows', '1', '--sheet', sheet],
      { columns: 100 },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^source +.*train-\*\.tar\n/);
    expect(stdout).toContain('14: 6 pictures with text, 8 broken (57.14 %)');
    expect(stdout).toContain('width         20 … 30, median 20, 95 % up to 30 px');
    expect(stdout).toContain('2 (33.33 %) do not fit 64 x 16 px');
    expect(stdout).toMatch(/bad image +2 {2}first: four: /);
    expect(stdout).toMatch(/most frequent texts\n +4 {2}a cat\n/);
    expect(stderr).toContain('6 pairs as the model sees them');
    const picture = await readImage(sheet);
    expect([picture.width, picture.height]).toEqual([12 + 5 * 76, 12 + 2 * (64 + 2 + 16 + 12)]);
    expect([...picture.data.subarray(0, 3)]).toEqual([255, 255, 255]);
    expect([10, 20]).toContain(picture.data[(12 * picture.width + 12) * 3]);
    // The text begins below the picture, on its grey.
    expect(picture.data[((12 + 66 + 15) * picture.width + 12 + 63) * 3]).toBe(127);
  });

  it.each<[string, (folder: string) => readonly string[], string]>([
    [
      'a folder of shards',
      () => {
        writeShard();
        return [path()];
      },
      '7: 3 pictures with text, 4 broken',
    ],
    [
      'a folder of pictures',
      (folder) => {
        writeFileSync(`${folder}/a.png`, greyPng(1));
        writeFileSync(`${folder}/a.json`, '{"name": ["x", "y"]}');
        return [folder, '--captions', 'json:name'];
      },
      '1: 1 pictures with text, 0 broken',
    ],
    [
      'a table',
      (folder) => {
        writeFileSync(`${folder}/a.png`, greyPng(1));
        writeFileSync(path('t.csv'), 'filepath,title\na.png,one\nb.png,two\n');
        return [path('t.csv'), '--images', folder];
      },
      '2: 1 pictures with text, 1 broken',
    ],
    [
      'a source in JSON',
      () => {
        writeFileSync(path('p.tsv'), 'a\tb\nc\td\n');
        return [JSON.stringify({ type: 'parallel-text', kind: 'tsv', files: path('p.tsv') })];
      },
      '2: 2 pairs of texts, 0 broken (0 %)',
    ],
    [
      'Karpathy’s JSON',
      (folder) => {
        writeFileSync(`${folder}/a.png`, greyPng(1));
        const images = [{ filename: 'a.png', split: 'train', sentences: [{ raw: 'one' }] }];
        writeFileSync(path('k.json'), JSON.stringify({ images }));
        return [path('k.json'), '--images', folder];
      },
      '1: 1 pictures with text, 0 broken',
    ],
  ])('takes %s', async (_, write, expected) => {
    mkdirSync(path('pictures'));
    const { code, stdout, stderr } = await clippo(['inspect', ...write(path('pictures'))]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(expected);
  });

  it('stops at the limit', async () => {
    const { stdout } = await clippo(['inspect', writeShard(), '--limit', '2']);
    expect(stdout).toContain('the first 2: 2 pictures with text');
  });

  it.each<[readonly string[], RegExp, number]>([
    [['{"type":'], /expected a source in JSON/, 2],
    [['{"type":"zip"}'], /type: expected one of webdataset/, 2],
    [['t.csv', '--captions', 'txt'], /--captions: files of type table have columns/, 2],
    [['a.tar', '--images', '.'], /--images: files of type webdataset name no pictures/, 2],
    [['a.tar', '--arrays'], /--arrays: only a checkpoint/, 2],
    [['m.npz', '--sheet', 's.png', '--rows', '2'], /--rows, --sheet: only for data/, 2],
    [['a.tar', '--size', '32', '--rows', '3'], /3 rows of 16 px are higher than --size 32/, 2],
    [['nothing-*.tar'], /no file matches/, 1],
    [['nothing.json'], /nothing\.json: cannot be read/, 1],
  ])('%j: says what is wrong', async (argv, message, code) => {
    const result = await clippo(['inspect', ...argv]);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });

  it('ends with Ctrl-C', async () => {
    const { code } = await clippo(['inspect', writeShard()], { signal: AbortSignal.abort() });
    expect(code).toBe(130);
  });
});
