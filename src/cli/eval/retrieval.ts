// `clippo eval retrieval`: captions find their picture, and pictures one of their captions.

import { type Command, Option } from 'commander';
import { integers, positiveInteger } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import { addCaptionedOptions, CAPTIONED_DATA, type CaptionedFlags, openCaptioned } from './captioned-data.ts';
import { addEvaluationOptions, type EvaluationFlags, runEvaluation } from './evaluation-run.ts';

const EXAMPLES = `
Values: imageToText@1 is the share of the pictures whose nearest text is one of theirs, textToImage@1 the other way.

Published data:
  COCO       cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip: dataset_coco.json;
             images.cocodataset.org/zips/val2014.zip unpacked into coco/, so that there is coco/val2014
  Flickr30k  dataset_flickr30k.json of the same zip; the pictures are asked for at
             shannon.cs.illinois.edu/DenotationGraph
  many more  huggingface.co/datasets/clip-benchmark, those called wds_…: tar files with a caption a line

Examples:
  $ clippo eval retrieval dataset_coco.json --images coco --captions 5 --model clippo.npz --out results/coco
  $ clippo eval retrieval dataset_flickr30k.json --images flickr30k-images --model clippo.npz
  $ clippo eval retrieval captions.csv --images photos --k 1 --model clippo.npz
  $ clippo eval retrieval '{"type":"webdataset","files":"test/*.tar",
      "captions":[{"extension":"txt","perLine":true}]}' --model clippo.npz`;

interface Flags extends EvaluationFlags, CaptionedFlags {
  readonly captions?: number;
  readonly k: readonly number[];
}

export function addRetrieval(evaluate: Command, terminal: Terminal): void {
  const command = evaluate
    .command('retrieval')
    .summary('captions find pictures: COCO, Flickr30k, any pairs')
    .description('Tells how often a caption finds its picture among all, and a picture one of its captions.')
    .argument('<data>', CAPTIONED_DATA);
  addCaptionedOptions(command)
    .option('--captions <n>', 'of each picture, the first ones (default: all)', positiveInteger)
    .addOption(
      new Option('--k <list>', 'what is found is among the k nearest')
        .argParser(integers)
        .default([1, 5, 10], '1,5,10'),
    );
  addEvaluationOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (data: string, flags: Flags) => {
      const source = await openCaptioned(data, flags, terminal);
      const { captions, k: ks } = flags;
      const { retrieval } = await import('../../eval/index.ts'); // it brings tfjs along
      await runEvaluation(flags, terminal, (options, runtime) =>
        retrieval({
          ...{ ...options, source, ks },
          ...(captions !== undefined && { captions }),
          ...(runtime !== undefined && { runtime }),
        }),
      );
    });
}
