// `clippo finetune vqa`: questions drawn on pictures, answered among the frequent answers; the official accuracy on dev,
// and the official file of answers.

import { type Command, Option } from 'commander';
import { ConfigError } from '../../errors.ts';
import { diskFile, diskFolder } from '../../node/index.ts';
import { createRaster } from '../../raster/index.ts';
import type { AnswerVocabulary, TextTask, VqaExample, VqaSource } from '../../tasks/index.ts';
import type { Classifier, Target } from '../../train/index.ts';
import { positiveInteger } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';
import {
  addFinetuneOptions,
  type FinetuneFlags,
  type FinetuneOutcome,
  runFinetune,
  shareCutOff,
} from './finetune-run.ts';

const EXAMPLES = `
VQA v2 as published (visualqa.org): questions, annotations, and COCO's pictures. What is answered are the most frequent
answers of train, written to vocabulary.json. The answers to --dev and --test are written as the official scorer and the
evaluation server take them: dev-results.json, test-results.json.

Examples:
  $ clippo finetune vqa v2_OpenEnded_mscoco_train2014_questions.json \\
      --annotations v2_mscoco_train2014_annotations.json \\
      --dev v2_OpenEnded_mscoco_val2014_questions.json --dev-annotations v2_mscoco_val2014_annotations.json \\
      --images coco --model clippo.npz --image-size 384 --run results/vqa`;

interface Flags extends FinetuneFlags {
  readonly annotations: string;
  readonly images: string;
  readonly dev?: string;
  readonly devAnnotations?: string;
  readonly test?: string;
  readonly vocabulary: number;
  readonly targets: 'single' | 'soft';
  readonly placement: 'top' | 'middle' | 'bottom';
  readonly mode: 'strip' | 'overlay';
}

export function addVqa(finetune: Command, terminal: Terminal): void {
  const command = finetune
    .command('vqa')
    .summary('questions about pictures: VQA v2')
    .description('Trains to answer questions that are drawn on the pictures they are about.')
    .argument('<questions>', 'questions of train')
    .requiredOption('--annotations <file>', 'what people answered')
    .requiredOption('--images <folder>', 'pictures, in folders of any depth: COCO_train2014_000000000009.jpg')
    .option('--dev <questions>', 'questions to measure on, by which the best is kept')
    .option('--dev-annotations <file>', 'what people answered to them')
    .option('--test <questions>', 'questions to answer for the evaluation server')
    .option('--vocabulary <n>', 'how many answers there are', positiveInteger, 3129)
    .addOption(
      new Option('--targets <kind>', 'the answer of most people, or a score for each answer')
        .choices(['single', 'soft'])
        .default('single'),
    )
    .addOption(
      new Option('--placement <where>', 'of the question')
        .choices(['top', 'middle', 'bottom'])
        .default('top'),
    )
    .addOption(
      new Option('--mode <how>', 'a strip of its own, or letters over the picture')
        .choices(['strip', 'overlay'])
        .default('strip'),
    );
  addFinetuneOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (questions: string, flags: Flags) => {
      const { dev: devQuestions, devAnnotations, test: testQuestions, images } = flags;
      if ((devQuestions === undefined) !== (devAnnotations === undefined)) {
        throw new ConfigError('--dev and --dev-annotations go together. Give both or neither.');
      }
      const { buildAnswerVocabulary, readVqa, vqa } = await import('../../tasks/index.ts');
      const { signal } = terminal;
      const open = (file: string, annotations?: string): Promise<VqaSource> =>
        readVqa(diskFile(file), {
          ...{ images: diskFolder(images), signal },
          ...(annotations !== undefined && { annotations: diskFile(annotations) }),
        });
      const train = await open(questions, flags.annotations);
      const dev = devQuestions === undefined ? undefined : await open(devQuestions, devAnnotations);
      const test = testQuestions === undefined ? undefined : await open(testQuestions);
      const vocabulary = buildAnswerVocabulary(train, { size: flags.vocabulary });

      await runFinetune(flags, terminal, async (model) => {
        const { targets, placement, mode } = flags;
        const task: TextTask<VqaExample, Target> = vqa({
          ...model.renderOptions, // with the font of --font
          ...{ vocabulary, targets, placement, mode },
          size: model.config.imageSize,
        });
        const { taskExamples } = await import('../../train/index.ts'); // it brings tfjs along
        const learned = await taskExamples(task, train.references());
        const measured = dev && (await taskExamples(task, dev.references()));
        return {
          ...{ targets: task.targets, train: learned.examples },
          ...(measured && { dev: measured.examples }),
          skipped: [learned.skipped, measured?.skipped ?? {}],
          ...(targets === 'soft' && { metric: 'top' }),
          finish: (classifier, { maxSkipped }) =>
            finish({ classifier, task, vocabulary, dev, test, terminal, maxSkipped }),
        };
      });
    });
}

interface Finished {
  readonly classifier: Classifier;
  readonly task: TextTask<VqaExample, unknown>;
  readonly vocabulary: AnswerVocabulary;
  readonly dev: VqaSource | undefined;
  readonly test: VqaSource | undefined;
  readonly terminal: Terminal;
  readonly maxSkipped: number | undefined;
}

async function finish({
  classifier,
  task,
  vocabulary,
  dev,
  test,
  terminal,
  maxSkipped,
}: Finished): Promise<FinetuneOutcome> {
  const { evaluateVqa, predictVqa } = await import('../../eval/index.ts');
  const { vqaResults } = await import('../../tasks/index.ts');
  const { signal, onProgress } = terminal;
  const how = {
    ...{ task, signal, onProgress },
    ...(maxSkipped !== undefined && { maxSkipped }),
    predict: async (pictures: Parameters<Classifier['scores']>[0]) =>
      (await classifier.scores(pictures, { signal })).data,
  };
  const files: Record<string, string> = { 'vocabulary.json': `${JSON.stringify(vocabulary)}\n` };
  // What a server is sent has an answer to every question.
  const missing = vocabulary.answers[0]!;
  const evaluation = dev && (await evaluateVqa({ source: dev, ...how }));
  if (dev && evaluation) {
    files['dev-results.json'] = vqaResults(evaluation.predictions, dev, { missing });
    files['dev-report.html'] = evaluation.report;
  }
  if (test) {
    const { predictions } = await predictVqa({ source: test, ...how });
    files['test-results.json'] = vqaResults(predictions, test, { missing });
  }
  // The accuracy of VQA is not that of a class, and has a name of its own beside it.
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(evaluation?.values ?? {})) values[`vqa ${name}`] = value;
  if (dev) values['questions cut off'] = await shareCutOff(task, withoutPictures(dev), signal);
  return { values, files };
}

/** Whether a question fits does not depend on its picture, which takes most of the time. */
async function* withoutPictures(source: VqaSource): AsyncGenerator<VqaExample> {
  const picture = createRaster(1, 1, 3);
  for await (const reference of source.references()) {
    if (!('kind' in reference)) yield { key: reference.key, question: reference.question, picture };
  }
}
