// `clippo convert`: a checkpoint → the other file format, or the other layout of its blocks. By default the
// parameters alone, under their present names; `--all` copies every array as it is.

import { realpath } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConfigError } from '../errors.ts';
import { writeFile } from '../node/index.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
The format of OUT follows from its name (.npz or .safetensors), that of IN from its first bytes. Numbers are copied
bit for bit. Parameters are found among a training checkpoint's other arrays, old names become the present ones, and
blocks are written one by one (encoderblock_0, encoderblock_1, ...) unless --scan stacks them.

Examples:
  $ clippo convert clippo_b16.npz clippo_b16.safetensors     # 540 MiB with the optimiser, 357 without
  $ clippo convert clippo_b16.safetensors stacked.npz --scan
  $ clippo convert training.npz training.safetensors --all`;

interface Flags {
  readonly all?: boolean;
  readonly scan?: boolean;
  readonly loop?: boolean;
}

export function addConvert(program: Command, terminal: Terminal): void {
  program
    .command('convert')
    .summary('rewrite a checkpoint as npz or safetensors')
    .description('Rewrites a checkpoint in another format or layout.')
    .argument('<in>', 'npz or safetensors file, or its URL')
    .argument('<out>', '.npz or .safetensors file')
    .option('--all', 'every array as it is, the optimiser state too')
    .option('--scan', 'stack the blocks along a leading axis')
    .option('--loop', 'one group of arrays a block (default)')
    .addHelpText('after', EXAMPLES)
    .action((from: string, to: string, flags: Flags) => convert(from, to, flags, terminal));
}

async function convert(from: string, to: string, flags: Flags, terminal: Terminal): Promise<void> {
  const isNpz = checkFormat(to) === 'npz';
  if (Number(flags.all ?? 0) + Number(flags.scan ?? 0) + Number(flags.loop ?? 0) > 1) {
    throw new ConfigError('--all, --scan and --loop exclude each other: --all leaves the layout as it is.');
  }
  if (await isSameFile(from, to))
    throw new ConfigError(`${from} and ${to} are the same file. Give another name for the result.`);

  const { npzChunks, parseArrays, readBigVision, readSource, safetensorsChunks, toScanLayout } = await import(
    '../checkpoint/index.ts'
  );
  const { signal, onProgress } = terminal;
  const bytes = await readSource(from, { signal, onProgress });
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

function checkFormat(path: string): 'npz' | 'safetensors' {
  const [, format] = /\.(npz|safetensors)$/i.exec(path) ?? [];
  if (format === undefined)
    throw new ConfigError(`${path}: expected a name that ends in .npz or .safetensors.`);
  return format.toLowerCase() === 'npz' ? 'npz' : 'safetensors';
}

/** Also through links and different spellings. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => realpath(path).catch(() => undefined)));
  return first !== undefined && first === second;
}
