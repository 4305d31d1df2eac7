// The options of every verb that computes with a model, and the model they name.

import { type Command, Option } from 'commander';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import { ConfigError } from '../errors.ts';
import { ENGINES, type Engine, startEngine } from './engine.ts';
import { readFonts } from './font-file.ts';
import { installedVersion } from './installed-package.ts';
import { collect, positiveInteger } from './option-values.ts';
import type { Terminal } from './terminal.ts';

export interface ModelFlags {
  readonly model: string;
  readonly engine: Engine;
  readonly precision: 'fp32' | 'int8';
  readonly font?: readonly string[];
  readonly batchSize: number;
}

export function addModelOptions(command: Command): Command {
  return command
    .requiredOption('--model <checkpoint>', 'npz or safetensors file, its URL, or a name such as emoji')
    .addOption(
      new Option('--engine <name>', 'onnx (ONNX Runtime), a tfjs backend, or auto: the fastest installed')
        .choices(ENGINES)
        .default('auto'),
    )
    .addOption(
      new Option('--precision <type>', 'int8 is twice as fast, a little less exact, and needs onnx')
        .choices(['fp32', 'int8'])
        .default('fp32'),
    )
    .option(
      '--font <file>',
      'draw text with this font (.hex, .hex.gz, .ttf, .otf, .woff); repeat it for fallbacks',
      collect,
    )
    .option('--batch-size <n>', 'inputs that go through the network together', positiveInteger, 32);
}

/** Loads the model, hands it to `use`, with ONNX Runtime if that computes, and frees it, whatever happens. */
export async function withModel<T>(
  flags: ModelFlags,
  terminal: Terminal,
  use: (model: ClippoModel, runtime: OrtRuntime | undefined) => Promise<T>,
): Promise<T> {
  const { precision } = flags;
  if (precision === 'int8' && (flags.engine === 'wasm' || flags.engine === 'cpu')) {
    throw new ConfigError(`--precision int8 is not for --engine ${flags.engine}. Leave one of them out.`);
  }
  const font = await readFonts(flags.font);
  // int8 leaves no choice.
  const { backend, runtime } = await startEngine(precision === 'int8' ? 'onnx' : flags.engine);
  const { ClippoModel } = await import('../clippo-model.ts');
  const { isPretrainedName } = await import('../checkpoint/index.ts');
  const { signal, onProgress } = terminal;
  const options = { signal, onProgress, ...(font && { render: { font } }) };
  const model = isPretrainedName(flags.model)
    ? await ClippoModel.fromPretrained(flags.model, options)
    : await ClippoModel.load(flags.model, options);
  try {
    if (runtime === undefined) {
      const advice = flags.engine === 'auto' ? ' Many times as fast: npm install onnxruntime-node' : '';
      terminal.note(`Engine: tfjs ${backend}.${advice}`);
    } else {
      await model.compile(runtime, { precision });
      const { cosine } = model.compileReport ?? {};
      const loss = cosine === undefined ? '' : ` (cosine to fp32: ${cosine.toFixed(4)})`;
      terminal.note(`Engine: ONNX Runtime ${installedVersion('onnxruntime-node')}, ${precision}${loss}.`);
    }
    return await use(model, runtime);
  } finally {
    model.dispose();
  }
}
