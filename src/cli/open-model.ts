// The options of every verb that computes with a model, and the model they name.

import { type Command, Option } from 'commander';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import { ConfigError } from '../errors.ts';
import { ENCODING_ENGINES, ENGINES, type Engine, type StartedEngine, startEngine } from './engine.ts';
import { readFonts } from './font-file.ts';
import { installedVersion } from './installed-package.ts';
import { collect, positiveInteger } from './option-values.ts';
import type { Terminal } from './terminal.ts';

/** Which model, and what computes. */
export interface NetworkFlags {
  readonly model: string;
  readonly engine: Engine;
  readonly font?: readonly string[];
}

export interface ModelFlags extends NetworkFlags {
  readonly precision: 'fp32' | 'int8';
  readonly batchSize: number;
}

const MODEL = ['--model <checkpoint>', 'npz or safetensors file, its URL, or a name such as emoji'] as const;

/** Of a verb that trains, or with `optional: true` one that may find the model elsewhere. */
export function addNetworkOptions(
  command: Command,
  {
    optional = false,
    engines = ENGINES,
  }: { readonly optional?: boolean; readonly engines?: readonly Engine[] } = {},
): Command {
  return (optional ? command.option(...MODEL) : command.requiredOption(...MODEL))
    .addOption(
      new Option(
        '--engine <name>',
        'onnx (ONNX Runtime), a tfjs backend, or auto: the fastest installed that needs no GPU',
      )
        .choices(engines)
        .default('auto'),
    )
    .option(
      '--font <file>',
      'draw text with this font (.hex, .hex.gz, .ttf, .otf, .woff; exact: that of the published models); repeat it for fallbacks',
      collect,
    );
}

export function addModelOptions(command: Command, options: { readonly optional?: boolean } = {}): Command {
  return addNetworkOptions(command, { ...options, engines: ENCODING_ENGINES })
    .addOption(
      new Option('--precision <type>', 'int8 is twice as fast, a little less exact, and needs onnx')
        .choices(['fp32', 'int8'])
        .default('fp32'),
    )
    .option('--batch-size <n>', 'inputs that go through the network together', positiveInteger, 32);
}

/**
 * Loads the model, hands it to `use`, with ONNX Runtime if that computes, and frees it, whatever happens.
 *
 * @param flags - `imageSize` in px, where it is not to be the model's own
 */
export async function withModel<T>(
  flags: NetworkFlags & Partial<Pick<ModelFlags, 'precision'>> & { readonly imageSize?: number },
  terminal: Terminal,
  use: (model: ClippoModel, runtime: OrtRuntime | undefined) => Promise<T>,
): Promise<T> {
  const { imageSize } = flags;
  const { signal, onProgress, note: onWarning } = terminal;
  const font = await readFonts(flags.font, terminal);
  const started = await startEngineFor(flags);
  const { ClippoModel } = await import('../clippo-model.ts');
  const { isPretrainedName } = await import('../checkpoint/index.ts');
  const options = {
    ...{ signal, onProgress },
    ...(font && { render: { font } }),
    ...(imageSize !== undefined && { imageSize }),
  };
  const model = isPretrainedName(flags.model)
    ? await ClippoModel.fromPretrained(flags.model, { ...options, onWarning })
    : await ClippoModel.load(flags.model, options);
  try {
    await useEngine(model, started, flags, terminal);
    return await use(model, started.runtime);
  } finally {
    model.dispose();
  }
}

/** Has the engine compute the model, and says which one it is. */
export async function useEngine(
  model: ClippoModel,
  { backend, runtime }: StartedEngine,
  { engine, precision = 'fp32' }: EngineFlags,
  terminal: Terminal,
): Promise<void> {
  if (runtime === undefined) {
    const advice = engine === 'auto' ? ' Many times as fast: npm install onnxruntime-node' : '';
    terminal.note(`Engine: tfjs ${backend}.${advice}`);
    return;
  }
  await model.compile(runtime, { precision });
  const { cosine } = model.compileReport ?? {};
  const loss = cosine === undefined ? '' : ` (cosine to fp32: ${cosine.toFixed(4)})`;
  const where = engine === 'onnx-webgpu' ? ' on WebGPU' : '';
  terminal.note(`Engine: ONNX Runtime ${installedVersion('onnxruntime-node')}${where}, ${precision}${loss}.`);
}

export type EngineFlags = Pick<NetworkFlags, 'engine'> & Partial<Pick<ModelFlags, 'precision'>>;

/** @throws ConfigError when the engine cannot do that precision, BackendError when it is not there */
export function startEngineFor({ engine, precision = 'fp32' }: EngineFlags): Promise<StartedEngine> {
  if (precision === 'int8' && engine !== 'auto' && engine !== 'onnx') {
    throw new ConfigError(`--precision int8 is not for --engine ${engine}. Leave one of them out.`);
  }
  return startEngine(precision === 'int8' ? 'onnx' : engine); // int8 leaves no choice
}
