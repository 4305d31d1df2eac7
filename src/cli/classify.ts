// `clippo classify`: which label, drawn as text, lies nearest to each picture; or what a fine-tuned classifier says of
// pictures and texts.

import type { Command } from 'commander';
import type { Classification } from '../clippo-model.ts';
import { ConfigError } from '../errors.ts';
import type { Raster } from '../raster/index.ts';
import { withClassifier } from './open-classifier.ts';
import { addModelOptions, type ModelFlags, withModel } from './open-model.ts';
import { collect, positiveInteger, readLines } from './option-values.ts';
import { complainAboutSkipped, readPicture } from './pictures.ts';
import { printable, table } from './table.ts';
import { templatesOf } from './templates.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Scores are probabilities over the labels. A picture that cannot be read is skipped, and the exit code is 1.

Examples:
  $ clippo classify cat.jpg --labels cat,dog,car --model clippo.npz
  $ clippo classify *.jpg --labels-file imagenet.txt --templates clip-best -k 3 --model clippo.npz
  $ clippo classify cat.jpg --labels cat,dog --templates "a photo of a {}" --model clippo.npz --json
  $ clippo classify cat.jpg --classifier pets/classifier.safetensors
  $ clippo classify --text "a lovely film" --classifier reviews/classifier.safetensors`;

interface Flags extends Omit<ModelFlags, 'model'> {
  readonly model?: string;
  readonly labels?: string;
  readonly labelsFile?: string;
  readonly classifier?: string;
  readonly text?: readonly string[];
  readonly templates?: string;
  readonly k: number;
  readonly json?: boolean;
}

export function addClassify(program: Command, terminal: Terminal): void {
  const command = program
    .command('classify')
    .summary('tell which label fits a picture')
    .description('Tells which of the labels fits each picture, without training or by a trained classifier.')
    .argument('[images...]', 'pictures')
    .option('--labels <a,b,c>', 'labels, separated by commas')
    .option('--labels-file <file>', 'a label a line, - for stdin')
    .option(
      '--templates <set>',
      'sentence around a label, {} standing for it, or clip-81, clip-best (8), name-only (default: {})',
    )
    .option('--classifier <file>', 'what clippo finetune has written, with labels of its own')
    .option('--text <text>', 'a text for the classifier, beside the pictures; repeat it for more', collect)
    .option('-k <n>', 'how many labels to list a picture', positiveInteger, 5)
    .option('--json', 'print the labels as JSON');
  addModelOptions(command, { optional: true }).addHelpText('after', EXAMPLES);
  command.action((files: readonly string[], flags: Flags) => classify(files, flags, terminal));
}

async function classify(files: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const { classifier, model: checkpoint, text: texts = [] } = flags;
  if (classifier !== undefined) {
    refuseLabels(flags);
    if (files.length + texts.length === 0) throw new ConfigError('Give pictures, or texts as --text TEXT.');
    await withClassifier({ ...flags, classifier }, terminal, (loaded) =>
      tell(files, texts, loaded.model.config.imageSize, flags, terminal, (inputs, options) =>
        loaded.predict(inputs, options),
      ),
    );
    return;
  }
  if (texts.length > 0) throw new ConfigError('--text is for a trained classifier: add --classifier FILE.');
  if (files.length === 0) throw new ConfigError('Expected pictures to classify.');
  if (checkpoint === undefined) {
    throw new ConfigError(
      'Give a model as --model CHECKPOINT, or a trained classifier as --classifier FILE.',
    );
  }
  const labels = await readLabels(flags, terminal);
  const templates = templatesOf([flags.templates ?? '{}']);
  await withModel({ ...flags, model: checkpoint }, terminal, (model) =>
    tell(
      files,
      [],
      model.config.imageSize,
      flags,
      terminal,
      (inputs, options) => model.classify(inputs as readonly Raster[], labels, { templates, ...options }), // no texts, see above
    ),
  );
}

/** What goes with every way to classify. */
type How = Pick<Flags, 'batchSize'> & Pick<Terminal, 'signal' | 'onProgress'>;

/** @param size - px, of the pictures that the model reads */
async function tell(
  files: readonly string[],
  texts: readonly string[],
  size: number,
  { k, json, batchSize }: Flags,
  terminal: Terminal,
  predict: (inputs: readonly (string | Raster)[], how: How) => Promise<Classification[][]>,
): Promise<void> {
  const { signal, onProgress } = terminal;
  const pictures: { file: string; raster: Raster }[] = [];
  for (const [i, file] of files.entries()) {
    const raster = await readPicture(file, size, terminal);
    if (raster !== undefined) pictures.push({ file, raster });
    onProgress({ stage: 'decode', done: i + 1, total: files.length, unit: 'pictures' });
  }
  const inputs = [...pictures.map(({ raster }) => raster), ...texts];
  const classified = await predict(inputs, { batchSize, signal, onProgress });
  terminal.endProgress();
  const results = [...pictures.map(({ file }) => file), ...texts].map((input, i) => ({
    input,
    labels: classified[i]!.slice(0, k),
  }));
  if (json === true) await terminal.printJson(results);
  else {
    for (const { input, labels: best } of results) {
      await terminal.print(`${printable(input)}\n`);
      await terminal.print(
        table(
          best.map(({ label, score }, rank) => [rank + 1, score.toFixed(4), label]),
          '  ',
        ),
      );
    }
  }
  complainAboutSkipped(files.length - pictures.length, files.length);
}

/** @throws ConfigError: a classifier knows what it tells apart */
function refuseLabels({ labels, labelsFile, templates }: Flags): void {
  const given = Object.entries({ '--labels': labels, '--labels-file': labelsFile, '--templates': templates });
  const wrong = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (wrong.length === 0) return;
  throw new ConfigError(
    `${wrong.join(', ')}: a classifier has labels of its own. Leave ${wrong.length > 1 ? 'them' : 'it'} out.`,
  );
}

async function readLabels({ labels, labelsFile }: Flags, terminal: Terminal): Promise<string[]> {
  if ((labels === undefined) === (labelsFile === undefined)) {
    throw new ConfigError('Give the labels either as --labels a,b,c or as --labels-file FILE.');
  }
  const all = labels === undefined ? await readLines(labelsFile!, terminal) : labels.split(',');
  const names = all.map((label) => label.trim());
  if (names.includes('')) throw new ConfigError(`--labels ${labels}: one of them is empty.`);
  return names;
}
