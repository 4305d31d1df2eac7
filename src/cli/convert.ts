// `clippo convert`: a checkpoint → the other file format, or the other layout of its blocks, or its network as an ONNX
// file. By default the parameters alone, under their present names; `--all` copies every array as it is.

import { realpath } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConfigError } from '../errors.ts';
import { writeFile } from '../node/index.ts';
import { startBackend } from './engine.ts';
import { readModelBytes } from './model-bytes.ts';
import { writeOnnxFile } from './onnx-file.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
The format of OUT follows from its name (.npz, .safetensors or .onnx), that of IN from its first bytes. Numbers are
copied bit for bit. Parameters are found among a training checkpoint's other arrays, old names become the present ones, and
blocks are written one by one (encoderblock_0, encoderblock_1, ...) unless --scan stacks them.

An .onnx file holds the network for other runtimes: images float32 [batch, S, S, 3] in [-1, 1] to embedding [batch, E],
vectors of length 1. It cannot be converted back. Weights beyond 2 GiB lie beside it, in OUT.data.

Examples:
  $ clippo convert clippo_b16.npz clippo_b16.safetensors     # 540 MiB with the optimiser, 357 without
  $ clippo convert clippo_b16.safetensors stacked.npz --scan
  $ clippo convert training.npz training.safetensors --all
  $ clippo convert clippo_b16.npz clippo_b16.onnx`;

interface Flags {
  readonly all?: boolean;
  readonly scan?: boolean;
  readonly loop?: boolean;
}

export function addConvert(program: Command, terminal: Terminal): void {
  program
    .command('convert')
    .summary('rewrite a checkpoint as npz, safetensors or ONNX')
    .description('Rewrites a checkpoint in another format or layout.')
    .argument('<in>', 'npz or safetensors file, its URL, or the name of a pretrained model')
    .argument('<out>', '.npz, .safetensors or .onnx file')
    .option('--all', 'every array as it is, the optimiser state too')
    .option('--scan', 'stack the blocks along a leading axis')
    .option('--loop', 'one group of arrays a block (default)')
    .addHelpText('after', EXAMPLES)
    .action((from: string, to: string, flags: Flags) => convert(from, to, flags, terminal));
}

async function convert(from: string, to: string, flags: Flags, terminal: Terminal): Promise<void> {
  const format = checkFormat(to);
  const isNpz = format === 'npz';
  if (/\.onnx$/i.test(from)) {
    throw new ConfigError(
      `${from}: an ONNX file holds a program, its weights without their names. Convert the .npz or .safetensors it was made from.`,
    );
  }
  if (Number(flags.all ?? 0) + Number(flags.scan ?? 0) + Number(flags.loop ?? 0) > 1) {
    throw new ConfigError('--all, --scan and --loop exclude each other: --all leaves the layout as it is.');
  }
  if (format === 'onnx' && (flags.all || flags.scan || flags.loop)) {
    throw new ConfigError('--all, --scan and --loop are about arrays; an .onnx file holds the network.');
  }
  if (await isSameFile(from, to))
    throw new ConfigError(`${from} and ${to} are the same file. Give another name for the result.`);
  if (format === 'onnx') return convertToOnnx(from, to, terminal);

  const { npzChunks, parseArrays, readBigVision, safetensorsChunks, toScanLayout } = await import(
    '../checkpoint/index.ts'
  );
  const { signal } = terminal;
  const bytes = await readModelBytes(from, terminal);
  terminal.endProgress();
  const stored = parseArrays(bytes);
  const parameters = flags.all ? stored : readBigVision(stored);
  const arrays = flags.scan ? toScanLayout(parameters) : parameters;
  // As the published files name them; safetensors has the bare path.
  const prefix = isNpz && !flags.all ? 'params/' : '';
  const named = [...arrays].map(([path, array]) => [prefix + path, array] as const);
  await writeFile(to, isNpz ? npzChunks(named) : safetensorsChunks(named), { signal });
  const left = stored.size - parameters.size;
  const rest =
    !flags.all && left > 0
      ? ` ${left} other arrays (optimiser, counters) are left out; --all keeps them.`
      : '';
  terminal.note(`${arrays.size} arrays in ${to}.${rest}`);
}

async function convertToOnnx(from: string, to: string, terminal: Terminal): Promise<void> {
  await startBackend(['cpu', 'wasm']);
  const { ClippoModel } = await import('../clippo-model.ts');
  const { signal } = terminal;
  const model = await ClippoModel.load(await readModelBytes(from, terminal), { signal });
  try {
    terminal.endProgress();
    const { imageSize, embeddingDim } = model.config;
    const { bytes, dataFile } = await writeOnnxFile(model, to, { signal });
    const files = dataFile === undefined ? to : `${to} and ${dataFile}`;
    terminal.note(
      `images [batch, ${imageSize}, ${imageSize}, 3] to embedding [batch, ${embeddingDim}] in ${files}, ${(bytes / 2 ** 20).toFixed(1)} MiB.`,
    );
  } finally {
    model.dispose();
  }
}

function checkFormat(path: string): 'npz' | 'safetensors' | 'onnx' {
  const format = /\.(npz|safetensors|onnx)$/i.exec(path)?.[1]?.toLowerCase();
  if (format === 'npz' || format === 'safetensors' || format === 'onnx') return format;
  throw new ConfigError(`${path}: expected a name that ends in .npz, .safetensors or .onnx.`);
}

/** Also through links and different spellings. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => realpath(path).catch(() => undefined)));
  return first !== undefined && first === second;
}
