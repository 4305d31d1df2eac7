// Files for gluebenchmark.com: their names, what stands in them, and that a reader gets back what went in.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GLUE, type GlueSplit, type GlueTask, glueSubmission } from '../../src/tasks/index.ts';

describe('glueSubmission', () => {
  it.each<[GlueTask, number[], string, string[], GlueSplit?]>([
    ['cola', [1, 0], 'CoLA.tsv', ['1', '0']],
    ['sst2', [0], 'SST-2.tsv', ['0']],
    ['mrpc', [1], 'MRPC.tsv', ['1']],
    ['qqp', [0, 1], 'QQP.tsv', ['0', '1']],
    ['stsb', [2.5, -0.25, 5.125, 3.2049], 'STS-B.tsv', ['2.500', '0.000', '5.000', '3.205']],
    ['mnli', [0, 1, 2], 'MNLI-m.tsv', ['entailment', 'neutral', 'contradiction'], 'test_matched'],
    ['mnli', [2], 'MNLI-mm.tsv', ['contradiction'], 'test_mismatched'],
    ['qnli', [0, 1], 'QNLI.tsv', ['entailment', 'not_entailment']],
    ['rte', [1, 0], 'RTE.tsv', ['not_entailment', 'entailment']],
    ['wnli', [1, 0], 'WNLI.tsv', ['1', '0']],
    ['ax', [1], 'AX.tsv', ['neutral']],
  ])('%s', (task, predictions, file, answers, split) => {
    const submission = glueSubmission(task, predictions, split === undefined ? {} : { split });
    const lines = answers.map((answer, i) => `${i}\t${answer}`);
    expect(submission).toEqual({
      file,
      text: `index\tprediction\n${lines.map((line) => `${line}\n`).join('')}`,
    });
  });

  it('goes by the indices of the records', () => {
    const { text } = glueSubmission('cola', [1, 0, 1], { indices: [4, 0, 2] });
    expect(text).toBe('index\tprediction\n0\t0\n2\t1\n4\t1\n');
  });

  it('can be read back', () => {
    const tasks = fc.constantFrom<GlueTask>('qnli', 'rte', 'ax', 'cola', 'wnli');
    fc.assert(
      fc.property(
        tasks,
        fc.uniqueArray(fc.nat(1e6), { minLength: 1 }),
        fc.infiniteStream(fc.nat(1)),
        (task, indices, bits) => {
          const predictions = indices.map(() => bits.next().value as number);
          const { text } = glueSubmission(task, predictions, { indices });
          const { targets } = GLUE[task];
          const labels = targets.kind === 'classes' ? targets.labels : [];
          const lines = text
            .trimEnd()
            .split('\n')
            .slice(1)
            .map((line) => line.split('\t'));
          const read = new Map(
            lines.map(([index, answer]) => [
              Number(index),
              labels.includes(answer!) ? labels.indexOf(answer!) : Number(answer),
            ]),
          );
          expect(indices.map((index) => read.get(index))).toEqual(predictions);
          expect([...read.keys()]).toEqual([...indices].sort((a, b) => a - b));
        },
      ),
      { seed: 6 },
    );
  });

  it('refuses what is no prediction', () => {
    expect(() => glueSubmission('rte', [0, 2])).toThrow(
      'glueSubmission: rte: predictions[1]: expected a label from 0 to 1, got 2.',
    );
    expect(() => glueSubmission('cola', [0.5])).toThrow('predictions[0]: expected a label');
    expect(() => glueSubmission('stsb', [Number.NaN])).toThrow(
      'predictions[0]: expected a finite number, got NaN.',
    );
    expect(() => glueSubmission('mnli', [0])).toThrow('split: expected "test_matched" or "test_mismatched"');
    expect(() => glueSubmission('cola', [0, 1], { indices: [3, 3] })).toThrow(
      'indices[1]: expected an integer from 0 that no other prediction has, got 3.',
    );
    expect(() => glueSubmission('cola', [0, 1], { indices: [3] })).toThrow('expected an index for each of 2');
  });
});
