// `clippo finetune`: classifiers on top of a model, each kind of data a verb of its own.

import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addGlue } from './glue.ts';
import { addLabels } from './labels.ts';
import { addVqa } from './vqa.ts';

const EXAMPLES = `
The folder of --run gets checkpoints, report.html and classifier.safetensors. Ctrl-C ends after the step in hand; the same
command goes on from there. clippo classify --classifier uses what was learned.

Examples:
  $ clippo finetune labels pets/train --dev pets/val --model clippo.npz --run pets
  $ clippo finetune glue rte glue_data --model clippo.npz --run results/rte
  $ clippo finetune vqa --help`;

export function addFinetune(program: Command, terminal: Terminal): void {
  const finetune = program
    .command('finetune')
    .summary('train a classifier on top of a model')
    .description('Trains a model, or a head on top of it, to give answers of your own.')
    .usage('<kind> [options]')
    .helpCommand(false)
    .commandsGroup('Kinds of data:')
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (kind) =>
        [kind.name(), ...kind.registeredArguments.map((each) => `<${each.name()}>`)].join(' '),
    })
    .addHelpText('after', EXAMPLES);
  for (const add of [addLabels, addGlue, addVqa]) add(finetune, terminal);
}
