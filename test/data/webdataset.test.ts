import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileTree, readWebDataset, type WebDatasetOptions } from '../../src/data/index.ts';
import { createRandom } from '../../src/random.ts';
import { memoryFile, memoryTree, recordsOf, referencesOf, summaryOf } from '../support/memory-files.ts';
import { join, longName, makeTar, pax, type TarEntry } from '../support/tar-writer.ts';

/** The same by random access and as a stream. */
async function readBoth(entries: readonly TarEntry[], options?: WebDatasetOptions): Promise<string[]> {
  const bytes = makeTar(entries);
  const indexed = await summaryOf(readWebDataset(memoryFile('a.tar', bytes), options));
  const stream = memoryFile('a.tar', bytes, { chunk: 700, seekable: false });
  expect(await summaryOf(readWebDataset(stream, options))).toEqual(indexed);
  return indexed;
}

const file = (path: string, content: string): TarEntry => ({ path, content });

describe('readWebDataset', () => {
  it.each<[string, readonly TarEntry[], string[]]>([
    ['.jpg and .txt', [file('a.jpg', 'A'), file('a.txt', ' a cat\n')], ['a [A] a cat']],
    ['members in any order', [file('a.txt', 'a cat'), file('a.jpg', 'A')], ['a [A] a cat']],
    [
      'folders and further dots',
      [file('x/a.b/dog.JPG', 'A'), file('x/a.b/dog.seg.png', 'no'), file('x/a.b/dog.txt', 'a dog')],
      ['x/a.b/dog [A] a dog'],
    ],
    [
      'a text before JSON',
      [file('a.jpg', 'A'), file('a.json', '{"caption":"json"}'), file('a.txt', 'text')],
      ['a [A] text'],
    ],
    [
      'caption of .json',
      [file('a.png', 'A'), file('a.json', '{"caption":"json","captions":["x"]}')],
      ['a [A] json'],
    ],
    [
      'captions of .json',
      [file('a.webp', 'A'), file('a.json', '{"caption":null,"captions":["x"," ","y"]}')],
      ['a [A] x | y'],
    ],
    [
      'notes of webdataset and of macOS passed over',
      [
        file('__meta__.json', '{}'),
        file('./__x__/y.txt', ''),
        file('a.jpg', 'A'),
        file('._a.jpg', '?'),
        file('a.txt', 'a'),
      ],
      ['a [A] a'],
    ],
    [
      'several pictures of a sample',
      [
        file('1f600.json', '{"caption":"grinning face"}'),
        file('1f600.noto.png', 'A'),
        file('1f600.open.moji.PNG', 'B'),
        file('1f600.flat.webp', 'no'),
      ],
      ['1f600 [A B] grinning face'],
    ],
    [
      'the same key twice',
      [file('a.jpg', 'A'), file('a.txt', 'one'), file('a.jpg', 'B'), file('a.txt', 'two')],
      ['a [A] one', 'a [B] two'],
    ],
    [
      'pax and GNU names',
      [
        pax({ path: 'größe/1.jpg' }),
        file('cut', 'A'),
        longName(`${'long/'.repeat(30)}1.jpg`),
        file('cut', 'B'),
      ],
      ['größe/1: no caption', `${'long/'.repeat(30)}1: no caption`],
    ],
    [
      'what is missing or empty',
      [
        file('a.txt', 'a'),
        file('b.jpg', 'B'),
        file('c.jpg', ''),
        file('c.txt', 'c'),
        file('d.jpg', 'D'),
        file('d.txt', ' \n'),
      ],
      ['a: no image', 'b: no caption', 'c: empty image', 'd: empty caption'],
    ],
    [
      'JSON that is none',
      [
        file('a.jpg', 'A'),
        file('a.json', '{"caption'),
        file('b.jpg', 'B'),
        file('b.json', '[1]'),
        file('c.jpg', 'C'),
        file('c.json', '{"caption":3}'),
      ],
      ['a: bad JSON', 'b: bad JSON', 'c: no caption'],
    ],
    [
      'what img2dataset could not get',
      [file('000000001.json', '{"status":"failed_to_download","error_message":"404"}')],
      ['000000001: failed download'],
    ],
  ])('reads %s', async (_, entries, expected) => {
    expect(await readBoth(entries)).toEqual(expected);
  });

  it('keeps the metadata of img2dataset', async () => {
    const metadata = { url: 'https://example.org/a.jpg', status: 'success', width: 3 };
    const entries = [file('1.jpg', 'A'), file('1.json', JSON.stringify(metadata)), file('1.txt', 'a')];
    const [record] = await recordsOf(readWebDataset(memoryFile('00000.tar', makeTar(entries))));
    expect(record).toMatchObject({ kind: 'image-text', key: '1', captions: ['a'], fields: metadata });
  });

  it('takes captions from where it is told to', async () => {
    const entries = [
      file('a.jpg', 'A'),
      file('a.png', 'P'),
      file('a.txt', 'one\n\ntwo\r\n'),
      file('a.json', '{"alt":"three"}'),
    ];
    expect(await readBoth(entries, { captions: [{ extension: 'txt', perLine: true }] })).toEqual([
      'a [A] one | two',
    ]);
    const places = [
      { extension: 'cap' },
      { extension: 'json', field: 'title' },
      { extension: 'json', field: 'alt' },
    ];
    expect(await readBoth(entries, { captions: places, images: ['png'] })).toEqual(['a [P] three']);
  });

  it('refuses what is too large without reading it', async () => {
    const entries = [
      file('a.jpg', 'x'.repeat(101)),
      file('a.txt', 'a'),
      file('b.jpg', 'B'),
      file('b.txt', 'b'.repeat(1_000_001)),
    ];
    expect(await readBoth(entries, { maxImageBytes: 100 })).toEqual([
      'a: image too large',
      'b: caption too long',
    ]);
    const [record] = await readBoth([file('c.jpg', 'C'), file('c.txt', 'c'.repeat(1_000_000))]);
    expect(record).toHaveLength('c [C] '.length + 1_000_000);
  });

  it('finds shards by braces and stars, in order, and goes on after those that are not there', async () => {
    const shard = (name: string) => makeTar([file(`${name}.jpg`, name), file(`${name}.txt`, name)]);
    const tree = memoryTree({
      's-00.tar': shard('a'),
      's-02.tar': shard('b'),
      'x/t.tar': shard('c'),
      's.json': '',
    });
    expect(await summaryOf(readWebDataset(tree))).toEqual(['a [a] a', 'b [b] b']);
    expect(
      await summaryOf(readWebDataset(tree, { shards: ['q*.tar', '{x,y}/?.tar', 's-{02..00}.tar'] })),
    ).toEqual([
      'q*.tar: shard missing',
      'c [c] c',
      'y/?.tar: shard missing',
      'b [b] b',
      's-01.tar: shard missing',
      'a [a] a',
    ]);
    const unlisted: FileTree = {
      ...tree,
      // biome-ignore lint/correctness/useYield: it fails before there is anything
      async *list() {
        throw new Error('EACCES');
      },
    };
    expect(await recordsOf(readWebDataset(unlisted))).toEqual([
      { kind: 'broken', key: '*.tar', cause: 'shard missing', detail: 'cannot list the files: EACCES' },
    ]);
  });

  it('gathers captions of all places once one has a weight, and shares it among them', async () => {
    const json = JSON.stringify({ 'name.en': 'cat face', 'keywords.en': ['pet', ' ', 'cat'], other: 'x' });
    const tar = makeTar([
      file('a.png', 'A'),
      file('a.json', json),
      file('b.png', 'B'),
      file('b.json', '{"keywords.en":"y"}'),
    ]);
    const captions = [
      { extension: 'txt', weight: 2 },
      { extension: 'json', field: 'name.en', weight: 6 },
      { extension: 'json', field: 'keywords.en' },
    ];
    const [a, b] = await recordsOf(readWebDataset(memoryFile('a.tar', tar), { captions }));
    expect(a).toMatchObject({ captions: ['cat face', 'pet', 'cat'], captionWeights: [6, 1 / 3, 1 / 3] });
    expect(b).toMatchObject({ captions: ['y'] });
    expect(b).not.toHaveProperty('captionWeights');
    for (const weight of [0, -1, Number.NaN, '2' as unknown as number]) {
      expect(() => readWebDataset(FILE, { captions: [{ extension: 'txt', weight }] })).toThrow(
        'captions: weight: expected a number above 0',
      );
    }
  });

  it('goes on after shards that break off, are packed, or are none', async () => {
    const whole = makeTar([file('a.jpg', 'A'), file('a.txt', 'a'), file('b.jpg', 'B'), file('b.txt', 'b')]);
    const source = readWebDataset([
      memoryFile('cut.tar', whole.subarray(0, 2560), { seekable: false }),
      memoryFile('page.tar', '<html>'.repeat(200)),
      memoryFile('packed.tar.gz', await gzip(whole)),
      memoryFile('not.tar.gz', 'neither'),
      memoryFile('empty.tar', ''),
    ]);
    expect(await summaryOf(source)).toEqual([
      'a [A] a',
      'cut.tar: truncated',
      'page.tar: corrupt',
      'a [A] a',
      'b [B] b',
      'not.tar.gz: corrupt',
    ]);
  });

  it('tells of shards that vanish between finding a sample and loading it', async () => {
    const bytes = makeTar([file('a.jpg', 'A'), file('a.txt', 'a')]);
    let isGone = false;
    const shard = {
      ...memoryFile('a.tar', bytes),
      slice: async (start: number, end: number) => {
        if (isGone) throw new Error('ENOENT: no such file');
        return bytes.slice(start, end);
      },
    };
    const [reference] = await referencesOf(readWebDataset(shard));
    expect(await reference!.load()).toMatchObject({ kind: 'image-text' });
    isGone = true;
    expect(await reference!.load()).toEqual({
      kind: 'broken',
      key: 'a',
      cause: 'shard missing',
      detail: 'a.tar: cannot be opened: ENOENT: no such file',
    });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const entries = [file('a.jpg', 'A'), file('a.txt', 'a'), file('b.jpg', 'B'), file('b.txt', 'b')];
    for (const seekable of [true, false]) {
      const source = readWebDataset(memoryFile('a.tar', makeTar(entries), { seekable }));
      const [reference] = await referencesOf(source);
      controller.abort();
      await expect(reference!.load(controller.signal)).rejects.toThrow('aborted');
      await expect(referencesOf(source, controller.signal)).rejects.toThrow('aborted');
    }
  });

  it.each<[string, () => unknown, string]>([
    [
      'an unknown option',
      () => readWebDataset(FILE, { shard: 'a', images: ['jpg'] } as WebDatasetOptions),
      'readWebDataset: unknown option shard.',
    ],
    [
      'patterns for files',
      () => readWebDataset(FILE, { shards: '*.tar' }),
      'shards names files of a tree, but the files themselves were given',
    ],
    ['no files', () => readWebDataset([]), 'readWebDataset: expected at least one file'],
    [
      'a path',
      () => readWebDataset('a.tar' as never),
      'expected a ByteFile, with a name and stream(), got "a.tar"',
    ],
    [
      'an open brace',
      () => readWebDataset(memoryTree({}), { shards: 'a{0..3.tar' }),
      'a{0..3.tar: "{" without "}"',
    ],
    [
      'a pattern that is none',
      () => readWebDataset(memoryTree({}), { shards: [3 as never] }),
      'shards: expected patterns, got 3',
    ],
    [
      'an extension with a dot',
      () => readWebDataset(FILE, { images: ['.jpg'] }),
      "images: expected extensions without a leading dot, e.g. ['jpg', 'png'], got [\".jpg\"]",
    ],
    [
      'no place',
      () => readWebDataset(FILE, { captions: [] }),
      'captions: expected a list of places, got an array',
    ],
    [
      'JSON without a field',
      () => readWebDataset(FILE, { captions: [{ extension: 'json' }] }),
      '"json" takes a field and no perLine',
    ],
    [
      'text with a field',
      () => readWebDataset(FILE, { captions: [{ extension: 'txt', field: 'x' }] }),
      'other extensions no field',
    ],
    [
      'capitals',
      () => readWebDataset(FILE, { captions: [{ extension: 'TXT' }] }),
      'in lower case, e.g. \'txt\', got "TXT"',
    ],
    [
      'a limit of zero',
      () => readWebDataset(FILE, { maxImageBytes: 0 }),
      'maxImageBytes: expected a number from 1 to 2147483648, got 0',
    ],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(message);
  });

  it('survives any damage: only known causes, never a throw', async () => {
    const whole = makeTar([
      file('a.jpg', 'A'),
      file('a.txt', 'a'),
      file('a.json', '{"status":"success"}'),
      pax({ path: 'b.jpg' }),
      file('c', 'B'),
      file('b.txt', 'b'),
    ]);
    const random = createRandom(4, 'webdataset');
    for (let run = 0; run < 400; run++) {
      const bytes = whole.slice(0, run % 3 === 0 ? random.integer(whole.length) : whole.length);
      for (let i = random.integer(6); i > 0 && bytes.length > 0; i--)
        bytes[random.integer(bytes.length)] = random.integer(256);
      for (const seekable of [true, false]) {
        const records = await recordsOf(
          readWebDataset(memoryFile('a.tar', bytes, { seekable, chunk: 1000 })),
        );
        for (const record of records) expect(['image-text', 'broken']).toContain(record.kind);
      }
    }
  });

  it('gives the same twice, whatever is in the archive', async () => {
    const names = fc.constantFrom(
      'a.jpg',
      'a.txt',
      'a.json',
      'b.png',
      'b.txt',
      'x/a.jpg',
      'noext',
      '.hidden',
      'c.jpg',
    );
    const entry = fc.record({ path: names, content: fc.constantFrom('', 'x', '{"caption":"c"}', '[]') });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        expect(await readBoth(entries)).toEqual(await readBoth(entries));
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});

const FILE = memoryFile('a.tar', '');

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const half = bytes.length >> 1; // in two members, as parallel writers make them
  const parts = [bytes.slice(0, half), bytes.slice(half)].map(async (part) => {
    const stream = new Blob([part]).stream().pipeThrough(new CompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  });
  return join(await Promise.all(parts));
}
