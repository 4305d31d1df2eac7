// `clippo eval glue`: what is in the vectors of sentences already, by a linear head on a frozen network.

import { type Command, Option } from 'commander';
import { ConfigError } from '../../errors.ts';
import type { GlueTask } from '../../tasks/index.ts';
import { openGlue } from '../glue-data.ts';
import { positiveInteger, positiveNumber } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';

const EXAMPLES = `
Published data: dl.fbaipublicfiles.com/glue/data, or huggingface.co/datasets/nyu-mll/glue. Tasks: cola, sst2, mrpc, qqp,
stsb, mnli, qnli, rte, wnli. Figures of papers are those of fine-tuned networks and higher: clippo finetune glue.

Examples:
  $ clippo eval glue sst2 glue_data --model clippo.npz --out results/sst2
  $ clippo eval glue mnli glue_data --max-train 20000 --model clippo.npz`;

interface Flags extends EvaluationFlags {
  readonly maxTrain?: number;
  readonly separator?: string;
  readonly head: 'ridge' | 'linear' | 'mlp';
  readonly l2?: number;
}

export function addEvalGlue(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('glue')
    .summary('English sentences, a linear head: GLUE')
    .description('Tells how well a head on a frozen network does on the dev set of a task of GLUE.')
    .argument('<task>', 'cola, sst2, mrpc, …')
    .argument('<folder>', 'GLUE, or the folder of the task')
    .addOption(
      new Option('--head <kind>', 'ridge regression, or a head trained by gradients')
        .choices(['ridge', 'linear', 'mlp'])
        .default('ridge'),
    )
    .option('--l2 <n>', 'weight of the ridge (default: 1024)', positiveNumber)
    .option('--max-train <n>', 'examples to learn from, the first ones (default: all)', positiveInteger)
    .option('--separator <word>', 'printed between two sentences (default: [SEP])');
  addEvaluationOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (name: GlueTask, path: string, flags: Flags) => {
      const { head, l2, maxTrain, separator } = flags;
      if (l2 !== undefined && head !== 'ridge') {
        throw new ConfigError('--l2 is for --head ridge. Leave one of them out.');
      }
      const { train, devs } = await openGlue('clippo eval glue', name, path);
      const { evaluateGlue, ridgeHead } = await import('../../eval/index.ts'); // it brings tfjs along
      const { headTrainer } = await import('../../train/index.ts');
      const fitHead = head === 'ridge' ? ridgeHead(l2 === undefined ? {} : { l2 }) : headTrainer({ head });
      await runEvaluation(flags, terminal, (options) =>
        evaluateGlue({
          ...options,
          ...{ train, dev: devs, fitHead },
          ...(maxTrain !== undefined && { maxTrain }),
          ...(separator !== undefined && { separator }),
        }),
      );
    });
}
