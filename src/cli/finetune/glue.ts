// `clippo finetune glue`: a task of GLUE from its published files, measured on dev, test predicted for a submission.

import { type Command, Option } from 'commander';
import { createSkipCounter, type Skipped } from '../../data/index.ts';
import { argMax } from '../../embeddings.ts';
import type { Raster } from '../../raster/index.ts';
import type { GlueRecord, GlueSource, GlueTask, TextTask } from '../../tasks/index.ts';
import type { Classifier, Measured } from '../../train/index.ts';
import { type GlueData, openGlue } from '../glue-data.ts';
import type { Terminal } from '../terminal.ts';
import {
  addFinetuneOptions,
  type FinetuneFlags,
  type FinetuneOutcome,
  runFinetune,
  shareCutOff,
  tellSkipped,
} from './finetune-run.ts';

const EXAMPLES = `
Tasks: cola, sst2, mrpc, qqp, stsb, mnli, qnli, rte, wnli. <folder> holds them as published, see
dl.fbaipublicfiles.com/glue/data, or as huggingface.co/datasets/nyu-mll/glue has them. The best look at dev is kept;
test, where it is there, is predicted into the file that gluebenchmark.com takes.

Examples:
  $ clippo finetune glue rte glue_data --model clippo.npz --run results/rte
  $ clippo finetune glue mnli glue_data --model clippo.npz --learning-rate 3e-5,1e-4 --run results/mnli
  $ clippo finetune glue sst2 glue_data --model clippo.npz --part head --head mlp --run results/sst2`;

/** Examples that are drawn and answered together. */
const CHUNK = 256;

interface Flags extends FinetuneFlags {
  readonly pairs?: 'separator' | 'blocks';
  readonly separator?: string;
}

export function addGlue(finetune: Command, terminal: Terminal): void {
  const command = finetune
    .command('glue')
    .summary('English sentences and pairs: GLUE')
    .description('Trains on a task of GLUE, and measures what papers report.')
    .argument('<task>', 'cola, sst2, mrpc, …')
    .argument('<folder>', 'GLUE, or the folder of the task')
    .addOption(
      new Option('--pairs <how>', 'two sentences as one text, or in blocks (default: separator)').choices([
        'separator',
        'blocks',
      ]),
    )
    .option('--separator <word>', 'printed between two sentences (default: [SEP])');
  addFinetuneOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (name: GlueTask, path: string, flags: Flags) => {
      const { glue } = await import('../../tasks/index.ts');
      const { train, devs, tests } = await openGlue('clippo finetune glue', name, path);
      await runFinetune(flags, terminal, async (model) => {
        const { pairs, separator } = flags;
        const task = glue(name, {
          ...model.renderOptions,
          size: model.config.imageSize,
          ...(pairs !== undefined && { pairs }),
          ...(separator !== undefined && { separator }),
        });
        const { taskExamples } = await import('../../train/index.ts'); // it brings tfjs along
        const { signal } = terminal;
        const learned = await taskExamples(task, train.records(signal));
        const measured = await taskExamples(task, devs[0]!.records(signal)); // there is one
        return {
          targets: task.targets,
          ...{ train: learned.examples, dev: measured.examples },
          skipped: [learned.skipped, measured.skipped],
          metric: await metricOf(name),
          finish: (classifier) => finish({ name, classifier, task, devs, tests, terminal }),
        };
      });
    });
}

/** What papers report first, under its own name. */
async function metricOf(name: GlueTask): Promise<(measured: Measured) => number> {
  const { glueScores } = await import('../../eval/index.ts');
  const { glueFacts } = await import('../../tasks/index.ts');
  const [reported] = glueFacts('clippo finetune glue', name).metrics;
  const metric = ({ predictions, targets }: Measured): number =>
    glueScores(name, predictions, targets)[reported!]!;
  return Object.defineProperty(metric, 'name', { value: reported });
}

interface Finished extends Omit<GlueData, 'train'> {
  readonly name: GlueTask;
  readonly classifier: Classifier;
  readonly task: TextTask<GlueRecord>;
  readonly terminal: Terminal;
}

async function finish({ name, devs, tests, ...rest }: Finished): Promise<FinetuneOutcome> {
  const { glueScores } = await import('../../eval/index.ts');
  const { glueSubmission } = await import('../../tasks/index.ts');
  const { task, terminal } = rest;
  const { signal } = terminal;
  const values: Record<string, number> = {};
  for (const dev of devs) {
    const { predictions, targets, skipped } = await answersTo(dev, rest);
    if (dev !== devs[0]) tellSkipped(skipped, terminal); // of the first it has been told
    const suffix = devs.length === 1 ? '' : ` (${dev.split})`;
    for (const [metric, value] of Object.entries(glueScores(name, predictions, targets))) {
      values[metric + suffix] = value;
    }
    values[`texts cut off${suffix}`] = await shareCutOff(task, dev.records(signal), signal);
  }
  const files: Record<string, string> = {};
  for (const test of tests) {
    const { predictions, indices, skipped } = await answersTo(test, rest);
    tellSkipped(skipped, terminal); // a submission without them is not complete
    const { file, text } = glueSubmission(name, predictions, { split: test.split, indices });
    files[file] = text;
  }
  return { values, files };
}

interface Answered {
  readonly predictions: readonly number[];
  readonly targets: readonly number[];
  /** By which GLUE knows them. */
  readonly indices: readonly number[];
  /** What is no record. */
  readonly skipped: Skipped;
}

async function answersTo(
  source: GlueSource,
  { classifier, task, terminal: { signal } }: Pick<Finished, 'classifier' | 'task' | 'terminal'>,
): Promise<Answered> {
  const skips = createSkipCounter('clippo finetune glue', 1);
  const answered = { predictions: [] as number[], targets: [] as number[], indices: [] as number[] };
  let rasters: Raster[] = [];
  const answer = async (): Promise<void> => {
    const scores = await classifier.scores(rasters, { signal });
    for (let i = 0; i < scores.count; i++) {
      const row = scores.row(i);
      answered.predictions.push(task.targets.kind === 'regression' ? row[0]! : argMax(row));
    }
    rasters = [];
  };
  for await (const record of source.records(signal)) {
    if ('kind' in record) {
      skips.add(record.cause, record.key, record.detail);
      continue;
    }
    rasters.push(await task.raster(record));
    answered.targets.push(task.target(record) ?? 0);
    answered.indices.push(record.index);
    if (rasters.length === CHUNK) await answer();
  }
  if (rasters.length > 0) await answer();
  return { ...answered, skipped: skips.summary() };
}
