// COCO's and Karpathy's files and Crossmodal-3600's, as published, in small.

import { describe, expect, it } from 'vitest';
import {
  CROSSMODAL_LANGUAGES,
  type FileTree,
  readCocoCaptions,
  readCrossmodal3600,
  readKarpathy,
} from '../../src/data/index.ts';
import { memoryFile, memoryTree, recordsOf, summaryOf } from '../support/memory-files.ts';

const images: FileTree = memoryTree({
  'val2014/COCO_val2014_000000000042.jpg': 'A',
  'val2014/b.jpg': 'B',
  'images/0001.jpg': 'ONE',
});
const json = (value: unknown) => memoryFile('file.json', JSON.stringify(value));

describe('readCocoCaptions', () => {
  it('gathers the captions of each picture, in the order of the pictures', async () => {
    const file = json({
      images: [
        { id: 42, file_name: 'COCO_val2014_000000000042.jpg' },
        { id: 7, file_name: 'b.jpg' },
        { id: 8, file_name: 'gone.jpg' },
        { id: 9 },
      ],
      annotations: [
        { image_id: 7, id: 1, caption: 'b one' },
        { image_id: 42, id: 2, caption: 'a one' },
        { image_id: 42, id: 3, caption: 'a two' },
        { image_id: 8, id: 4, caption: 'x' },
        { image_id: 99, id: 5, caption: 'nobody' },
        { image_id: 42, id: 6, caption: 'a three' },
      ],
    });
    expect(await summaryOf(readCocoCaptions(file, { images, folder: 'val2014', maxCaptions: 2 }))).toEqual([
      '42 [A] a one | a two',
      '7 [B] b one',
      '8: no image',
      '9: no image',
      '99: no image',
    ]);
  });

  it('says what is no such file', async () => {
    expect(await summaryOf(readCocoCaptions(json({ images: [] }), { images }))).toEqual([
      'file.json: corrupt',
    ]);
    expect(await summaryOf(readCocoCaptions(memoryFile('file.json', '{"images"'), { images }))).toHaveLength(
      1,
    );
    expect(() => readCocoCaptions(json({}), {} as never)).toThrow('images');
    expect(() => readCocoCaptions(json({}), { images, maxCaptions: 0 })).toThrow('maxCaptions');
  });
});

describe('readKarpathy', () => {
  const file = json({
    images: [
      {
        filename: 'b.jpg',
        filepath: 'val2014',
        split: 'test',
        cocoid: 5,
        imgid: 0,
        sentences: [{ raw: 'x' }, { raw: 'y' }],
      },
      {
        filename: 'b.jpg',
        filepath: 'val2014',
        split: 'restval',
        cocoid: 6,
        imgid: 1,
        sentences: [{ raw: 'z' }],
      },
      { filename: 'b.jpg', split: 'train', imgid: 2, sentences: [{ tokens: ['no'] }] },
    ],
  });

  it('takes the splits that are asked for', async () => {
    expect(await summaryOf(readKarpathy(file, { images, splits: ['test'] }))).toEqual(['5 [B] x | y']);
    const [, second, third] = await recordsOf(readKarpathy(file, { images }));
    expect(second).toMatchObject({ key: '6', captions: ['z'], fields: { split: 'restval', cocoid: 6 } });
    expect(third).toMatchObject({ kind: 'broken', key: '2', cause: 'no caption' });
    expect(() => readKarpathy(file, { images, splits: ['tset'] })).toThrow(
      'expected some of train, restval, val, test',
    );
  });
});

describe('readCrossmodal3600', () => {
  const line = {
    'image/key': '0001',
    'image/locale': 'de',
    de: { caption: ['eins', 'zwei'] },
    en: { caption: ['one'] },
  };
  const file = memoryFile('captions.jsonl', `${JSON.stringify(line)}\n{}\n{\n`);

  it('gives a record a picture and language', async () => {
    const source = readCrossmodal3600(file, { images, languages: ['de', 'en', 'sw'] });
    expect(await summaryOf(source)).toEqual([
      '0001/de [ONE] eins | zwei',
      '0001/en [ONE] one',
      '0001/sw: no caption',
      'captions.jsonl:2: bad row',
      'captions.jsonl:3: bad JSON',
    ]);
    const [first] = await recordsOf(
      readCrossmodal3600(file, { images, languages: ['de'], captions: 'first' }),
    );
    expect(first).toMatchObject({
      captions: ['eins'],
      fields: { language: 'de', image: '0001', locale: 'de' },
    });
    expect(CROSSMODAL_LANGUAGES).toHaveLength(36);
    expect(() => readCrossmodal3600(file, { images, languages: ['xx'] })).toThrow(
      'languages: expected some of ar bn',
    );
  });
});
