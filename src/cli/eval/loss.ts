// `clippo eval loss`: the contrastive loss on data that the model was not trained on.

import type { Command } from 'commander';
import { positiveInteger } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addCaptionedOptions, CAPTIONED_DATA, type CaptionedFlags, openCaptioned } from './captioned-data.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';

const EXAMPLES = `
Values: loss, as in training; ncorrect, the share of the pictures whose nearest text within the batch is theirs; and the
temperature of the model. Compare only what was measured with one batch size. Data as for clippo eval retrieval.

Examples:
  $ clippo eval loss 'held-out/*.tar' --model run/model.safetensors
  $ clippo eval loss dataset_coco.json --images coco --split val --global-batch 4096 --model clippo.npz`;

interface Flags extends EvaluationFlags, CaptionedFlags {
  readonly globalBatch: number;
}

export function addLoss(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('loss')
    .summary('the loss of training on other data: as retrieval')
    .description('Measures the loss of training on data that was not trained on.')
    .argument('<data>', CAPTIONED_DATA);
  addCaptionedOptions(command).option(
    '--global-batch <n>',
    'pairs that are compared with one another',
    positiveInteger,
    1024,
  );
  addEvaluationOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (data: string, flags: Flags) => {
      const source = await openCaptioned(data, flags, terminal);
      const { globalBatch } = flags;
      const { contrastiveValidation } = await import('../../eval/index.ts'); // it brings tfjs along
      await runEvaluation(flags, terminal, (options) =>
        contrastiveValidation({ ...options, source, globalBatch }),
      );
    });
}
