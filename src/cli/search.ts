// `clippo search`: which inputs of an index lie nearest to a text or a picture.

import type { Command } from 'commander';
import { createEmbeddings, type Embeddings, topK } from '../embeddings.ts';
import { ConfigError, DataError } from '../errors.ts';
import { readImage } from '../node/index.ts';
import { type IndexedInput, readIndex } from './embedding-index.ts';
import { addModelOptions, type ModelFlags, withModel } from './open-model.ts';
import { positiveInteger } from './option-values.ts';
import { printable, table } from './table.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Every QUERY is a search of its own: put a sentence into quotes. Scores are cosines. Use the model that made the
index.

Examples:
  $ clippo search photos.jsonl "a red car" --model clippo.npz
  $ clippo search photos.npy "a red car" "a dog at the sea" --model clippo.npz -k 10 --json
  $ clippo search captions.jsonl --image car.jpg --model clippo.npz`;

interface Flags extends ModelFlags {
  readonly image?: readonly string[];
  readonly k: number;
  readonly json?: boolean;
}

export function addSearch(program: Command, terminal: Terminal): void {
  const command = program
    .command('search')
    .summary('find the nearest inputs of an index')
    .description('Finds the inputs of an index that lie nearest to a text or a picture.')
    .argument('<index>', 'what clippo embed wrote: .jsonl, or .npy with its .json beside it')
    .argument('[queries...]', 'texts')
    .option('--image <file...>', 'pictures to search with')
    .option('-k <n>', 'how many to list', positiveInteger, 5)
    .option('--json', 'print the hits as JSON');
  addModelOptions(command).addHelpText('after', EXAMPLES);
  command.action((path: string, texts: readonly string[], flags: Flags) =>
    search(path, texts, flags, terminal),
  );
}

async function search(
  path: string,
  texts: readonly string[],
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const queries: IndexedInput[] = [
    ...texts.map((input) => ({ input, kind: 'text' as const })),
    ...(flags.image ?? []).map((input) => ({ input, kind: 'image' as const })),
  ];
  if (queries.length === 0) throw new ConfigError('Nothing to search for. Give a text, or --image FILE.');
  const index = await readIndex(path, terminal.signal);
  if (index.model !== undefined && index.model !== flags.model) {
    terminal.warn(
      `${path} was made with ${index.model}; scores against ${flags.model} mean little if that is another model.`,
    );
  }
  const corpus = toUnitRows(index.embeddings);

  await withModel(flags, terminal, async (model) => {
    const { signal, onProgress } = terminal;
    const { embeddingDim } = model.config;
    if (corpus.dim !== embeddingDim) {
      throw new DataError(
        `${path} holds vectors of ${corpus.dim}, ${flags.model} makes vectors of ${embeddingDim}. Use the model that made the index.`,
      );
    }
    const inputs = await Promise.all(
      queries.map(({ input, kind }) => (kind === 'text' ? input : readImage(input))),
    );
    const vectors = await model.encode(inputs, { batchSize: flags.batchSize, signal, onProgress });
    terminal.endProgress();
    const results = queries.map((query, i) => ({
      ...query,
      hits: topK(vectors.row(i), corpus, flags.k).map(({ index: row, score }, rank) => ({
        rank: rank + 1,
        score,
        row,
        ...index.inputs[row]!,
      })),
    }));
    if (flags.json) return terminal.printJson(results);
    for (const { input, hits } of results) {
      if (results.length > 1) await terminal.print(`${printable(input)}\n`);
      await terminal.print(
        table(
          hits.map((hit) => [hit.rank, hit.score.toFixed(4), hit.input]),
          results.length > 1 ? '  ' : '',
        ),
      );
    }
  });
}

/** So that dot products are cosines also for an index made with --no-normalize. */
function toUnitRows({ data, count, dim }: Embeddings): Embeddings {
  const unit = new Float32Array(data.length);
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let j = i * dim; j < (i + 1) * dim; j++) square += data[j]! ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let j = i * dim; j < (i + 1) * dim; j++) unit[j] = data[j]! * scale;
  }
  return createEmbeddings(unit, dim);
}
