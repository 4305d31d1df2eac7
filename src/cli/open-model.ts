// The options of every verb that computes with a model, and the model they name.

import { type Command, Option } from 'commander';
import type { ClippoModel } from '../clippo-model.ts';
import { ENGINES, type Engine, startEngine } from './engine.ts';
import { readFonts } from './font-file.ts';
import { collect, positiveInteger } from './option-values.ts';
import type { Terminal } from './terminal.ts';

export interface ModelFlags {
  readonly model: string;
  readonly backend?: Engine;
  readonly font?: readonly string[];
  readonly batchSize: number;
}

export function addModelOptions(command: Command): Command {
  return command
    .requiredOption('--model <checkpoint>', 'npz or safetensors file, or its URL')
    .addOption(
      new Option('--backend <engine>', 'tfjs backend (default: the fastest installed)').choices(ENGINES),
    )
    .option(
      '--font <file>',
      'draw text with this font (.hex, .hex.gz, .ttf, .otf, .woff); repeat it for fallbacks',
      collect,
    )
    .option('--batch-size <n>', 'inputs that go through the network together', positiveInteger, 32);
}

/** Loads the model, hands it to `use` and frees it, whatever happens. */
export async function withModel<T>(
  flags: ModelFlags,
  terminal: Terminal,
  use: (model: ClippoModel) => Promise<T>,
): Promise<T> {
  const font = await readFonts(flags.font);
  const engine = await startEngine(flags.backend);
  const advice =
    engine === 'cpu' ? ' For some ten times the speed: npm install @tensorflow/tfjs-backend-wasm' : '';
  terminal.note(`Engine: tfjs ${engine}.${flags.backend === undefined ? advice : ''}`);
  const { ClippoModel } = await import('../clippo-model.ts');
  const { signal, onProgress } = terminal;
  const model = await ClippoModel.load(flags.model, {
    signal,
    onProgress,
    ...(font && { render: { font } }),
  });
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}
