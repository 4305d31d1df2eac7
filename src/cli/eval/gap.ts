// `clippo eval gap`: how far apart pictures and captions lie in the common space.

import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addCaptionedOptions, CAPTIONED_DATA, type CaptionedFlags, openCaptioned } from './captioned-data.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';

const EXAMPLES = `
Values: distance is that of the two centres, 0 to 2; explained1 and explained2 are the shares of the variance along the
two axes of the scatter that the report shows. The first caption of each picture counts. Data as for
clippo eval retrieval.

Examples:
  $ clippo eval gap dataset_coco.json --images coco --model clippo.npz --out results/gap
  $ clippo eval gap 'shards/*.tar' --model clippo.npz --json`;

export function addGap(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('gap')
    .summary('how far pictures lie from captions: as retrieval')
    .description('Measures the modality gap: how far the pictures as a whole lie from their captions.')
    .argument('<data>', CAPTIONED_DATA);
  addEvaluationOptions(addCaptionedOptions(command))
    .addHelpText('after', EXAMPLES)
    .action(async (data: string, flags: EvaluationFlags & CaptionedFlags) => {
      const source = await openCaptioned(data, flags, terminal);
      const { modalityGapOf } = await import('../../eval/index.ts'); // it brings tfjs along
      await runEvaluation(flags, terminal, (options) => modalityGapOf({ ...options, source }));
    });
}
