// `clippo finetune KIND` and what uses its classifiers, on small data in the layouts in which data sets are published.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawn, WORDS } from '../eval/drawn-words.ts';
import { expectNoLeaks, useBackend } from '../support/backends.ts';
import { GLUE_FILES } from '../tasks/glue-folder.ts';
import { annotation, question } from '../tasks/vqa-files.ts';
import { clippo, type RunResult } from './run-command.ts';
import { tinyModelFile } from './tiny-model-file.ts';

await useBackend('wasm');
expectNoLeaks();
const { path, model: MODEL, write } = tinyModelFile();

/** GLUE's folder; where a file has one answer alone, another one too. */
function writeGlue(): string {
  for (const [name, text] of Object.entries(GLUE_FILES)) write(`glue/${name}`, text);
  const mrpc = 'MRPC/msr_paraphrase_train.txt';
  write(`glue/${mrpc}`, `${GLUE_FILES[mrpc]}0\t51\t52\tOne left.\tNo one left.\r\n`);
  const stsb = 'STS-B/dev.tsv';
  write(`glue/${stsb}`, `${GLUE_FILES[stsb]}1\ta\tb\tc\td\tnone\tnone\tA cat.\tA tax.\t0.250\n`);
  return path('glue');
}

/** Class folders in which the word on a picture is its class. */
function writePets(folder: string): string {
  for (const word of WORDS.slice(0, 2)) write(`${folder}/${word}/1.png`, drawn(word));
  return path(folder);
}

function finetune(...argv: string[]): Promise<RunResult> {
  return clippo(['finetune', ...argv, '--model', MODEL, '--run', path('run')]);
}

const quick = ['--steps', '2'];

describe('clippo finetune --help', () => {
  const KINDS = ['labels', 'glue', 'vqa'];

  it('is a menu: a line a kind', async () => {
    const { code, stdout } = await clippo(['finetune', '--help'], { columns: 80 });
    const [, menu = ''] = /\nKinds of data:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
    expect([code, menu.split('\n').map((line) => line.trim().split(' ')[0])]).toEqual([0, KINDS]);
  });

  it.each(KINDS)('%s shows examples', async (kind) => {
    const { code, stdout } = await clippo(['finetune', kind, '--help']);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`$ clippo finetune ${kind}`)]);
    const longest = stdout.split('\n').reduce((length, line) => Math.max(length, line.length), 0);
    expect(longest).toBeLessThanOrEqual(120);
  });
});

describe('clippo finetune labels', () => {
  it('trains a head, leaves its files, and goes on with what is done', async () => {
    const pets = writePets('pets');
    const argv = ['labels', pets, '--dev', pets, '--part', 'head', '--json'];
    const { code, stdout, stderr } = await finetune(...argv);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/rate 0\.03, seed 0, step \d+: accuracy 1\.0000/),
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ run: path('run'), trainings: 1, learningRate: 0.03 },
      dev: { examples: 2, accuracy: 1 },
    });
    for (const file of ['classifier.safetensors', 'model-card.md', 'report.html']) {
      expect(existsSync(join(path('run'), file)), file).toBe(true);
    }
    const again = await finetune(...argv);
    expect([again.code, again.stdout]).toEqual([0, stdout]);
    expect(again.stderr).not.toContain('rate 0.03');
  });

  it('makes what clippo classify uses, for pictures and texts', async () => {
    const pets = writePets('pets');
    const trained = await finetune('labels', pets, '--learning-rate', '1e-2', '--steps', '30');
    expect(trained.code).toBe(0);
    const classifier = join(path('run'), 'classifier.safetensors');
    const picture = join(pets, 'bee', '1.png');
    const argv = ['classify', picture, '--text', 'ant', '--classifier', classifier];
    const { code, stdout } = await clippo([...argv, '--json']);
    const best = JSON.parse(stdout).map(
      ({ input, labels }: { input: string; labels: { label: string }[] }) => [input, labels[0]!.label],
    );
    expect([code, best]).toEqual([
      0,
      [
        [picture, 'bee'],
        ['ant', 'ant'],
      ],
    ]);
    const both = await clippo([...argv, '--labels', 'a,b']);
    expect([both.code, both.stderr]).toEqual([
      2,
      'clippo: --labels: a classifier has labels of its own. Leave it out.\n',
    ]);
  });

  it('says which network a head alone needs', async () => {
    const pets = writePets('pets');
    await finetune('labels', pets, '--part', 'head');
    const argv = ['classify', '--text', 'bee', '--classifier', join(path('run'), 'classifier.safetensors')];
    const alone = await clippo(argv);
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain(
      'holds a head alone. Say which network it was trained on: --model CHECKPOINT.',
    );
    const { code, stdout } = await clippo([...argv, '--model', MODEL]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^bee\n {2}1 {2}[01]\.\d{4} {2}bee\n/)]);
  });

  it('reads texts of a table, and holds some back', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 === 0 ? 'ant' : 'bee'} ${i}\t${i % 2}`);
    const table = write('texts.tsv', ['sentence\tlabel', ...rows].join('\n'));
    const argv = ['labels', table, '--texts', '--classes', 'ant,bee', '--dev-share', '0.2', ...quick];
    const { code, stdout } = await finetune(...argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/examples of dev +8\n/);
  });

  it('takes settings from a file, and says what stands in two places', async () => {
    const pets = writePets('pets');
    const config = write(
      'settings.json',
      '{ "part": "head", "steps": 3, "head": [4], "classWeights": "balanced" }',
    );
    const { code, stdout } = await finetune('labels', pets, '--dev', pets, '--config', config, '--json');
    expect([code, JSON.parse(stdout).step]).toEqual([0, expect.any(Number)]);
    expect(await finetune('labels', pets, '--config', config, '--steps', '4')).toMatchObject({
      code: 2,
      stderr: `clippo: steps: stands in ${config} and as a flag.\n`,
    });
    const typo = write('typo.json', '{ "epoch": 3 }');
    expect(await finetune('labels', pets, '--config', typo)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown option epoch'),
    });
  });

  it.each([
    [['labels', 'nowhere'], 1, 'nowhere'],
    [['labels', '.', '--head', 'deep'], 2, 'Expected linear, mlp, or units as in 768,768.'],
    [['labels', '.', '--dev', '.', '--dev-share', '0.1'], 2, '--dev-share stands in place of --dev.'],
    [['glue', 'imdb', '.'], 2, 'expected a task of GLUE, one of cola, sst2'],
    [['glue', 'rte', '.'], 1, 'no file of the split train'],
    [['vqa', 'a.json', '--annotations', 'b.json', '--images', '.', '--dev', 'c.json'], 2, 'go together'],
  ])('%j ends with %i', async (argv, code, message) => {
    const result = await finetune(...argv);
    expect([result.code, result.stdout]).toEqual([code, '']);
    expect(result.stderr).toContain(message);
  });
});

describe('clippo finetune glue, clippo eval glue', () => {
  const TASKS = [
    ['cola', ['matthews'], ['CoLA.tsv']],
    ['sst2', ['accuracy'], ['SST-2.tsv']],
    ['mrpc', ['f1', 'accuracy'], ['MRPC.tsv']],
    ['qqp', ['f1', 'accuracy'], ['QQP.tsv']],
    ['stsb', ['spearman', 'pearson'], ['STS-B.tsv']],
    ['mnli', ['accuracy (dev_matched)', 'accuracy (dev_mismatched)'], ['MNLI-m.tsv', 'MNLI-mm.tsv']],
    ['qnli', ['accuracy'], ['QNLI.tsv']],
    ['rte', ['accuracy'], ['RTE.tsv']],
    ['wnli', ['accuracy'], ['WNLI.tsv']],
  ] as const;

  it.each(TASKS)('%s: trains, measures, predicts', async (task, metrics, files) => {
    const { code, stdout, stderr } = await finetune('glue', task, writeGlue(), ...quick, '--json');
    expect([code, stderr]).toEqual([0, expect.stringContaining('Engine: ')]);
    const { values } = JSON.parse(stdout);
    for (const metric of metrics) expect(values[metric], metric).toEqual(expect.any(Number));
    for (const file of files) {
      expect(readFileSync(join(path('run'), file), 'utf8')).toMatch(/^index\tprediction\n0\t\S+\n/);
    }
  });

  it('tells what of a test set it cannot predict', async () => {
    const folder = writeGlue();
    write('glue/RTE/test.tsv', 'index\tsentence1\tsentence2\n0\tLeft.\tRight.\n1\ttorn\n');
    const { code, stderr } = await finetune('glue', 'rte', folder, ...quick);
    expect([code, stderr]).toEqual([0, expect.stringContaining('skipped 1: bad row, first RTE/test.tsv:2')]);
    expect(readFileSync(join(path('run'), 'RTE.tsv'), 'utf8')).toMatch(/^index\tprediction\n0\t\w+\n$/);
  });

  it('measures a frozen network', async () => {
    const argv = ['eval', 'glue', 'cola', writeGlue(), '--model', MODEL, '--json'];
    const { code, stdout, stderr } = await clippo(argv);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Engine: [^\n]*\n$/)]);
    const { values, settings } = JSON.parse(stdout);
    expect([Object.keys(values), settings.trained]).toEqual([['matthews'], 3]);
  });
});

describe('clippo finetune vqa', () => {
  it('trains, scores as the official scorer, and writes the official file', async () => {
    const asked = [question(1, 7, 'it?'), question(2, 8, 'it?'), question(3, 8, 'is it a cat?')];
    const told = [
      annotation(1, 7, 'cat × 10'),
      annotation(2, 8, 'dog × 7, puppy × 3'),
      annotation(3, 8, 'no × 10', 'yes/no', 'is it'),
    ];
    const list = (name: string, field: string, rows: readonly unknown[]) =>
      write(name, JSON.stringify({ data_subtype: 'train2014', [field]: rows }));
    const questions = list('q.json', 'questions', asked);
    const annotations = list('a.json', 'annotations', told);
    const test = list('t.json', 'questions', [question(9, 7), question(10, 99)]);
    for (const [id, word] of [
      [7, 'cat'],
      [8, 'dog'],
    ] as const) {
      write(`coco/train2014/COCO_train2014_${String(id).padStart(12, '0')}.png`, drawn(word));
    }
    const { code, stdout, stderr } = await finetune(
      ...['vqa', questions, '--annotations', annotations, '--images', path('coco')],
      ...['--dev', questions, '--dev-annotations', annotations, '--test', test],
      ...['--targets', 'soft', '--max-skipped', '0.6', '--json', ...quick],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('Engine: ')]);
    const { values } = JSON.parse(stdout);
    expect(Object.keys(values)).toEqual([
      ...['vqa accuracy', 'vqa accuracyOther', 'vqa accuracyYesNo', 'questions cut off'],
    ]);
    expect(values['questions cut off']).toBeCloseTo(1 / 3, 12);
    const read = (name: string) => JSON.parse(readFileSync(join(path('run'), name), 'utf8'));
    const answers = read('vocabulary.json').answers;
    expect(answers).toEqual(expect.arrayContaining(['cat', 'dog', 'no']));
    expect(read('dev-results.json').map((row: { question_id: number }) => row.question_id)).toEqual([
      1, 2, 3,
    ]);
    expect(read('test-results.json')).toEqual([
      { question_id: 9, answer: expect.any(String) },
      { question_id: 10, answer: answers[0] }, // its picture is missing
    ]);
  });
});
