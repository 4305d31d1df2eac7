// `clippo train`: a model from a file of settings, in a folder that a run goes on from.

import { type Command, Option } from 'commander';
import { ENGINES } from './engine.ts';
import type { Terminal } from './terminal.ts';
import type { TrainFlags } from './train-run.ts';

const EXAMPLES = `
The file says what is trained on what, see docs/training.md. The run's folder gets checkpoints, metrics.jsonl and, at
the end, model.safetensors. Ctrl-C ends after the step in hand, with a checkpoint; the same command goes on from there.

Examples:
  $ clippo train --config train.json --dry-run
  $ clippo train --config train.json
  $ clippo train --config train.json --run elsewhere`;

export function addTrain(program: Command, terminal: Terminal): void {
  program
    .command('train')
    .summary('train a model')
    .description('Trains a model on pictures and text, and goes on where it was interrupted.')
    .requiredOption('--config <file>', 'what to train on what, as JSON')
    .option('--run <folder>', 'folder of the run (default: as the config says)')
    .addOption(
      new Option('--engine <name>', 'onnx (ONNX Runtime), a tfjs backend, or auto')
        .choices(ENGINES)
        .default('auto'),
    )
    .option('--dry-run', 'say what would be done, try three steps, and write nothing')
    .option('--json', 'the outcome as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: TrainFlags) => {
      const { runTraining } = await import('./train-run.ts'); // it brings tfjs along
      await runTraining(flags, terminal);
    });
}
