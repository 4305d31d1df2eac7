// Typographic attacks in the layouts in which they are published, and everything in them that does not fit.

import { describe, expect, it } from 'vitest';
import {
  type AttackAnnotationsOptions,
  type AttackReference,
  type AttackSource,
  type BrokenRecord,
  readAttackAnnotations,
  readAttackFolder,
} from '../../src/data/index.ts';
import { decode } from '../../src/node/image-file.ts';
import { toPng } from '../../src/png.ts';
import { generateImage } from '../support/golden.ts';
import { memoryTree } from '../support/memory-files.ts';

async function entriesOf(source: AttackSource): Promise<(AttackReference | BrokenRecord)[]> {
  const entries: (AttackReference | BrokenRecord)[] = [];
  for await (const entry of source.references()) entries.push(entry);
  return entries;
}

/** A line a picture: what is seen, what is written; or why it is left out. */
async function summary(source: AttackSource): Promise<string[]> {
  const name = (k: number | undefined): string => (k === undefined ? 'clean' : source.classes[k]!);
  return (await entriesOf(source)).map((entry) =>
    'kind' in entry
      ? `${entry.key}: ${entry.cause}`
      : `${entry.key}: ${name(entry.label)}, ${name(entry.written)}`,
  );
}

/** What loading the first picture gives. */
async function loadFirst(source: AttackSource, signal?: AbortSignal): Promise<unknown> {
  const first = (await entriesOf(source)).find((entry) => !('kind' in entry));
  return (first as AttackReference).load(signal);
}

describe('readAttackFolder', () => {
  it('reads labels off the names; classes are all labels and texts, sorted', async () => {
    const source = await readAttackFolder(
      memoryTree({
        'data/label=great white shark_text=dial_up modem.JPEG': 'A',
        'label=dog_text=cat.png': 'B',
        'label=dog_text=mr. t.webp': 'C',
        'label=ice_cream_text=dog.png': 'D',
        'label=zebra_text=.png': 'E',
      }),
    );
    expect(source.classes).toEqual([
      ...['cat', 'dial_up modem', 'dog', 'great white shark', 'ice_cream', 'mr. t', 'zebra'],
    ]);
    const expected = [
      'label=great white shark_text=dial_up modem: great white shark, dial_up modem',
      'label=dog_text=cat: dog, cat',
      'label=dog_text=mr. t: dog, mr. t',
      'label=ice_cream_text=dog: ice_cream, dog',
      'label=zebra_text=: zebra, clean',
    ];
    expect(await summary(source)).toEqual(expected);
    expect(await summary(source), 'read twice').toEqual(expected);
  });

  it('numbers classes the same in whatever order files are listed', async () => {
    const files = { 'label=b_text=c.png': '1', 'label=c_text=a.png': '2', 'label=a_text=b.png': '3' };
    const tree = memoryTree(files);
    const backwards = {
      ...tree,
      async *list() {
        yield* Object.keys(files).sort().reverse();
      },
    };
    const [one, other] = [await readAttackFolder(tree), await readAttackFolder(backwards)];
    expect(other.classes).toEqual(one.classes);
    expect((await summary(other)).sort()).toEqual((await summary(one)).sort());
  });

  it('tells what does not fit, each with its cause', async () => {
    const source = await readAttackFolder(
      memoryTree({
        '.DS_Store': 'x',
        '__MACOSX/._label=dog_text=cat.png': 'x',
        'label= _text=cat.png': 'x',
        'label=_text=cat.png': 'x',
        'label=dog.png': 'x',
        'label=dog_text=cat.csv': 'x',
        'label=dog_text=cat.png': 'A',
        'label=dog_text=dog.png': 'x',
        'other/label=dog_text=cat.jpg': 'x',
      }),
    );
    expect(source.classes).toEqual(['cat', 'dog']);
    const entries = await entriesOf(source);
    expect(entries.map((entry) => ('kind' in entry ? entry.cause : entry.key))).toEqual([
      ...['bad name', 'bad name', 'bad name', 'bad name', 'bad name', 'bad name'],
      ...['label=dog_text=cat', 'text is label', 'same name'],
    ]);
    const details = entries.flatMap((entry) => ('kind' in entry ? [`${entry.key}: ${entry.detail}`] : []));
    expect([details[0], ...details.slice(-2)]).toEqual([
      '.DS_Store: expected label=<seen>_text=<written>.<picture>',
      'label=dog_text=dog: "dog" is what is seen, too',
      'other/label=dog_text=cat.jpg: label=dog_text=cat.png is called so too',
    ]);
  });

  it('takes both spellings of an accent for one label', async () => {
    const source = await readAttackFolder(
      memoryTree({ 'label=caf\u00e9_text=dog.png': 'A', 'label=dog_text=cafe\u0301.png': 'B' }),
    );
    expect(source.classes).toEqual(['caf\u00e9', 'dog']);
  });

  it('loads pictures', async () => {
    const picture = generateImage(3, 20);
    for (const seekable of [true, false]) {
      const tree = memoryTree({ 'a/label=dog_text=cat.png': toPng(picture) }, { chunk: 100, seekable });
      const source = await readAttackFolder(tree);
      expect(await decode((await loadFirst(source)) as Uint8Array, 'picture')).toEqual(picture);
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(loadFirst(source, signal)).rejects.toThrow('enough');
    }
  });

  it('says what is wrong with a picture when it is loaded', async () => {
    const name = 'label=dog_text=cat.png';
    const load = async (content: string, change: object = {}, seekable = true): Promise<unknown> => {
      const tree = memoryTree({ [name]: content }, { seekable });
      const open = async (path: string) => ({ ...(await tree.open(path)), ...change });
      return loadFirst(await readAttackFolder({ ...tree, open }, { maxImageBytes: 5 }));
    };
    const told = (cause: string, detail: string): object =>
      expect.objectContaining({
        kind: 'broken',
        key: 'label=dog_text=cat',
        cause,
        detail: expect.stringContaining(detail),
      });
    expect(await load('')).toEqual(told('empty image', `${name}: has 0 bytes`));
    expect(await load('123456')).toEqual(told('image too large', `${name}: 6 bytes or more, at most 5`));
    expect(await load('123456', {}, false)).toEqual(told('image too large', `${name}: 6 bytes or more`));
    expect(await load('123', { size: 4 })).toEqual(told('truncated', `${name}: breaks off after 3`));
    const gone = { ...memoryTree({ [name]: '1' }), open: memoryTree({}).open };
    expect(await loadFirst(await readAttackFolder(gone))).toEqual(told('no image', `${name}: ENOENT`));
  });

  it('refuses what holds no attack, and wrong options', async () => {
    await expect(readAttackFolder(memoryTree({}))).rejects.toThrow(
      'readAttackFolder: no picture can be used of 0 that were found. The tree is empty.',
    );
    await expect(readAttackFolder(memoryTree({ 'dog.png': 'x', 'cat.png': 'y' }))).rejects.toThrow(
      'no picture can be used of 2 that were found. 2 bad name (cat.png: expected label=',
    );
    await expect(readAttackFolder('photos' as never)).rejects.toThrow('tree: expected a FileTree');
    await expect(readAttackFolder(memoryTree({}), { maxImageBytes: 0 })).rejects.toThrow('maxImageBytes');
    await expect(readAttackFolder(memoryTree({}), { folder: 'x' } as never)).rejects.toThrow(
      'unknown option folder',
    );
    const unlisted = {
      ...memoryTree({}),
      // biome-ignore lint/correctness/useYield: it fails before
      async *list() {
        throw new Error('EACCES');
      },
    };
    await expect(readAttackFolder(unlisted)).rejects.toThrow('cannot list the files: EACCES');
  });
});

const entry = (object: unknown, attack: unknown): object => ({
  'true object': object,
  'typographic attack label': attack,
});

function materzynska(annotations: object, files: Record<string, string> = {}): Record<string, string> {
  const images = Object.keys(annotations).map((name) => [`images/${name}`, name]);
  return {
    'annotations.json': JSON.stringify(annotations),
    'classes.json': '{"mug":0,"cup":1,"apple":2}',
    ...Object.fromEntries(images),
    ...files,
  };
}

const read = (files: Record<string, string>, options?: AttackAnnotationsOptions): Promise<AttackSource> =>
  readAttackAnnotations(memoryTree(files), options);

describe('readAttackAnnotations', () => {
  const annotations = { 'IMG_2.JPG': entry('cup', 'apple'), 'IMG_1.JPG': entry('mug', '') };

  it('reads tables and pictures; the keys of classes.json are the classes, sorted', async () => {
    const source = await read(materzynska(annotations));
    expect(source.classes).toEqual(['apple', 'cup', 'mug']);
    expect(await summary(source)).toEqual(['IMG_2.JPG: cup, apple', 'IMG_1.JPG: mug, clean']);
    expect(new TextDecoder().decode((await loadFirst(source)) as Uint8Array)).toBe('IMG_2.JPG');
  });

  it('knows the other name of the table, and other folders', async () => {
    const { 'annotations.json': json = '', ...rest } = materzynska(annotations);
    expect(await summary(await read({ ...rest, 'annotation.json': json }))).toHaveLength(2);
    const flat = { 'annotations.json': json, 'classes.json': rest['classes.json']!, 'IMG_2.JPG': 'x' };
    expect(await summary(await read({ ...flat, 'README.md': 'x' }, { folder: '' }))).toEqual([
      ...['IMG_2.JPG: cup, apple', 'IMG_1.JPG: no image', 'README.md: no label'],
    ]);
  });

  it('tells what does not fit', async () => {
    const files = materzynska(
      {
        'a.jpg': entry('cup', 'apple'),
        'b.jpg': entry('cup', 'good'),
        'c.jpg': entry('bowl', 'apple'),
        'd.jpg': entry('cup', 'cup'),
        'e.jpg': entry('cup', 7),
        'f.jpg': null,
        'g.jpg': entry('mug', 'cup'),
      },
      { 'images/h.jpg': 'x', 'README.md': 'x' },
    );
    delete files['images/g.jpg'];
    expect(await summary(await read(files))).toEqual([
      'a.jpg: cup, apple',
      'b.jpg: unknown text',
      'c.jpg: unknown label',
      'd.jpg: text is label',
      'e.jpg: bad row',
      'f.jpg: bad row',
      'g.jpg: no image',
      'images/h.jpg: no label',
    ]);
  });

  it('makes classes of other words on demand', async () => {
    const files = materzynska({ 'a.jpg': entry('cup', 'good'), 'b.jpg': entry('bowl', 'apple') });
    const source = await read(files, { otherWords: 'add' });
    expect(source.classes).toEqual(['apple', 'cup', 'good', 'mug']);
    expect(await summary(source)).toEqual(['a.jpg: cup, good', 'b.jpg: unknown label']);
  });

  it('tells of pictures that are named twice, which JSON.parse does not', async () => {
    const json = `{"a.jpg": {"true object": "cup", "typographic attack label": "apple", "box": {"x": 1}},
      "b.jpg": {"true object": "mug", "typographic attack label": "apple", "box": {"x": 1}, "note": "\\"a.jpg\\": {"},
      "a.jpg": {"true object": "cup", "typographic attack label": "mug"}}`;
    const source = await read({ ...materzynska({ 'a.jpg': 0, 'b.jpg': 0 }), 'annotations.json': json });
    expect(await summary(source)).toEqual(['a.jpg: same name', 'a.jpg: cup, mug', 'b.jpg: mug, apple']);
  });

  it.each<[Record<string, string>, AttackAnnotationsOptions, string]>([
    [
      { 'notes.txt': '' },
      {},
      'annotations.json is not there. Expected it at the root of the tree, which begins with notes.txt.',
    ],
    [{ 'annotation.json': '{}' }, {}, 'classes.json is not there.'],
    [materzynska(annotations, { 'annotations.json': '{"a.jpg": {' }), {}, 'annotations.json is damaged:'],
    [
      materzynska(annotations, { 'classes.json': '["cup"]' }),
      {},
      'classes.json is damaged: expected a JSON object, got ["cup"].',
    ],
    [
      materzynska(annotations, { 'classes.json': '{}' }),
      {},
      'classes.json is damaged: expected a JSON object with entries, got {}.',
    ],
    [
      materzynska(annotations, { 'annotations.json': 'null' }),
      {},
      'annotations.json is damaged: expected a JSON object, got null.',
    ],
    [materzynska(annotations, { 'annotations.json': '' }), {}, 'annotations.json is damaged: Unexpected end'],
    [
      materzynska(annotations),
      { folder: 'photos' },
      'no picture can be used of 2 that were found. 2 no image (IMG_2.JPG:',
    ],
    [{}, { folder: 1 as never }, 'folder: expected a path in the tree, got 1.'],
    [{}, { otherWords: 'keep' as never }, `otherWords: expected 'skip' or 'add', got "keep".`],
    [{}, { maxImageBytes: Number.NaN }, 'maxImageBytes: expected a number from 1'],
  ])('refuses damaged sets and wrong options %#', async (files, options, message) => {
    await expect(read(files, options)).rejects.toThrow(message);
  });
});
