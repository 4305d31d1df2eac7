// `clippo eval multilingual`: retrieval within each of the languages of Crossmodal-3600.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { CROSSMODAL_LANGUAGES, readCrossmodalPictures } from '../../data/index.ts';
import { DataError } from '../../errors.ts';
import { diskFile, diskFolder } from '../../node/index.ts';
import { isFolder } from '../data-source.ts';
import { names } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';

const EXAMPLES = `
Values are means over the languages: with all captions and, called …First, with the first of each picture alone. Each
language is in the report and in the JSON. Languages:
${CROSSMODAL_LANGUAGES.join(' ')}

Published data:
  Crossmodal-3600  google.github.io/crossmodal-3600/web-data/captions.zip: captions.jsonl;
                   open-images-dataset.s3.amazonaws.com/crossmodal-3600/images.tgz unpacked into images/ beside it

Examples:
  $ clippo eval multilingual xm3600/captions.jsonl --model clippo.npz --out results/xm3600
  $ clippo eval multilingual captions.jsonl --images pictures --languages de,sw --model clippo.npz`;

interface Flags extends EvaluationFlags {
  readonly images?: string;
  readonly languages?: readonly string[];
}

export function addMultilingual(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('multilingual')
    .summary('retrieval in each of 36 languages: Crossmodal-3600')
    .description('Tells how captions and pictures find each other within each language.')
    .argument('<file>', 'captions.jsonl of Crossmodal-3600, or one made like it')
    .option('--images <folder>', 'where <key>.jpg lie (default: images beside the captions)')
    .option('--languages <list>', 'those to measure (default: all)', names);
  addEvaluationOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (captions: string, flags: Flags) => {
      const { images = join(dirname(captions), 'images'), languages } = flags;
      if (!existsSync(captions)) {
        throw new DataError(
          `${captions}: there is no such file. Expected captions.jsonl of Crossmodal-3600.`,
        );
      }
      if (!isFolder(images)) {
        throw new DataError(`${images}: there is no such folder. Say with --images where the pictures are.`);
      }
      const source = readCrossmodalPictures(diskFile(captions), {
        ...{ images: diskFolder(images), folder: '' },
        ...(languages !== undefined && { languages }),
      });
      const { multilingualRetrieval } = await import('../../eval/index.ts'); // it brings tfjs along
      await runEvaluation(flags, terminal, (options, runtime) =>
        multilingualRetrieval({
          ...{ ...options, source: { ...source, name: captions } },
          ...(runtime !== undefined && { runtime }),
        }),
      );
    });
}
