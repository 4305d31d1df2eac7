// Tables, as people and tools write them: quotes, tabs, missing fields, pictures inside, and what is no table.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTable, type TableOptions } from '../../src/data/index.ts';
import { memoryFile, memoryTree, recordsOf, referencesOf, summaryOf } from '../support/memory-files.ts';
import { makeParquet } from '../support/parquet-writer.ts';

const images = memoryTree({ 'cat.jpg': 'CAT', 'in/dog.jpg': 'DOG' });

function rows(text: string | Uint8Array, options: TableOptions = {}, name = 'a.csv'): Promise<string[]> {
  return summaryOf(
    readTable(
      memoryFile(name, text, { chunk: 7 }),
      options.texts === undefined ? { images, ...options } : options,
    ),
  );
}

describe('readTable', () => {
  it.each<[string, string, string[], TableOptions?, string?]>([
    ['commas', 'filepath,caption\ncat.jpg,a cat\n', ['a.csv:1 [CAT] a cat']],
    ['tabs, as open_clip', 'filepath\ttitle\r\nin/dog.jpg\ta dog, wet', ['a.csv:1 [DOG] a dog, wet']],
    ['quotes', 'image,caption\n"cat.jpg","a ""cat"",\nsitting"\n', ['a.csv:1 [CAT] a "cat",\nsitting']],
    ['blank lines', '\nimage,caption\n\ncat.jpg,x\n \n', ['a.csv:1 [CAT] x']],
    ['keys', 'id,image,caption\n7,cat.jpg,x\n', ['7 [CAT] x']],
    ['quotes as they are', 'image\tcaption\ncat.jpg\t"x\n', ['a.csv:1 [CAT] "x'], { quotes: 'none' }],
    ['no header', 'cat.jpg;x\n', ['a.csv:1 [CAT] x'], { separator: ';', columns: ['image', 'caption'] }],
    [
      'columns of other names',
      'bild,text,wort\ncat.jpg,x,y\n',
      ['a.csv:1 [CAT] y'],
      { image: 'bild', caption: 'wort' },
    ],
    ['two texts', 'de,en\nHund,dog\n', ['a.csv:1 Hund | dog'], { texts: ['de', 'en'] }],
    ['a data: URL', `image,caption\n"data:image/png;base64,${btoa('PNG')}",x\n`, ['a.csv:1 [PNG] x']],
  ])('reads %s', async (_, text, expected, options, name) => {
    expect(await rows(text, options, name)).toEqual(expected);
  });

  it('counts what is broken and goes on', async () => {
    const text = [
      'image,caption',
      'cat.jpg', // a field too few
      'none.jpg,x',
      ',x',
      'cat.jpg, ',
      '"data:image/png;base64,***",x',
      'cat.jpg,fine',
    ].join('\n');
    expect(await rows(text)).toEqual([
      'a.csv:1: bad row',
      'a.csv:2: no image',
      'a.csv:3: no image',
      'a.csv:4: empty caption',
      'a.csv:5: corrupt',
      'a.csv:6 [CAT] fine',
    ]);
  });

  it('does not let an open quote swallow the file', async () => {
    const text = `image,caption\n"cat.jpg,x\n${'cat.jpg,y\n'.repeat(1500)}`;
    const found = await rows(text);
    expect(found[0]).toBe('a.csv:1: bad row');
    expect(found.at(-1)).toMatch(/\[CAT\] y$/);
    expect(await rows('image,caption\ncat.jpg,"x')).toEqual(['a.csv: truncated']);
  });

  it('reads Parquet, pictures inside and beside', async () => {
    const table = makeParquet({
      columns: { caption: 'text', image: { bytes: 'bytes', path: 'text' }, other: 'text' },
      groups: [
        [{ caption: 'a cat', image: { bytes: new TextEncoder().encode('PNG'), path: 'x.png' }, other: 'o' }],
        [{ caption: 'a dog', image: { bytes: new TextEncoder().encode('PNG2'), path: 'y.png' }, other: 'p' }],
      ],
    });
    expect(await rows(table, { fields: ['other'] }, 'a.parquet')).toEqual([
      'a.parquet:1 [PNG] a cat',
      'a.parquet:2 [PNG2] a dog',
    ]);
    const [first] = await recordsOf(
      readTable(memoryFile('a.parquet', table, { seekable: false }), { fields: ['other'] }),
    );
    expect(first).toMatchObject({ kind: 'image-text', fields: { other: 'o' } });
    const paths = makeParquet({
      columns: { filepath: 'text', title: 'text' },
      groups: [[{ filepath: 'in/dog.jpg', title: 'x' }]],
    });
    expect(await rows(paths, {}, 'a.parquet')).toEqual(['a.parquet:1 [DOG] x']);
  });

  it('says what is wrong with a Parquet file', async () => {
    const table = makeParquet({ columns: { x: 'text' }, groups: [[{ x: 'y' }]] });
    expect(await rows(table, {}, 'a.parquet')).toEqual(['a.parquet: bad row']);
    expect(await rows('PAR1 no', {}, 'a.parquet')).toEqual(['a.parquet: corrupt']);
    const many = makeParquet({ columns: { image: 'text', caption: 'text' }, groups: [[]], rows: 2 ** 30 });
    expect(await rows(many, {}, 'a.parquet')).toEqual(['a.parquet: corrupt']);
  });

  it('survives whatever stands in a file', async () => {
    const parquet = makeParquet({
      columns: { image: 'text', caption: 'text' },
      groups: [[{ image: 'cat.jpg', caption: 'a cat' }]],
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(parquet.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.string({ unit: fc.constantFrom('"', ',', '\t', '\n', '\r', 'a', 'cat.jpg', 'é') }),
        async (flips, text) => {
          const damaged = parquet.slice();
          for (const [at, value] of flips) damaged[at] = value;
          await rows(damaged, {}, 'a.parquet');
          await rows(`image,caption\n${text}`);
        },
      ),
      { seed: 7, numRuns: 150 },
    );
  });

  it('names wrong options', () => {
    const file = memoryFile('a.csv', '');
    expect(() => readTable(memoryFile('a.dat', ''))).toThrow(
      'the name says neither csv, tsv, txt nor parquet',
    );
    expect(() => readTable(file, { separator: ',,' })).toThrow('separator: expected one character');
    expect(() => readTable(file, { texts: ['a', 'b'], caption: 'c' })).toThrow('leave out caption, or texts');
    expect(() => readTable(file, { colour: 1 } as TableOptions)).toThrow('unknown option colour');
    expect(() => readTable(memoryFile('a.parquet', ''), { separator: ',' })).toThrow('are for CSV and TSV');
    expect(() => readTable([])).toThrow();
  });

  it('asks for a tree where rows name pictures', async () => {
    const [reference] = await referencesOf(readTable(memoryFile('a.csv', 'image,caption\ncat.jpg,x')));
    await expect(reference!.load()).rejects.toThrow(
      'there is no tree of files to look it up in. Give { images }',
    );
  });
});
