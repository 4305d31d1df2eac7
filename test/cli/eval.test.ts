// `clippo eval TASK` on small data in the layouts in which data sets are published. Pictures are drawn words, to which an
// untrained model gives the very vector of the word, so that outcomes are known.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../src/node/index.ts';
import { drawn, WORDS } from '../eval/drawn-words.ts';
import { expectNoLeaks, useBackend } from '../support/backends.ts';
import { makeTar } from '../support/tar-writer.ts';
import { clippo, type RunOptions, type RunResult } from './run-command.ts';
import { tinyModelFile } from './tiny-model-file.ts';

const SENTENCEPIECE = fileURLToPath(new URL('../golden/sentencepiece/', import.meta.url));
await useBackend('wasm');
expectNoLeaks();
const { path, model: MODEL, write } = tinyModelFile();

/** A folder of class folders, with a picture of each word in the class that it is said to be of. */
function writeClasses(folder: string, things: readonly (readonly [label: string, word: string])[]): string {
  for (const [i, [label, word]] of things.entries()) write(`${folder}/${label}/${i}.png`, drawn(word));
  return path(folder);
}

function evaluate(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
  return clippo(['eval', ...argv, '--model', MODEL], options);
}

async function valuesOf(...argv: string[]): Promise<Record<string, number>> {
  const { code, stdout, stderr } = await evaluate([...argv, '--json']);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Engine: [^\n]*\n$/)]);
  return JSON.parse(stdout).values;
}

const right = WORDS.map((word) => [word, word] as const);
const byName = ['--templates', 'name-only'];

describe('clippo eval --help', () => {
  const TASKS = [
    ...[
      'zero-shot',
      'few-shot',
      'retrieval',
      'multilingual',
      'typographic',
      'glue',
      'gap',
      'loss',
      'tokens',
      'explain',
    ],
  ];

  it('is a menu: a line a task', async () => {
    const { code, stdout } = await clippo(['eval', '--help'], { columns: 80 });
    const [, menu = ''] = /\nTasks, and their data:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
    expect(code).toBe(0);
    expect(menu.split('\n').map((line) => line.trim().split(' ')[0])).toEqual(TASKS);
    expect(menu).not.toContain('[options]');
  });

  it.each(TASKS)('%s shows examples', async (task) => {
    const { code, stdout } = await clippo(['eval', task, '--help']);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`$ clippo eval ${task}`)]);
    expect(stdout).toContain('--quiet');
    const longest = stdout.split('\n').reduce((length, line) => Math.max(length, line.length), 0);
    expect(longest).toBeLessThanOrEqual(120);
  });
});

describe('clippo eval zero-shot', () => {
  it('tells the accuracy, and what was skipped', async () => {
    const data = writeClasses('pets', [...right, ['ant', 'bee']]);
    write('pets/ant/notes.txt', 'no picture');
    const { code, stdout, stderr } = await evaluate(['zero-shot', data, ...byName]);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '                   value   95 % interval',
      expect.stringMatching(/^accuracy {10}88\.9 % {2}\d\d\.\d … 100\.0 %$/),
      expect.stringMatching(/^accuracyTop5 +\d+\.\d %$/),
      'accuracyPerClass  93.8 %',
      'examples               9',
      '',
    ]);
    expect(stderr).toContain('skipped 1: no image, first ant/notes.txt: its ending is no picture’s');
    const strict = await evaluate(['zero-shot', data, ...byName, '--max-skipped', '0']);
    expect([strict.code, strict.stdout]).toEqual([1, '']);
    expect(strict.stderr).toContain('zeroShot: 1 of 10 examples cannot be used: 1 × no image (ant/notes.txt');
    expect(strict.stderr).toContain('or allow it with --max-skipped.');
  });

  it('writes its folder, and goes on from what is there', async () => {
    const folders = WORDS.map((word, i) => [`n0144076${i}`, word] as const);
    const data = writeClasses('val', folders);
    const names = write(
      'LOC_synset_mapping.txt',
      folders.map(([folder, word]) => `${folder} ${word}, a kind of ${word}\n`).join(''),
    );
    const argv = ['zero-shot', data, '--names', names, ...byName, '--out', path('results', 'val')];
    const { code, stderr } = await evaluate([...argv, '--examples', '1']);
    expect(code).toBe(0);
    expect(stderr).toContain(`The report is ${path('results', 'val', 'report.html')}.\n`);
    expect(readdirSync(path('results', 'val'))).toEqual(['parts', 'report.html', 'result.json']);
    const result = JSON.parse(readFileSync(path('results', 'val', 'result.json'), 'utf8'));
    expect(result).toMatchObject({ task: 'zero-shot', values: { accuracy: 1 }, settings: { data } });
    expect(result.details.perClass[0]).toEqual({ class: 'ant, a kind of ant', count: 1, accuracy: 1 });
    const report = readFileSync(path('results', 'val', 'report.html'), 'utf8');
    expect(report.match(/<img/g)).toHaveLength(1);
    // The pictures are others now, and are not looked at.
    writeClasses(
      'val',
      folders.map(([folder]) => [folder, 'ant'] as const),
    );
    const again = await evaluate([...argv, '--json']);
    expect(JSON.parse(again.stdout)).toEqual(result);
  });

  it('stops with Ctrl-C, keeps what is finished, and goes on from there', async () => {
    for (let i = 0; i < 300; i++) write(`many/${WORDS[i % 2]}/${i}.png`, drawn(WORDS[i % 2]!));
    const argv = ['zero-shot', path('many'), ...byName, '--out', path('out')];
    const controller = new AbortController();
    const { code, stdout, stderr } = await evaluate(argv, {
      columns: 80,
      signal: controller.signal,
      onStderr: (text) => {
        if (/embed .* 256 of 300/.test(text)) controller.abort();
      },
    });
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain(`What was finished is in ${path('out', 'parts')}; the same command goes on`);
    const [first, ...others] = readdirSync(path('out', 'parts'));
    expect(others).toEqual([]);
    const before = readFileSync(path('out', 'parts', first!));
    expect(await evaluate(argv)).toMatchObject({ code: 0, stdout: expect.stringContaining('100.0 %') });
    expect(readdirSync(path('out', 'parts'))).toHaveLength(2);
    expect(readFileSync(path('out', 'parts', first!)).equals(before)).toBe(true);
  });

  it('takes CIFAR’s binary files', async () => {
    const record = (label: number): Uint8Array =>
      new Uint8Array(3073).fill(40 * label + 10).fill(label, 0, 1);
    const data = write('test_batch.bin', Buffer.concat([record(0), record(1), record(0)]));
    const { code, stdout } = await evaluate([
      ...['zero-shot', data, '--classes', write('batches.meta.txt', 'dark\nlight\n\n'), '--json'],
    ]);
    expect([code, JSON.parse(stdout).details.perClass.map(({ count }: { count: number }) => count)]).toEqual([
      0,
      [2, 1],
    ]);
  });

  it('takes tar shards with .cls, as a pattern and in a folder', async () => {
    const shard = (words: readonly string[]): Uint8Array =>
      makeTar(
        words.flatMap((word) => [
          { path: `s${WORDS.indexOf(word)}.png`, content: drawn(word) },
          { path: `s${WORDS.indexOf(word)}.cls`, content: String(WORDS.indexOf(word)) },
        ]),
      );
    write('test/0.tar', shard(WORDS.slice(0, 4)));
    write('test/1.tar', shard(WORDS.slice(4)));
    const classes = ['--classes', write('classnames.txt', WORDS.join('\n')), ...byName];
    expect(await valuesOf('zero-shot', path('test', '*.tar'), ...classes)).toMatchObject({ accuracy: 1 });
    expect(await valuesOf('zero-shot', path('test'), ...classes)).toMatchObject({ accuracy: 1 });
  });

  it.each([
    ['dev.tsv', `sentence\tlabel\nant\t0\n"bee\t1\ncat\t2\n`, []],
    [
      'dev.csv',
      `text,class\nant,ant\n"bee",bee\ncat,cat\n`,
      ['--text-column', 'text', '--label-column', 'class'],
    ],
    [
      'dev.jsonl',
      '{"sentence":"ant","label":0}\n{"sentence":"bee","label":1}\n{"sentence":"cat","label":2}\n',
      [],
    ],
  ])('takes the texts of %s', async (name, content, columns) => {
    const argv = [
      ...columns,
      '--classes',
      'ant, bee,cat',
      '--templates',
      '{}',
      '--templates',
      'a {}',
      '--json',
    ];
    const { code, stdout } = await evaluate(['zero-shot', write(name, content), '--texts', ...argv]);
    const { count, settings } = JSON.parse(stdout);
    expect([code, count, settings.templates]).toEqual([0, 3, ['{}', 'a {}']]);
  });

  it('takes a source in JSON', async () => {
    write('pets/a.png', drawn('ant'));
    write('pets/b.png', drawn('bee'));
    const files = write('pets.csv', 'file,class\na.png,ant\nb.png,bee\n');
    const source = { type: 'table', files, images: path('pets'), image: 'file', caption: 'class' };
    expect(
      await valuesOf('zero-shot', JSON.stringify(source), '--classes', 'ant,bee', ...byName),
    ).toMatchObject({ accuracy: 1 });
  });
});

describe('clippo eval few-shot', () => {
  it('learns from a few', async () => {
    const pairs = ['ant', 'wolf', 'ant', 'wolf'].map((word) => [word, word] as const);
    const [train, test] = [writeClasses('train', pairs), writeClasses('test', pairs)];
    const values = await valuesOf('few-shot', train, test, '--shots', '1,2', '--seeds', '0');
    expect(values).toEqual({ '1-shot': 1, '2-shot': 1 });
  });
});

/** Karpathy's layout: the test split, and one picture of another. */
function writeKarpathy(): string[] {
  const images = WORDS.map((word, i) => {
    write(`flickr/${word}.png`, drawn(word));
    return {
      filename: `${word}.png`,
      imgid: i,
      split: i === 7 ? 'val' : 'test',
      sentences: [word, 'a thing'],
    };
  });
  const content = images.map(({ sentences, ...image }) => ({
    ...image,
    sentences: sentences.map((raw) => ({ raw })),
  }));
  return [write('dataset_flickr30k.json', JSON.stringify({ images: content })), '--images', path('flickr')];
}

describe('clippo eval retrieval', () => {
  it('finds captions and pictures of the test split', async () => {
    const { code, stdout, stderr } = await evaluate([
      ...['retrieval', ...writeKarpathy(), '--captions', '1', '--k', '1,2', '--out', path('out')],
    ]);
    expect([code, stdout]).toEqual([
      0,
      `                 value    95 % interval
imageToText@1  100.0 %  100.0 … 100.0 %
imageToText@2  100.0 %  100.0 … 100.0 %
textToImage@1  100.0 %  100.0 … 100.0 %
textToImage@2  100.0 %  100.0 … 100.0 %
examples             7
`,
    ]);
    expect(stderr).toMatch(
      /^.*dataset_flickr30k\.json: its split test; another one is asked for with --split\.\n/,
    );
    expect(readFileSync(path('out', 'report.html'), 'utf8')).toContain('Captions that find their picture');
  });

  it('takes all captions and all splits that are asked for, and a folder', async () => {
    const all = await valuesOf('retrieval', ...writeKarpathy(), '--split', 'test', '--k', '1');
    expect(all['imageToText@1']).toBe(1);
    expect(all['textToImage@1']).toBe(8 / 14); // "a thing" finds one of the seven it is said of
    for (const word of WORDS) {
      write(`photos/${word}.png`, drawn(word));
      write(`photos/${word}.txt`, word);
    }
    expect(await valuesOf('retrieval', path('photos'))).toMatchObject({ 'textToImage@10': 1 });
  });
});

describe('clippo eval multilingual', () => {
  it('measures the languages that are asked for', async () => {
    const lines = WORDS.map((word) => {
      write(`images/${word}.jpg`, drawn(word));
      const said = (text: string) => ({ caption: [text, 'ein Ding'], 'caption/tokenized': [text] });
      return JSON.stringify({ 'image/key': word, 'image/locale': 'de', de: said(word), en: said(word) });
    });
    const captions = write('captions.jsonl', lines.join('\n'));
    const { code, stdout } = await evaluate(['multilingual', captions, '--languages', 'de,en', '--json']);
    const { values, details, settings } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(values).toMatchObject({ 'imageToText@1': 1, 'textToImageFirst@1': 1, 'textToImage@1': 9 / 16 });
    expect(details.map(({ language }: { language: string }) => language)).toEqual(['de', 'en']);
    expect(settings.data).toBe(captions);
  });
});

describe('clippo eval typographic', () => {
  it('knows RTA-100 by the names of its files', async () => {
    write('rta100/label=ant_text=bee.png', drawn('ant'));
    write('rta100/label=cat_text=dog.png', drawn('dog'));
    expect(await valuesOf('typographic', path('rta100'), ...byName)).toEqual({
      attackedAccuracy: 0.5,
      attackSuccessRate: 0.5,
    });
  });

  it('knows Materzyńska’s set by its tables', async () => {
    const annotate = (label: string, text: string) => ({
      'true object': label,
      'typographic attack label': text,
    });
    const annotations = {
      'a.png': annotate('ant', ''),
      'b.png': annotate('ant', 'bee'),
      'c.png': annotate('bee', 'good'),
    };
    write('set/annotations.json', JSON.stringify(annotations));
    write('set/classes.json', JSON.stringify({ ant: 0, bee: 1 }));
    for (const name of ['a', 'b', 'c']) write(`set/images/${name}.png`, drawn(name === 'c' ? 'bee' : 'ant'));
    const { code, stderr } = await evaluate(['typographic', path('set'), ...byName]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('1 × unknown text (c.png: classes.json has no "good")'),
    ]);
    expect(await valuesOf('typographic', path('set'), ...byName, '--other-words', 'add')).toMatchObject({
      cleanAccuracy: 1,
      attackedAccuracy: 1,
    });
  });

  it('draws on clean pictures', async () => {
    const data = writeClasses('clean', right);
    const { code, stdout } = await evaluate([
      ...['typographic', data, '--draw', ...byName, '--seed', '3', '--mode', 'overlay', '--json'],
    ]);
    const { values, settings } = JSON.parse(stdout);
    expect([code, values.cleanAccuracy, settings.drawn]).toEqual([
      ...[0, 1, { seed: 3, words: 8, placement: 'top', mode: 'overlay' }],
    ]);
  });
});

describe('clippo eval gap, loss', () => {
  it('measure pictures with captions', async () => {
    const data = writeKarpathy();
    const gap = await evaluate(['gap', ...data, '--split', 'test']);
    expect([gap.code, gap.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^ +value\ndistance +0\.000\nexplained1 +\d+\.\d %\nexplained2 +\d+\.\d %\nexamples +7\n$/,
      ),
    ]);
    const loss = await evaluate(['loss', ...data, '--split', 'test', '--global-batch', '4']);
    expect([loss.code, loss.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^ +value +95 % interval\nloss +\d\.\d{3} +\d\.\d{3} … \d\.\d{3}\nncorrect +100\.0 % .*\ntemperature +10\.000\nexamples +7\n$/,
      ),
    ]);
  });
});

describe('clippo eval tokens', () => {
  /** Splits at blanks. */
  const TOKENIZER = {
    model: { type: 'WordLevel', vocab: { '[UNK]': 0, ein: 1 }, unk_token: '[UNK]' },
    pre_tokenizer: { type: 'Whitespace' },
    ...{ normalizer: null, post_processor: null, decoder: null, added_tokens: [] },
  };

  it('compares patches with tokens, without a model', async () => {
    const de = write('de.txt', '\ufeffein Hund\r\n\r\nein Foto von einem Hund');
    const ja = write('ja.txt', '犬\n');
    const words = write('words/tokenizer.json', JSON.stringify(TOKENIZER));
    const tokenizers = [
      '--tokenizer',
      words,
      '--tokenizer',
      `pieces=${join(SENTENCEPIECE, 'unigram.model')}`,
    ];
    const argv = ['eval', 'tokens', de, ja, ...tokenizers];
    const { code, stdout, stderr } = await clippo([...argv, '--out', path('out')]);
    expect([code, stderr]).toEqual([0, `The report is ${path('out', 'report.html')}.\n`]);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^language +texts +CLIPPO +words +pieces +off the canvas$/),
      expect.stringMatching(/^de +2 +\d+\.\d +3\.5 \(\d\.\d\d x\) +\d+\.\d \(\d\.\d\d x\) +0\.0 %$/),
      expect.stringMatching(/^ja +1 +1\.0 +1\.0 \(1\.00 x\) +.* +0\.0 %$/),
      expect.stringMatching(/^mean .* x\)$/),
      '',
    ]);
    expect(readFileSync(path('out', 'report.html'), 'utf8')).toContain('<svg');
    const json = await clippo([...argv, '--max-texts', '1', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      task: 'token-efficiency',
      methods: ['CLIPPO', 'words', 'pieces'],
      languages: [{ language: 'de', texts: 1 }, { language: 'ja' }],
    });
  });
});

describe('clippo eval explain', () => {
  it('covers the letters of a sentence', async () => {
    const argv = ['explain', 'a b', '--text', '--against', 'a b', '-o', path('seen.png')];
    const { code, stdout, stderr } = await evaluate(argv);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^cosine +1\.0000\nletter +fall of the cosine\na +0\.\d{4}\nb +0\.\d{4}\n$/),
    ]);
    expect(stderr).toContain(`${path('seen.png')}: 448 x `);
    expect((await readImage(path('seen.png'))).width).toBe(448);
  });

  it('covers a picture, held against a picture', async () => {
    const photo = write('photo.png', drawn('ant'));
    const { code, stdout } = await evaluate([
      ...[
        'explain',
        photo,
        '--against',
        photo,
        '--window',
        '16',
        '--stride',
        '8',
        '-o',
        path('seen.png'),
        '--json',
      ],
    ]);
    const { cosine, map, output } = JSON.parse(stdout);
    expect([code, output, map.rows, map.columns, map.values.length]).toEqual([0, path('seen.png'), 4, 4, 16]);
    expect(cosine).toBeCloseTo(1, 5);
  });

  it('shows where the model looks', async () => {
    const { code, stdout } = await evaluate(['explain', 'a b', '--text', '-o', path('seen.png')]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^letter +of the attention\na +\d+\.\d %\nb +\d+\.\d %\n$/),
    ]);
    const picture = await evaluate([
      'explain',
      write('photo.png', drawn('ant')),
      '-o',
      path('photo-seen.png'),
    ]);
    expect([picture.code, picture.stdout, existsSync(path('photo-seen.png'))]).toEqual([0, '', true]);
  });
});

describe('wrong use ends with 2 and says what is wrong', () => {
  it.each([
    [['zero-sot', 'x'], "unknown command 'zero-sot'\n(Did you mean zero-shot?)"],
    [['zero-shot', '.', '--max-skipped', '2'], 'Expected a share from 0 to 1.'],
    [['zero-shot', 'a.bin', '--templates', 'photo'], 'or a sentence with {} where the label goes'],
    [['zero-shot', 'a.bin', '--templates', 'clip-81', '--templates', '{}'], 'clip-81: a set stands alone'],
    [['zero-shot', 'a.bin', '--aliases', 'last'], 'Allowed choices are first, whole.'],
    [['zero-shot', 'a.bin'], 'a.bin: --classes is missing: the names of the classes'],
    [
      ['zero-shot', 'a.bin', '--names', 'n.txt'],
      '--names: only for class folders. Name the classes of a.bin',
    ],
    [['zero-shot', 'a.bin', '--classes', 'cat'], '--classes cat: there is no such file.'],
    [['zero-shot', '.', '--classes', 'a,b'], '--classes: the classes of . are its folders.'],
    [['zero-shot', '.', '--texts'], '--texts: . is a folder of pictures.'],
    [['zero-shot', 'a.tar', '--texts'], '--texts: expected a table (tsv, csv, jsonl, parquet), and a.tar'],
    [['zero-shot', 'a.tar', '--label-column', 'x'], 'only for the texts of a table. Add --texts.'],
    [['zero-shot', 'a.csv'], 'to classify the texts of a table add --texts.'],
    [['zero-shot', 'a.json.gz'], 'expected class folders, .bin files of CIFAR, tar files with .cls'],
    [['few-shot', '.'], "missing required argument 'test'"],
    [['few-shot', '.', '.', '--shots', '1;2'], 'Expected whole numbers with commas between, as in 1,5,10.'],
    [['few-shot', '.', '.', '--l2', '0'], 'Expected a number above 0.'],
    [['retrieval', 'a.tar', '--split', 'test'], "--split: only Karpathy's files have splits"],
    [['retrieval', 'a.tar', '--images', '.'], '--images: files of type webdataset name no pictures'],
    [['retrieval', 'a.csv', '--captions', '0'], 'Expected a whole number of at least 1.'],
    [
      ['multilingual', 'c.jsonl', '--languages', 'de,,sw'],
      'Expected names with commas between; one is empty.',
    ],
    [
      ['multilingual', 'de.txt', '--images', '.', '--languages', 'xx'],
      'languages: expected some of ar bn cs',
    ],
    [['typographic', '.', '--seed', '1', '--names', 'n'], '--seed, --names: only for words that are drawn.'],
    [['typographic', '.', '--draw', '--other-words', 'add'], '--other-words: not with --draw'],
    [
      ['typographic', '.', '--draw', '--placement', 'left'],
      'Allowed choices are top, middle, bottom, random.',
    ],
    [['loss', 'a.tar', '--global-batch', '0'], 'Expected a whole number of at least 1.'],
    [['tokens'], "missing required argument 'files'"],
    [['tokens', 'de.txt', '--tokenizer', 'vocab.txt'], '--tokenizer vocab.txt: expected a tokenizer.json'],
    [
      ['tokens', 'de.txt', ...Array.from({ length: 6 }, () => ['--tokenizer', 'a.model']).flat()],
      'at most 5',
    ],
    [['explain', 'a.png'], "required option '-o, --output <file>' not specified"],
    [['explain', 'a.png', '-o', 'a.jpg'], '-o a.jpg: only PNG is written.'],
    [['explain', 'a.png', '-o', 'b.png', '--stride', '8'], 'only for occlusion, which needs --against'],
    [['explain', 'a.png', '-o', 'b.png', '--method', 'occlusion'], 'what to compare with is missing'],
  ])('%j', async (argv, message) => {
    write('de.txt', 'ein Hund');
    const command = argv.map((word) => (['.', 'de.txt'].includes(word) ? path(word) : word));
    const model = argv[0] === 'tokens' ? [] : ['--model', 'm.npz']; // never loaded
    const { code, stdout, stderr } = await clippo(['eval', ...command, ...model]);
    expect(stderr.replaceAll(path('.'), '.')).toContain(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('the report’s examples without a report', async () => {
    const data = writeClasses('pets', right);
    const { code, stderr } = await evaluate(['zero-shot', data, '--examples', '3']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('the report shows them, and none is written.'),
    ]);
  });

  it('without a model', async () => {
    const { code, stderr } = await clippo(['eval', 'zero-shot', path('.')]);
    expect(code).toBe(2);
    expect(stderr).toContain("required option '--model <checkpoint>' not specified");
  });

  it('without a task', async () => {
    const { code, stdout, stderr } = await clippo(['eval']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: clippo eval');
  });
});

describe('bad data ends with 1 and says what is wrong', () => {
  it.each<[string, () => readonly string[], string]>([
    ['no data', () => ['zero-shot', path('gone')], 'gone: cannot be read'],
    [
      'no class folder',
      () => ['zero-shot', dirname(write('flat/a.png', drawn('ant')))],
      'expected a folder for each class',
    ],
    [
      'names that do not fit',
      () => ['zero-shot', writeClasses('pets', right), '--names', write('n.txt', 'one\ntwo\n')],
      'names: 2 names for 8 folders.',
    ],
    [
      'no file of names',
      () => ['zero-shot', writeClasses('pets', right), '--names', path('gone.txt')],
      'gone.txt: cannot be opened',
    ],
    [
      'CIFAR of another kind',
      () => ['zero-shot', write('test.bin', new Uint8Array(100)), '--classes', 'a,b'],
      '100 bytes are no whole number of records of 3073',
    ],
    [
      'no such columns',
      () => ['zero-shot', write('t.tsv', 'a\tb\nx\t0\n'), '--texts', '--classes', 'x,y'],
      'looked for sentence and label',
    ],
    [
      'too few pictures of a class',
      () => ['few-shot', writeClasses('train', right), writeClasses('test', right), '--shots', '3'],
      'class 0',
    ],
    ['nothing that matches', () => ['retrieval', path('*.tar')], 'no file matches'],
    [
      'no captions',
      () => ['multilingual', path('c.jsonl'), '--images', path('.')],
      'c.jsonl: there is no such file.',
    ],
    [
      'no pictures',
      () => ['multilingual', write('c.jsonl', '{}')],
      'there is no such folder. Say with --images',
    ],
    ['no attacks', () => ['typographic', writeClasses('pets', right)], 'add --draw.'],
    ['no folder of attacks', () => ['typographic', path('gone')], 'gone: there is no such folder.'],
    [
      'a file in place of the folder',
      () => ['gap', writeClasses('pets', right), '--out', write('f', '')],
      'cannot be made a folder',
    ],
    ['a folder in place of a text', () => ['tokens', path('.')], 'it is a folder. Expected a text file'],
    ['a text file that is not there', () => ['tokens', path('gone.txt')], 'gone.txt: there is no such file.'],
    [
      'no tokenizer',
      () => ['tokens', write('de.txt', 'ein'), '--tokenizer', write('t.json', '{}')],
      'an object with a "model"',
    ],
    [
      'no picture',
      () => ['explain', 'a red apple', '-o', path('a.png')],
      'a red apple: there is no such picture. For a sentence add --text.',
    ],
  ])('%s', async (_, argvOf, message) => {
    const argv = argvOf();
    const { code, stdout, stderr } =
      argv[0] === 'tokens'
        ? await clippo(['eval', ...argv])
        : await evaluate([...argv, ...(argv[0] === 'zero-shot' ? byName : [])]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('This looks like a bug');
    expect([code, stdout]).toEqual([1, '']);
  });

  it('two files of one language', async () => {
    const files = [write('a/de.txt', 'ein'), write('b/de.txt', 'ein')];
    const { code, stderr } = await clippo(['eval', 'tokens', ...files]);
    expect([code, stderr]).toEqual([2, 'clippo: Two files are called de. Name each after its language.\n']);
  });
});
