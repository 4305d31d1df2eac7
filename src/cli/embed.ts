// `clippo embed`: pictures and texts → an index of vectors, written as they come.

import type { Command } from 'commander';
import type { ClippoModel } from '../clippo-model.ts';
import { ConfigError, DataError } from '../errors.ts';
import { writeFile } from '../node/index.ts';
import type { Raster } from '../raster/index.ts';
import {
  formatRow,
  type IndexedInput,
  type IndexRow,
  indexFormat,
  type Sidecar,
  sidecarPath,
} from './embedding-index.ts';
import { addModelOptions, type ModelFlags, withModel } from './open-model.ts';
import { readLines } from './option-values.ts';
import { complainAboutSkipped, readPicture } from './pictures.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
A line of JSON an input: {"input": "cat.jpg", "kind": "image", "embedding": [0.0123, ...]}.
An .npy file gets a .json beside it that lists the inputs. A picture that cannot be read is skipped;
everything else is written and the exit code is 1.

Examples:
  $ clippo embed photos/*.jpg --model clippo.npz -o photos.jsonl
  $ clippo embed --text "a cat" "a dog" --model clippo.npz
  $ clippo embed --text-file captions.txt --model clippo.npz -o captions.npy`;

interface Flags extends ModelFlags {
  readonly text?: readonly string[];
  readonly textFile?: string;
  readonly output: string;
  readonly normalize: boolean;
}

export function addEmbed(program: Command, terminal: Terminal): void {
  const command = program
    .command('embed')
    .summary('turn pictures and texts into vectors')
    .description('Turns pictures and texts into vectors of one space.')
    .argument('[files...]', 'pictures')
    .option('--text <text...>', 'texts, a vector each')
    .option('--text-file <file>', 'a text a line, - for stdin')
    .option('-o, --output <file>', '.jsonl or .npy, - for JSON lines on stdout', '-')
    .option('--no-normalize', 'keep the length the network gives (default: length 1)');
  addModelOptions(command).addHelpText('after', EXAMPLES);
  command.action((files: readonly string[], flags: Flags) => embed(files, flags, terminal));
}

async function embed(files: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const format = flags.output === '-' ? 'jsonl' : indexFormat(flags.output);
  const texts = [...(flags.text ?? [])];
  if (flags.textFile !== undefined) texts.push(...(await readLines(flags.textFile, terminal)));
  const inputs: IndexedInput[] = [
    ...files.map((input) => ({ input, kind: 'image' as const })),
    ...texts.map((input) => ({ input, kind: 'text' as const })),
  ];
  if (inputs.length === 0)
    throw new ConfigError('Nothing to embed. Give picture files, --text or --text-file.');

  await withModel(flags, terminal, async (model) => {
    const rows = embedRows(model, inputs, flags, terminal);
    const written =
      format === 'npy'
        ? await writeNpy(rows, model, flags, terminal)
        : await writeLines(rows, flags, terminal);
    terminal.endProgress();
    const target = flags.output === '-' ? '' : ` in ${flags.output}`;
    terminal.note(`${written} vectors of ${model.config.embeddingDim}${target}.`);
    complainAboutSkipped(inputs.length - written, files.length);
  });
}

/**
 * A row for every input that can be read, in order.
 *
 * @throws DataError when there is none: an index of nothing must not take the place of an old one
 */
async function* embedRows(
  model: ClippoModel,
  inputs: readonly IndexedInput[],
  { batchSize, normalize, output }: Flags,
  terminal: Terminal,
): AsyncGenerator<IndexRow> {
  const { signal, onProgress } = terminal;
  let count = 0;
  for (let start = 0; start < inputs.length; start += batchSize) {
    const readable: IndexedInput[] = [];
    const ready: (string | Raster)[] = [];
    for (const item of inputs.slice(start, start + batchSize)) {
      const { input, kind } = item;
      const value = kind === 'text' ? input : await readPicture(input, model.config.imageSize, terminal);
      if (value === undefined) continue;
      readable.push(item);
      ready.push(value);
    }
    const embeddings = await model.encode(ready, { batchSize, normalize, signal });
    count += readable.length;
    for (const [i, item] of readable.entries()) yield { ...item, embedding: embeddings.row(i) };
    const done = Math.min(start + batchSize, inputs.length);
    onProgress({ stage: 'embed', done, total: inputs.length, unit: 'inputs' });
  }
  if (count === 0) {
    const target = output === '-' ? 'nothing is' : `${output} is not`;
    throw new DataError(
      `None of the ${inputs.length} pictures could be read (listed above); ${target} written.`,
    );
  }
}

/** @returns the number of rows */
async function writeLines(
  rows: AsyncIterable<IndexRow>,
  { output }: Flags,
  terminal: Terminal,
): Promise<number> {
  let count = 0;
  async function* lines(): AsyncGenerator<Uint8Array> {
    for await (const row of rows) {
      count++;
      yield Buffer.from(formatRow(row));
    }
  }
  if (output === '-') for await (const line of lines()) await terminal.print(line);
  else await writeFile(output, lines(), { signal: terminal.signal });
  return count;
}

/** A matrix begins with its size, so its rows are collected first. */
async function writeNpy(
  rows: AsyncIterable<IndexRow>,
  model: ClippoModel,
  flags: Flags,
  { signal }: Terminal,
): Promise<number> {
  const inputs: IndexedInput[] = [];
  const vectors: Float32Array[] = [];
  for await (const { input, kind, embedding } of rows) {
    inputs.push({ input, kind });
    vectors.push(embedding);
  }
  const dim = model.config.embeddingDim;
  const data = new Float32Array(vectors.length * dim);
  vectors.forEach((vector, i) => {
    data.set(vector, i * dim);
  });
  const sidecar: Sidecar = {
    model: flags.model,
    normalized: flags.normalize,
    count: inputs.length,
    dim,
    inputs,
  };
  const { npyChunks } = await import('../checkpoint/index.ts');
  await writeFile(flags.output, npyChunks({ shape: [inputs.length, dim], data }), { signal });
  await writeFile(sidecarPath(flags.output), [Buffer.from(`${JSON.stringify(sidecar, null, 2)}\n`)], {
    signal,
  });
  return inputs.length;
}
