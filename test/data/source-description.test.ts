import { describe, expect, it } from 'vitest';
import { openSource, type SourceDescription } from '../../src/data/source-description.ts';
import { memoryFile, memoryTree, recordsOf } from '../support/memory-files.ts';
import { makeTar } from '../support/tar-writer.ts';

const png = 'picture';
const FILES: Record<string, string | Uint8Array> = {
  'a.tar': makeTar([
    { path: 'a.png', content: png },
    { path: 'a.txt', content: 'one' },
  ]),
  'a.jsonl': '{"image":"a.png","caption":"one"}\n',
  'a.csv': 'filepath,title\na.png,one\n',
  'coco.json': '{"images":[{"id":1,"file_name":"a.png"}],"annotations":[{"image_id":1,"caption":"one"}]}',
  'karpathy.json': '{"images":[{"filename":"a.png","split":"train","sentences":[{"raw":"one"}]}]}',
  'xm.jsonl': '{"image/key":"a","image/locale":"de","de":{"caption":["one"]}}\n',
  'c4.jsonl': '{"text":"First sentence here. Second sentence here."}\n',
  'pairs.tsv': 'one\tuno\n',
  'one.txt': 'one\n',
  'uno.txt': 'uno\n',
};
const OPENER = {
  files: (patterns: string | readonly string[]) =>
    [patterns].flat().map((name) => memoryFile(name, FILES[name]!)),
  folder: () => memoryTree({ 'a.png': png, 'a.jpg': png, 'a.txt': 'one' }),
};

describe('openSource', () => {
  it.each<[SourceDescription, readonly string[]]>([
    [{ type: 'webdataset', files: 'a.tar' }, ['one']],
    [{ type: 'webdataset', files: ['a.tar', 'a.tar'], captions: [{ extension: 'txt' }] }, ['one']],
    [{ type: 'image-folder', folder: 'pictures', images: ['png'] }, ['one']],
    [{ type: 'jsonl', files: 'a.jsonl', images: 'pictures' }, ['one']],
    [{ type: 'table', files: 'a.csv', images: 'pictures' }, ['one']],
    [{ type: 'coco', files: 'coco.json', images: 'pictures', maxCaptions: 5 }, ['one']],
    [{ type: 'karpathy', files: 'karpathy.json', images: 'pictures', splits: ['train'] }, ['one']],
    [
      { type: 'crossmodal-3600', files: 'xm.jsonl', images: 'pictures', folder: '', languages: ['de'] },
      ['one'],
    ],
    [{ type: 'c4', files: 'c4.jsonl', pairs: 'all' }, ['First sentence here.', 'Second sentence here.']],
    [{ type: 'parallel-text', kind: 'tsv', files: 'pairs.tsv' }, ['one', 'uno']],
    [{ type: 'parallel-text', kind: 'aligned', first: 'one.txt', second: 'uno.txt' }, ['one', 'uno']],
  ])('%j', async (description, texts) => {
    // As it comes out of a file.
    const [record] = await recordsOf(openSource(JSON.parse(JSON.stringify(description)), OPENER));
    if (record?.kind === 'image-text') expect(new TextDecoder().decode(record.images[0])).toBe(png);
    expect(record).toMatchObject(record?.kind === 'text-text' ? { texts } : { captions: texts });
  });

  it.each<[unknown, string]>([
    [undefined, 'source: type: expected one of webdataset, image-folder, '],
    [{ type: 'tar', files: 'a.tar' }, 'got "tar"'],
    [
      { type: 'webdataset' },
      'source of type webdataset: files: expected a path, a pattern or a list of them, got undefined',
    ],
    [{ type: 'jsonl', files: [] }, 'files: expected a path'],
    [{ type: 'jsonl', files: ['a.jsonl', 1] }, 'files: expected a path'],
    [{ type: 'jsonl', files: 'a.jsonl', images: 7 }, 'source of type jsonl: images: expected a path, got 7'],
    [
      { type: 'image-folder', folder: ['x'] },
      'source of type image-folder: folder: expected a path, got an array',
    ],
    [{ type: 'parallel-text', kind: 'aligned', first: 'one.txt' }, 'second: expected a path, got undefined'],
    [{ type: 'parallel-text', files: 'pairs.tsv' }, 'readParallelText: '],
    [{ type: 'c4', files: 'c4.jsonl', splits: 'x' }, 'readC4Pairs: unknown option splits'],
  ])('%j: says what is wrong', (description, message) => {
    expect(() => openSource(description as SourceDescription, OPENER)).toThrow(message);
  });
});
