// `clippo classify`: which label, drawn as text, lies nearest to each picture.

import type { Command } from 'commander';
import { ConfigError } from '../errors.ts';
import type { Raster } from '../raster/index.ts';
import { addModelOptions, type ModelFlags, withModel } from './open-model.ts';
import { positiveInteger, readLines } from './option-values.ts';
import { complainAboutSkipped, readPicture } from './pictures.ts';
import { printable, table } from './table.ts';
import { templatesOf } from './templates.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Scores are probabilities over the labels. A picture that cannot be read is skipped, and the exit code is 1.

Examples:
  $ clippo classify cat.jpg --labels cat,dog,car --model clippo.npz
  $ clippo classify *.jpg --labels-file imagenet.txt --templates clip-best -k 3 --model clippo.npz
  $ clippo classify cat.jpg --labels cat,dog --templates "a photo of a {}" --model clippo.npz --json`;

interface Flags extends ModelFlags {
  readonly labels?: string;
  readonly labelsFile?: string;
  readonly templates: string;
  readonly k: number;
  readonly json?: boolean;
}

export function addClassify(program: Command, terminal: Terminal): void {
  const command = program
    .command('classify')
    .summary('tell which label fits a picture')
    .description('Tells which of the labels fits each picture, without training.')
    .argument('<images...>', 'pictures')
    .option('--labels <a,b,c>', 'labels, separated by commas')
    .option('--labels-file <file>', 'a label a line, - for stdin')
    .option(
      '--templates <set>',
      'sentence around a label, {} standing for it, or clip-81, clip-best (8), name-only',
      '{}',
    )
    .option('-k <n>', 'how many labels to list a picture', positiveInteger, 5)
    .option('--json', 'print the labels as JSON');
  addModelOptions(command).addHelpText('after', EXAMPLES);
  command.action((files: readonly string[], flags: Flags) => classify(files, flags, terminal));
}

async function classify(files: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const labels = await readLabels(flags, terminal);
  const templates = templatesOf([flags.templates]);
  await withModel(flags, terminal, async (model) => {
    const { signal, onProgress } = terminal;
    const pictures: { file: string; raster: Raster }[] = [];
    for (const [i, file] of files.entries()) {
      const raster = await readPicture(file, model.config.imageSize, terminal);
      if (raster !== undefined) pictures.push({ file, raster });
      onProgress({ stage: 'decode', done: i + 1, total: files.length, unit: 'pictures' });
    }
    const classified = await model.classify(
      pictures.map(({ raster }) => raster),
      labels,
      { templates, batchSize: flags.batchSize, signal, onProgress },
    );
    terminal.endProgress();
    const results = pictures.map(({ file }, i) => ({
      input: file,
      labels: classified[i]!.slice(0, flags.k),
    }));
    if (flags.json) await terminal.printJson(results);
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
  });
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
