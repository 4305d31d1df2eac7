// `clippo eval explain`: what in a picture or a sentence counts, as a picture and letter by letter.

import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { ConfigError, DataError } from '../../errors.ts';
import type { Explanation } from '../../eval/index.ts';
import { readImage, writePng } from '../../node/index.ts';
import type { Raster } from '../../raster/index.ts';
import { addModelOptions, type ModelFlags, withModel } from '../open-model.ts';
import { positiveInteger } from '../option-values.ts';
import { figures } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const EXAMPLES = `
Occlusion covers one region after the other: red is what makes the input match --against, blue what keeps it from it.
Attention shows where the model looks: the brighter, the more. Of a sentence each letter is told, too: its share of the
attention, or how much the cosine falls without it.

Examples:
  $ clippo eval explain dog.jpg --against "a photo of a dog" --model clippo.npz -o seen.png
  $ clippo eval explain dog.jpg --against "a photo of a dog" --window 32 --stride 16 --model clippo.npz -o fine.png
  $ clippo eval explain "a red apple" --text --against apple.jpg --model clippo.npz -o letters.png
  $ clippo eval explain "a red apple" --text --model clippo.npz -o attention.png --json`;

interface Flags extends ModelFlags {
  readonly text?: boolean;
  readonly against?: string;
  readonly output: string;
  readonly method?: 'occlusion' | 'attention';
  readonly window?: number;
  readonly stride?: number;
  readonly json?: boolean;
}

export function addExplain(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('explain')
    .summary('what counts in one picture, or in one sentence')
    .description('Shows which regions of a picture, or which letters of a sentence, count.')
    .argument('<input>', 'picture file; with --text, a sentence')
    .requiredOption('-o, --output <file>', 'PNG to write')
    .option('--text', 'the input is a sentence')
    .option('--against <text>', 'what the input is compared with: a text, or the name of a picture file')
    .addOption(
      new Option('--method <name>', 'default: occlusion with --against, attention without').choices([
        ...['occlusion', 'attention'],
      ]),
    )
    .option('--window <px>', 'occlusion: side of what is covered (default: a patch)', positiveInteger)
    .option('--stride <px>', 'occlusion: from one window to the next (default: the window)', positiveInteger)
    .option('--json', 'print cosine, letters and map as JSON');
  addModelOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((input: string, flags: Flags) => explainInput(input, flags, terminal));
}

async function explainInput(input: string, flags: Flags, terminal: Terminal): Promise<void> {
  checkFlags(flags);
  const { against, method, window, stride, batchSize, output } = flags;
  const seen = flags.text === true ? input : await readPicture(input);
  const target = against !== undefined && isPicture(against) ? await readImage(against) : against;
  const { explain } = await import('../../eval/index.ts'); // it brings tfjs along
  await withModel(flags, terminal, async (model) => {
    const { signal, onProgress } = terminal;
    const explanation = await explain(model, seen, {
      ...{ batchSize, signal, onProgress },
      ...(target !== undefined && { against: target }),
      ...(method !== undefined && { method }),
      ...(window !== undefined && { window }),
      ...(stride !== undefined && { stride }),
    });
    terminal.endProgress();
    await writePng(output, explanation.overlay);
    const { width, height } = explanation.overlay;
    terminal.note(`${output}: ${width} x ${height} px.`);
    if (flags.json === true) await terminal.printJson(resultOf(output, explanation));
    else
      await terminal.print(
        describe(explanation, method ?? (target === undefined ? 'attention' : 'occlusion')),
      );
  });
}

/** Before anything is read. */
function checkFlags({ against, method, window, stride, output }: Flags): void {
  if (!/\.png$/i.test(output)) {
    throw new ConfigError(`-o ${output}: only PNG is written. Give a name that ends in .png.`);
  }
  const isByAttention = method === 'attention' || (method === undefined && against === undefined);
  if (isByAttention && (window ?? stride) !== undefined) {
    throw new ConfigError(
      '--window, --stride: only for occlusion, which needs --against. Leave them out, or give it.',
    );
  }
  if (method === 'occlusion' && against === undefined) {
    throw new ConfigError('--method occlusion: what to compare with is missing. Give --against.');
  }
}

async function readPicture(file: string): Promise<Raster> {
  if (existsSync(file)) return readImage(file);
  throw new DataError(`${file}: there is no such picture. For a sentence add --text.`);
}

function isPicture(text: string): boolean {
  return /\.(jpe?g|png|webp|gif|bmp|avif|heic|tiff?|svg)$/i.test(text);
}

/** Plain data. */
function resultOf(output: string, { map, cosine, letters }: Explanation): object {
  const { rows, columns, patchSize, values } = map;
  return { output, cosine, letters, map: { rows, columns, patchSize, values: [...values] } };
}

function describe({ cosine, letters = [] }: Explanation, method: 'occlusion' | 'attention'): string {
  const isShare = method === 'attention';
  const inked = letters.filter(({ character }) => character.trim() !== '');
  const rows = inked.map(({ character, value }) => [
    ...[character, isShare ? `${(100 * value).toFixed(1)} %` : value.toFixed(4)],
  ]);
  return figures([
    ...(cosine === undefined ? [] : [['cosine', cosine.toFixed(4)]]),
    ...(rows.length === 0 ? [] : [['letter', isShare ? 'of the attention' : 'fall of the cosine'], ...rows]),
  ]);
}
