// GLUE's files in every layout they are published in → exact records, and what is wrong with a line or a folder.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteFile, FileTree } from '../../src/data/index.ts';
import {
  GLUE,
  type GlueSplit,
  type GlueTask,
  type ReadGlueOptions,
  readGlue,
} from '../../src/tasks/index.ts';
import { memoryFile, memoryTree } from '../support/memory-files.ts';
import { type ColumnType, makeParquet } from '../support/parquet-writer.ts';
import { GLUE_FILES } from './glue-folder.ts';

const folder = memoryTree(GLUE_FILES, { chunk: 13 });

/** Records in a line each: index, sentences and label; of what is broken the place and the cause. */
async function read(
  source: ByteFile | readonly ByteFile[] | FileTree,
  task: GlueTask,
  options?: ReadGlueOptions,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const record of (await readGlue(source, task, options)).records()) {
    if ('kind' in record) lines.push(`${record.key}: ${record.cause}`);
    else lines.push([record.index, ...record.texts, record.label ?? '?'].join(' | '));
  }
  return lines;
}

describe('the folder as published', () => {
  const expected: [GlueTask, GlueSplit, string[]][] = [
    [
      'cola',
      'train',
      ['0 | The cat sat "on the mat. | 1', '1 | Cat the mat sat. | 0', '2 | What did "he" see? | 1'],
    ],
    ['cola', 'dev', ['0 | Birds sing. | 1', '1 | Sing birds the. | 0']],
    ['cola', 'test', ['0 | A dog barked. | ?', '1 | Barked dog "a. | ?']],
    ['sst2', 'train', ['0 | a joy to watch  | 1', '1 | "dull , dull , dull | 0']],
    ['sst2', 'dev', ['0 | no fun | 0']],
    ['sst2', 'test', ['0 | fine acting | ?']],
    ['mrpc', 'train', ['0 | He said "no. | He refused. | 1', '2 | They left. | They went away. | 1']],
    ['mrpc', 'dev', ['1 | It rained. | It snowed. | 0']],
    ['mrpc', 'test', ['0 | One. | Two. | 0']], // Microsoft's file has the labels
    [
      'qqp',
      'train',
      [
        '0 | How do I cook rice? | How is "rice cooked? | 1',
        'QQP/train.tsv:2: bad row',
        'QQP/train.tsv:3: bad row',
        '3 | What is tea? | What is coffee? | 0',
        '4 |  | Is anybody there? | 0',
      ],
    ],
    ['qqp', 'dev', ['0 | Who are you? | What are you? | 0']],
    ['qqp', 'test', ['0 | Where? | When? | ?']],
    [
      'stsb',
      'train',
      ['0 | A man sings. | A man is singing. | 5', '1 | Rain. | Sun. | 0.8', 'STS-B/train.tsv:3: bad label'],
    ],
    ['stsb', 'dev', ['0 | A plane. | An aeroplane. | 4.75']],
    ['stsb', 'test', ['0 | A girl. | A boy. | ?']],
    ['mnli', 'train', ['0 | He "sleeps. | He rests. | 0', '1 | It is late. | It is early. | 2']],
    ['mnli', 'dev_matched', ['0 | A. | B. | 1', 'MNLI/dev_matched.tsv:2: no gold label']],
    ['mnli', 'dev_mismatched', ['0 | E. | F. | 0']],
    ['mnli', 'test_matched', ['0 | G. | H. | ?']],
    ['mnli', 'test_mismatched', ['0 | I. | J. | ?']],
    ['qnli', 'train', ['0 | Who wrote it? | "Ann wrote it. | 0', '1 | When? | It is blue. | 1']],
    ['qnli', 'dev', ['0 | How? | By train. | 0']],
    ['qnli', 'test', ['0 | Why? | Because. | ?']],
    ['rte', 'train', ['0 | No one left. | All stayed. | 0', '1 | It is "red. | It is blue. | 1']],
    ['rte', 'dev', ['0 | Up. | Down. | 1']],
    ['rte', 'test', ['0 | Left. | Right. | ?']],
    [
      'wnli',
      'train',
      ['0 | I put the pin in it. | The pin is in it. | 1', '1 | Tom thanked Tim. | Tim thanked. | 0'],
    ],
    ['wnli', 'dev', ['0 | A. | B. | 0']],
    ['wnli', 'test', ['0 | C. | D. | ?']],
    ['ax', 'test', ['0 | Not all. | Some. | ?']],
  ];

  it.each(expected)('%s, %s', async (task, split, lines) => {
    expect(await read(folder, task, { split })).toEqual(lines);
  });

  it('has every split of the table, and entailment is what its number says', () => {
    const splits = Object.entries(GLUE).flatMap(([task, { splits }]) =>
      Object.keys(splits).map((split) => `${task} ${split}`),
    );
    expect(expected.map(([task, split]) => `${task} ${split}`).sort()).toEqual(splits.sort());
    const entailment = (['rte', 'qnli', 'mnli', 'wnli'] as const).map((task) => {
      const { targets } = GLUE[task];
      return targets.kind === 'classes' && targets.labels.indexOf('entailment');
    });
    expect(entailment).toEqual([0, 0, 0, 1]);
  });

  it('gives whole records', async () => {
    const source = await readGlue(folder, 'rte', { split: 'train' });
    expect(source).toMatchObject({ name: 'RTE train', task: 'rte', split: 'train' });
    const records = [];
    for await (const record of source.records()) records.push(record);
    expect(records[0]).toEqual({
      key: 'RTE/train.tsv:1',
      index: 0,
      texts: ['No one left.', 'All stayed.'],
      label: 0,
    });
  });

  it('says what a corrupt row lacks', async () => {
    const details: string[] = [];
    for await (const record of (await readGlue(folder, 'qqp', { split: 'train' })).records()) {
      if ('kind' in record) details.push(record.detail);
    }
    expect(details[0]).toBe('no question2; the row has id, qid1, qid2, question1');
  });
});

describe('one file', () => {
  it('knows the split by its name', async () => {
    const one = (name: string): ByteFile => memoryFile(name, GLUE_FILES[name]!);
    expect(await read(one('CoLA/dev.tsv'), 'cola')).toEqual([
      '0 | Birds sing. | 1',
      '1 | Sing birds the. | 0',
    ]);
    expect(await read(one('CoLA/test.tsv'), 'cola')).toHaveLength(2);
    expect(await read(one('MNLI/dev_mismatched.tsv'), 'mnli')).toEqual(['0 | E. | F. | 0']);
    const devIds = one('MRPC/mrpc_dev_ids.tsv');
    const mrpc = one('MRPC/msr_paraphrase_train.txt');
    expect(await read(mrpc, 'mrpc', { devIds })).toHaveLength(2);
    expect(await read(mrpc, 'mrpc', { devIds, split: 'dev' })).toHaveLength(1);
  });

  it('reads JSON lines with the fields of Hugging Face', async () => {
    const lines = [
      { premise: 'A "b', hypothesis: 'c', label: 2, idx: 17 },
      { premise: 'D', hypothesis: 'e', label: 'neutral', idx: 18 },
      { premise: 'F', hypothesis: 'g', label: -1, idx: 19 },
      { premise: 'F', hypothesis: 'g', label: 'perhaps' },
      { premise: 'F', label: 1 },
    ];
    const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"premise":`;
    expect(await read(memoryFile('validation_matched.jsonl', text), 'mnli')).toEqual([
      '17 | A "b | c | 2',
      '18 | D | e | 1',
      'validation_matched.jsonl:3: no label',
      'validation_matched.jsonl:4: unknown label',
      'validation_matched.jsonl:5: bad row',
      'validation_matched.jsonl:6: bad JSON',
    ]);
    const hidden = memoryFile('test.jsonl', '{"sentence1":"a","sentence2":"b","label":-1,"idx":0}');
    expect(await read(hidden, 'rte')).toEqual(['0 | a | b | ?']);
  });

  it('reads CSV with quotes, as tables are exported', async () => {
    const text = 'sentence,label,idx\n"a ""b"", c",1,5\nplain,0,6\n';
    expect(await read(memoryFile('train.csv', text), 'sst2')).toEqual(['5 | a "b", c | 1', '6 | plain | 0']);
  });

  it('reads Parquet, of which labels are integers of 64 bits or floats', async () => {
    const file = (columns: { [name: string]: ColumnType }, rows: { [name: string]: string | number }[]) =>
      memoryFile('train-00000-of-00001.parquet', makeParquet({ columns, groups: [rows] }));
    const pairs = { sentence1: 'text', sentence2: 'bytes', idx: 'int64' } as const;
    const rte = file({ ...pairs, label: 'int64' }, [{ sentence1: 'é', sentence2: 'ü', label: 1, idx: 3 }]);
    expect(await read(rte, 'rte')).toEqual(['3 | é | ü | 1']);
    const stsb = file({ ...pairs, label: 'float' }, [
      { sentence1: 'a', sentence2: 'b', label: 2.75, idx: 0 },
    ]);
    expect(await read(stsb, 'stsb')).toEqual(['0 | a | b | 2.75']);
    const other = file({ text: 'text' }, [{ text: 'x' }]);
    expect(await read(other, 'rte')).toEqual(['train-00000-of-00001.parquet: bad row']);
  });

  it('counts on over several files', async () => {
    const part = (name: string): ByteFile =>
      memoryFile(name, '{"sentence":"a","label":1}\n{"sentence":"b","label":0}');
    expect(await read([part('train-0.jsonl'), part('train-1.jsonl')], 'cola', { split: 'train' })).toEqual([
      ...['0 | a | 1', '1 | b | 0', '2 | a | 1', '3 | b | 0'],
    ]);
  });

  it('tells of a file that breaks off or is not there', async () => {
    const absent: ByteFile = {
      name: 'dev.tsv',
      stream() {
        throw new Error('ENOENT');
      },
    };
    expect(await read(absent, 'rte')).toEqual(['dev.tsv: shard missing']);
  });

  it('survives whatever a file holds', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('"', '\t', '\n', '\r', ' ', '0', '1', '-', 'a', 'é', '\ufeff'),
    });
    await fc.assert(
      fc.asyncProperty(cell, fc.constantFrom('train.tsv', 'train.jsonl', 'train.csv'), async (text, name) => {
        for (const task of ['cola', 'qqp', 'stsb', 'rte'] as const) {
          const head = name === 'train.jsonl' || task === 'cola' ? '' : 'sentence1\tsentence2\tlabel\n';
          for (const line of await read(memoryFile(name, head + text, { chunk: 3 }), task)) {
            expect(line).toMatch(/^\d+ \| |^train\.\w+(?::\d+)?: /);
          }
        }
      }),
      { seed: 4, numRuns: 60 },
    );
  });

  it('reads back every sentence that a TSV can hold', async () => {
    // What may be taken for a quote, an end of the line, a mark of the encoding or half a character.
    const unit = fc.constantFrom(
      '"',
      ' ',
      ',',
      '-',
      'a',
      'é',
      '漢',
      '🦊',
      '\u0085',
      '\u2028',
      '\ufeff',
      '\0',
    );
    const sentence = fc.string({ unit, minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(sentence, fc.nat(1)), { maxLength: 5 }), async (rows) => {
        const text = rows.map(([said, label]) => `src\t${label}\t\t${said}\n`).join('');
        const lines = await read(memoryFile('train.tsv', text), 'cola');
        expect(lines).toEqual(rows.map(([said, label], i) => `${i} | ${said} | ${label}`));
      }),
      { seed: 5, numRuns: 40 },
    );
  });
});

describe('folders', () => {
  it('are GLUE, a copy of Hugging Face, or one task alone', async () => {
    const rte = GLUE_FILES['RTE/dev.tsv']!;
    const line = '{"sentence1":"Up.","sentence2":"Down.","label":1,"idx":0}';
    for (const files of [
      { 'RTE/dev.tsv': rte, 'RTE/dev.tsv.bak': 'x', 'QNLI/dev.tsv': 'x' },
      { 'rte/validation.jsonl': line, 'rte/train.jsonl': 'x' },
      { 'dev.tsv': rte, 'train.tsv': 'x' },
    ]) {
      expect(await read(memoryTree(files), 'rte', { split: 'dev' })).toEqual(['0 | Up. | Down. | 1']);
    }
    const shards = { 'validation-00000-of-00002.parquet': 0, 'validation-00001-of-00002.parquet': 1 };
    const tree = memoryTree(
      Object.fromEntries(
        Object.entries(shards).map(([name, label]) => [
          `rte/${name}`,
          makeParquet({
            columns: { sentence1: 'text', sentence2: 'text', label: 'int64', idx: 'int64' },
            groups: [[{ sentence1: 'a', sentence2: 'b', label, idx: label }]],
          }),
        ]),
      ),
    );
    expect(await read(tree, 'rte', { split: 'dev' })).toEqual(['0 | a | b | 0', '1 | a | b | 1']);
    expect(
      await read(memoryTree({ 'diagnostic/diagnostic.tsv': GLUE_FILES['AX/AX.tsv']! }), 'ax'),
    ).toHaveLength(1);
  });

  it('without the file are told what was looked for', async () => {
    await expect(readGlue(memoryTree({ 'CoLA/train.tsv': '' }), 'cola', { split: 'dev' })).rejects.toThrow(
      'readGlue: cola: no file of the split dev among 1 files. Looked for CoLA/dev.tsv, cola/validation-00000-of-00001.parquet',
    );
    const { 'MRPC/mrpc_dev_ids.tsv': _, ...without } = GLUE_FILES;
    await expect(readGlue(memoryTree(without), 'mrpc', { split: 'dev' })).rejects.toThrow(
      'mrpc: MRPC/msr_paraphrase_train.txt holds train and dev together. Put mrpc_dev_ids.tsv beside it',
    );
  });
});

describe('what cannot be meant', () => {
  it('is refused', async () => {
    await expect(readGlue(folder, 'snli' as GlueTask)).rejects.toThrow(
      'readGlue: expected a task of GLUE, one of cola, sst2',
    );
    await expect(readGlue(folder, 'rte')).rejects.toThrow(
      'readGlue: rte: split: expected one of train, dev, test, got none, and no name that says it.',
    );
    await expect(readGlue(folder, 'mnli', { split: 'dev' })).rejects.toThrow(
      'split: expected one of train, dev_matched, dev_mismatched, test_matched, test_mismatched, got "dev".',
    );
    await expect(readGlue([], 'rte', { split: 'dev' })).rejects.toThrow('expected at least one file');
    await expect(readGlue(folder, 'rte', { shard: 1 } as ReadGlueOptions)).rejects.toThrow(
      'unknown option shard',
    );
  });

  it('ends when the list of MRPC cannot be read', async () => {
    const tree = memoryTree({ ...GLUE_FILES, 'MRPC/mrpc_dev_ids.tsv': 'one\ttwo\tthree\n' });
    await expect(read(tree, 'mrpc', { split: 'dev' })).rejects.toThrow(
      'readGlue: mrpc: MRPC/mrpc_dev_ids.tsv:1: line 1: 3 fields, expected 2',
    );
  });
});
