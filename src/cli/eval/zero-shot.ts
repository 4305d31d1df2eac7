// `clippo eval zero-shot`: classification by the names of the classes alone.

import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addPromptOptions, type PromptFlags, promptsOf } from './class-prompts.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';
import { addLabelledOptions, addTextOptions, type LabelledFlags, openLabelled } from './labelled-data.ts';

const EXAMPLES = `
Published data:
  ImageNet   val/ sorted into class folders; --names takes LOC_synset_mapping.txt (two of its classes are called crane),
             or CLIP's names, one a line in the order of the folders
  CIFAR-100  www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz: test.bin, fine_label_names.txt
  CIFAR-10   www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz: test_batch.bin, batches.meta.txt
  many more  huggingface.co/datasets/clip-benchmark, those called wds_…: test/*.tar, classnames.txt
  SST-2      dl.fbaipublicfiles.com/glue/data/SST-2.zip: dev.tsv

Examples:
  $ clippo eval zero-shot imagenet/val --names classnames.txt --model clippo.npz --out results/imagenet
  $ clippo eval zero-shot test.bin --classes fine_label_names.txt --templates clip-best --model clippo.npz
  $ clippo eval zero-shot 'wds_vtab-pets/test/*.tar' --classes classnames.txt --model clippo.npz
  $ clippo eval zero-shot SST-2/dev.tsv --texts --classes negative,positive \\
      --templates "a {} review" --templates "a {} movie review" --model clippo.npz`;

interface Flags extends EvaluationFlags, LabelledFlags, PromptFlags {}

export function addZeroShot(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('zero-shot')
    .summary('classes by name: class folders, CIFAR, tar, texts')
    .description(
      'Tells how many pictures (or texts) lie nearest to the name of their class, without training.',
    )
    .argument(
      '<data>',
      'folder of class folders, .bin files of CIFAR, tar files with .cls, or a table of --texts',
    );
  addEvaluationOptions(addPromptOptions(addTextOptions(addLabelledOptions(command))));
  command.addHelpText('after', EXAMPLES).action(async (data: string, flags: Flags) => {
    const prompts = promptsOf(flags);
    const source = await openLabelled(data, flags, terminal);
    const { zeroShot } = await import('../../eval/index.ts'); // it brings tfjs along
    await runEvaluation(flags, terminal, (options) => zeroShot({ ...options, ...prompts, source }));
  });
}
