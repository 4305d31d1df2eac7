// `clippo finetune labels`: a classifier for labels of one's own, from pictures in folders, tables of texts and the like.

import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { createRandom } from '../../random.ts';
import type { Example } from '../../train/index.ts';
import {
  addLabelledOptions,
  addTextOptions,
  type LabelledFlags,
  openLabelled,
} from '../eval/labelled-data.ts';
import { share } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addFinetuneOptions, type FinetuneFlags, runFinetune } from './finetune-run.ts';

const EXAMPLES = `
Data are those of clippo eval zero-shot: class folders, tables with --texts, CIFAR, tar files with .cls.
The classifier is used by clippo classify --classifier run/classifier.safetensors.

Examples:
  $ clippo finetune labels pets/train --dev pets/val --model clippo.npz --run pets
  $ clippo finetune labels reviews.tsv --texts --classes bad,good --dev-share 0.1 --model emoji --run reviews
  $ clippo finetune labels pets/train --dev pets/val --part head --learning-rate 1e-3,3e-3,1e-2 --model emoji --run pets`;

interface Flags extends FinetuneFlags, LabelledFlags {
  readonly dev?: string;
  readonly devShare?: number;
}

export function addLabels(finetune: Command, terminal: Terminal): void {
  const command = finetune
    .command('labels')
    .summary('labels of your own: class folders, texts')
    .description('Trains a classifier of pictures or texts for labels of your own.')
    .argument('<train>', 'labelled data to learn from')
    .option('--dev <data>', 'labelled data to measure on, by which the best is kept')
    .option('--dev-share <share>', 'share of <train> to hold back in its place', share);
  addFinetuneOptions(addTextOptions(addLabelledOptions(command)))
    .addHelpText('after', EXAMPLES)
    .action(async (trainData: string, flags: Flags) => {
      const { dev: devData, devShare } = flags;
      if (devData !== undefined && devShare !== undefined) {
        throw new ConfigError('--dev-share stands in place of --dev. Leave one of them out.');
      }
      const source = await openLabelled(trainData, flags, terminal);
      const devSource = devData === undefined ? undefined : await openLabelled(devData, flags, terminal);
      await runFinetune(flags, terminal, async () => {
        const { labelledExamples } = await import('../../train/index.ts'); // it brings tfjs along
        const { signal } = terminal;
        const { examples, skipped } = await labelledExamples(source, source.classes, { signal });
        const held = await (devSource && labelledExamples(devSource, source.classes, { signal }));
        const [train, dev] = devShare === undefined ? [examples, held?.examples] : split(examples, devShare);
        return {
          targets: { kind: 'classes', labels: source.classes },
          ...{ train, skipped: [skipped, held?.skipped ?? {}] },
          ...(dev && { dev }),
        };
      });
    });
}

/** As many as asked for, at least one, and the same every time, wherever the data lie. */
function split(examples: readonly Example[], devShare: number): [train: Example[], dev: Example[]] {
  const order = createRandom(0, 'dev').permutation(examples.length);
  const held = new Set(order.subarray(0, Math.max(1, Math.round(devShare * examples.length))));
  return [examples.filter((_, i) => !held.has(i)), examples.filter((_, i) => held.has(i))];
}
