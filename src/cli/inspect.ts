// `clippo inspect`: what a checkpoint file is, which model it holds, and its arrays; or what a data set holds.

import type { Command } from 'commander';
import type { NamedWeights, NdArray } from '../checkpoint/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import type { ClippoConfig } from '../model/index.ts';
import { sizeOf } from '../shape.ts';
import { isData } from './data-source.ts';
import { type InspectDataFlags, inspectData } from './inspect-data.ts';
import { readModelBytes } from './model-bytes.ts';
import { collect, integer, positiveInteger } from './option-values.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  $ clippo inspect clippo_b16.npz
  $ clippo inspect clippo_b16.npz --arrays | grep head
  $ clippo inspect clippo_b16.safetensors --json
  $ clippo inspect 'shards/*.tar' --captions txt --sheet pairs.png
  $ clippo inspect photos --size 96 --rows 3
  $ clippo inspect train.csv --images photos
  $ clippo inspect '{"type":"c4","files":"c4/*.json.gz"}'`;

interface Flags extends InspectDataFlags {
  readonly arrays?: boolean;
}

interface Inspection {
  readonly file: string;
  readonly format: 'npz' | 'safetensors';
  readonly bytes: number;
  /** Where the parameters lie: `params/`, `opt/target/`, or at the top (''). */
  readonly root: string;
  readonly layout: 'loop' | 'scan';
  readonly arrayCount: number;
  readonly parameterCount: number;
  /** undefined when it is no CLIPPO and no ViT */
  readonly config: ClippoConfig | undefined;
  /** Why there is no config. */
  readonly problem?: string;
  readonly arrays: readonly { name: string; dtype: string; shape: readonly number[] }[];
}

export function addInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .summary('tell what a checkpoint or a data set holds')
    .description(
      'Tells what a checkpoint file is, which model it holds, and its arrays. Or counts what a data set holds: examples, what is broken, sizes, texts that do not fit, what is there twice.',
    )
    .argument(
      '<file>',
      'npz or safetensors file, its URL, or the name of a pretrained model; or data: tar, jsonl, csv, tsv, parquet, json, a pattern of such, a folder, or a source in JSON',
    )
    .option('--arrays', 'checkpoint: list every array')
    .option('--captions <place>', 'data: json:FIELD or an extension such as txt; repeat it', collect)
    .option('--images <folder>', 'data: where pictures lie that a table names')
    .option('--size <px>', 'data: side of the pictures', positiveInteger, 224)
    .option('--rows <n>', 'data: rows of 16 px for texts (default: as many as the size has)', positiveInteger)
    .option('--limit <n>', 'data: examples to read, 0 for all', integer, 100_000)
    .option('--sheet <file>', 'data: PNG to write, with ten pairs as the model sees them')
    .option('--json', 'print everything as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: Flags) => {
      if (isData(file)) {
        if (flags.arrays) throw new ConfigError('--arrays: only a checkpoint holds arrays.');
        await inspectData(file, flags, terminal);
        return;
      }
      const forData = (['captions', 'images', 'rows', 'sheet'] as const).filter(
        (name) => flags[name] !== undefined,
      );
      if (forData.length > 0) {
        throw new ConfigError(
          `--${forData.join(', --')}: only for data, and ${file} is taken for a checkpoint.`,
        );
      }
      const inspection = await inspect(file, terminal);
      if (flags.json) await terminal.printJson(inspection);
      else await terminal.print(describe(inspection, flags.arrays === true));
    });
}

async function inspect(file: string, terminal: Terminal): Promise<Inspection> {
  const { parseArrays, readBigVision } = await import('../checkpoint/index.ts');
  const bytes = await readModelBytes(file, terminal);
  terminal.endProgress();
  const stored = parseArrays(bytes);
  const names = [...stored.keys()];
  const root =
    ['params/', 'opt/target/'].find((prefix) => names.some((name) => name.startsWith(prefix))) ?? '';
  const weights = readBigVision(stored);
  return {
    file,
    format: bytes[0] === 0x50 ? 'npz' : 'safetensors', // "PK"; parseArrays accepts nothing else
    bytes: bytes.length,
    root,
    layout: names.some((name) => name.startsWith(root) && name.includes('encoderblock/')) ? 'scan' : 'loop',
    arrayCount: stored.size,
    parameterCount: [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    ...(await configOf(weights)),
    arrays: [...stored].map(([name, { dtype, shape }]: [string, NdArray]) => ({ name, dtype, shape })),
  };
}

async function configOf(weights: NamedWeights): Promise<Pick<Inspection, 'config' | 'problem'>> {
  const { inferConfig } = await import('../model/index.ts');
  const isBare = weights.has('embedding/kernel');
  const tower = isBare ? new Map([...weights].map(([path, array]) => [`img/${path}`, array])) : weights;
  try {
    return { config: inferConfig(tower) };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { config: undefined, problem: error.message };
  }
}

function describe(inspection: Inspection, withArrays: boolean): string {
  const { file, format, bytes, root, layout, config, problem, arrayCount, parameterCount, arrays } =
    inspection;
  const blocks = layout === 'scan' ? 'stacked (scan)' : 'one by one (loop)';
  const rows: (readonly [string, string])[] = [
    ['file', file],
    ['format', `${format}, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${arrayCount} arrays`],
    [
      'parameters',
      `${parameterCount.toLocaleString('en')} under ${root === '' ? 'the root' : root}, blocks ${blocks}`,
    ],
  ];
  if (config === undefined) rows.push(['model', `unknown: ${problem}`]);
  else {
    const { variant } = config;
    rows.push(['variant', typeof variant === 'string' ? variant : JSON.stringify(variant)]);
    rows.push(['picture', `${config.imageSize} x ${config.imageSize} px`]);
    rows.push(['pool', String(config.pool)]);
    rows.push(['embedding', String(config.embeddingDim)]);
  }
  const list = arrays.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(', ')}]`]);
  return table(rows) + (withArrays ? `\n${table(list)}` : '');
}
