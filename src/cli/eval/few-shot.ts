// `clippo eval few-shot`: a linear classifier on a few pictures of every class.

import { type Command, Option } from 'commander';
import { integers, positiveNumber } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';
import { addLabelledOptions, type LabelledFlags, openLabelled } from './labelled-data.ts';

const EXAMPLES = `
Data as for clippo eval zero-shot, without texts. Of <train> only those pictures are read that some seed chooses.

Examples:
  $ clippo eval few-shot imagenet/train imagenet/val --model clippo.npz
  $ clippo eval few-shot train.bin test.bin --classes fine_label_names.txt --shots 1,5,10 --model clippo.npz
  $ clippo eval few-shot 'data_batch_{1..5}.bin' test_batch.bin --classes batches.meta.txt --model clippo.npz`;

interface Flags extends EvaluationFlags, LabelledFlags {
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  readonly l2: number;
}

export function addFewShot(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('few-shot')
    .summary('classes from a few pictures of each: the same data')
    .description(
      'Tells how many pictures a linear classifier gets right that has seen a few of every class: ridge regression on what the head reads, as big_vision does it.',
    )
    .argument('<train>', 'labelled pictures of which the few are taken')
    .argument('<test>', 'labelled pictures that are classified, of the same classes');
  addLabelledOptions(command)
    .addOption(
      new Option('--shots <list>', 'pictures of each class, a result for each number')
        .argParser(integers)
        .default([10], '10'),
    )
    .addOption(
      new Option('--seeds <list>', 'which pictures; the mean over the seeds is reported')
        .argParser(integers)
        .default([0, 1, 2], '0,1,2'),
    )
    .option('--l2 <n>', 'weight of the ridge', positiveNumber, 1024);
  addEvaluationOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (trainData: string, testData: string, flags: Flags) => {
      const train = await openLabelled(trainData, flags, terminal);
      const test = await openLabelled(testData, flags, terminal);
      const { shots, seeds, l2 } = flags;
      const { fewShot } = await import('../../eval/index.ts'); // it brings tfjs along
      await runEvaluation(flags, terminal, (options) =>
        fewShot({ ...options, train, test, shots, seeds, l2 }),
      );
    });
}
