// `clippo eval`: the tasks by which a model is measured, each a verb of its own.

import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addExplain } from './explain.ts';
import { addFewShot } from './few-shot.ts';
import { addGap } from './gap.ts';
import { addEvalGlue } from './glue.ts';
import { addLoss } from './loss.ts';
import { addMultilingual } from './multilingual.ts';
import { addRetrieval } from './retrieval.ts';
import { addTokens } from './tokens.ts';
import { addTypographic } from './typographic.ts';
import { addZeroShot } from './zero-shot.ts';

const EXAMPLES = `
clippo eval <task> --help says which published data fit, where they come from, and how to call it.

Examples:
  $ clippo eval zero-shot pets/test --model clippo.npz
  $ clippo eval retrieval dataset_coco.json --images coco --model clippo.npz --out results/coco
  $ clippo eval explain photo.jpg --against "a red car" --model clippo.npz -o seen.png`;

export function addEval(program: Command, terminal: Terminal): void {
  const evaluate = program
    .command('eval')
    .summary('measure a model')
    .description('Measures a model as papers do, the network as it is, and shows what it looks at.')
    .usage('<task> [options]')
    .helpCommand(false)
    .commandsGroup('Tasks, and their data:')
    // One line a task: its flags are told by its own help.
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (task) => [task.name(), ...task.registeredArguments.map(termOf)].join(' '),
    })
    .addHelpText('after', EXAMPLES);
  for (const add of [
    addZeroShot,
    addFewShot,
    addRetrieval,
    addMultilingual,
    addTypographic,
    addEvalGlue,
    addGap,
    addLoss,
    addTokens,
    addExplain,
  ]) {
    add(evaluate, terminal);
  }
}

function termOf(argument: { name(): string; readonly variadic: boolean }): string {
  return `<${argument.name()}${argument.variadic ? '...' : ''}>`;
}
