// What the kinds of `clippo finetune` share: their flags, a classifier on the model, the training in its folder, and what
// is told of it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClippoModel } from '../../clippo-model.ts';
import type { BrokenRecord, Skipped } from '../../data/index.ts';
import { ConfigError, messageOf } from '../../errors.ts';
import { runFolder, writeFile } from '../../node/index.ts';
import { describeValue } from '../../options.ts';
import type { TargetKind, TextTask } from '../../tasks/index.ts';
import type {
  Classifier,
  ClassifierOptions,
  Example,
  FinetuneOptions,
  FinetuneResult,
  FinetuneSettings,
  OptimizerSetting,
} from '../../train/index.ts';
import { addNetworkOptions, type NetworkFlags, withModel } from '../open-model.ts';
import { integers, positiveInteger, positiveNumber, positiveNumbers, share } from '../option-values.ts';
import { figures, printable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** Of settings that are flags too, the ones that are given. The rest is in the file. */
interface SettingFlags {
  readonly part?: 'head' | 'all';
  readonly head?: NonNullable<ClassifierOptions['head']>;
  readonly on?: 'pre_logits' | 'embedding';
  readonly learningRate?: readonly number[];
  readonly seed?: readonly number[];
  readonly epochs?: number;
  readonly steps?: number;
  readonly batchSize?: number;
  readonly optimizer?: OptimizerSetting;
  readonly evaluateEvery?: number;
  readonly patience?: number;
  readonly maxSkipped?: number;
}

export interface FinetuneFlags extends NetworkFlags, SettingFlags {
  readonly imageSize?: number;
  readonly config?: string;
  readonly run: string;
  readonly json?: boolean;
}

const OF_CLASSIFIER = ['head', 'on'] as const;
const OF_TRAINING = [
  ...['part', 'learningRate', 'seed', 'epochs', 'steps', 'batchSize', 'optimizer', 'evaluateEvery'],
  ...['patience', 'maxSkipped'],
] as const;
/** Named by the task or the command, not by a file. */
const NOT_IN_FILE = ['labels', 'multiLabel', 'targets'];

export function addFinetuneOptions(command: Command): Command {
  addNetworkOptions(command)
    .requiredOption(
      '--run <folder>',
      'what comes of it: checkpoints, report.html, classifier.safetensors; the same command goes on there',
    )
    .option('--image-size <px>', 'size of the pictures, if not the model’s own', positiveInteger)
    .addOption(
      new Option('--part <part>', 'train all, or on a frozen network the head: in seconds (default: all)')
        // Nothing is set where nothing is said: the file may say it.
        .choices(['head', 'all']),
    )
    .option(
      '--head <shape>',
      'linear, mlp, or units of hidden layers, as 768,768 (default: linear)',
      headShape,
    )
    .addOption(
      new Option('--on <layer>', 'what the head reads (default: pre_logits)').choices([
        'pre_logits',
        'embedding',
      ]),
    )
    .option(
      '--learning-rate <list>',
      'step sizes to try (default: 1e-4; a linear head 0.8 / features, a deep one 1e-3)',
      positiveNumbers,
    )
    .option('--seed <list>', 'seeds to try (default: 0)', integers)
    .option('--epochs <n>', 'times all examples are seen (default: 3, for a head 20)', positiveNumber)
    .option('--steps <n>', 'in place of --epochs', positiveInteger)
    .option('--batch-size <n>', 'examples a step (default: 32, for a head 256)', positiveInteger)
    .addOption(new Option('--optimizer <name>', '(default: adamw)').choices(['adamw', 'adafactor']))
    .option(
      '--evaluate-every <steps>',
      'look at the dev set so often (default: every epoch)',
      positiveInteger,
    )
    .option('--patience <n>', 'end after so many looks without a better one', positiveInteger)
    .option('--max-skipped <share>', 'share of the examples that may be unreadable (default: 0.1)', share)
    .option('--config <file>', 'JSON with any of these settings and more, see docs/tasks.md')
    .option('--json', 'print the outcome as JSON');
  return command;
}

function headShape(text: string): NonNullable<ClassifierOptions['head']> {
  if (text === 'linear' || text === 'mlp') return text;
  if (/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/.test(text)) return text.split(',').map(Number);
  throw new InvalidArgumentError('Expected linear, mlp, or units as in 768,768.');
}

/** What is learned, and what is done with it when it is learned. */
export interface FinetuneData {
  readonly targets: TargetKind;
  readonly train: readonly Example[];
  readonly dev?: readonly Example[];
  /** What could not be read, or has no answer, of train and of dev. */
  readonly skipped: readonly Skipped[];
  readonly metric?: NonNullable<FinetuneSettings['metric']>;
  /** Measures what papers report, predicts test sets. @returns values by name, and files for the run's folder */
  finish?(classifier: Classifier, settings: FinetuneSettings): Promise<FinetuneOutcome>;
}

export interface FinetuneOutcome {
  /** Shares but for those in `plain`. */
  readonly values: Readonly<Record<string, number>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Trains, and tells what came of it. An interruption leaves a checkpoint. */
export async function runFinetune(
  flags: FinetuneFlags,
  terminal: Terminal,
  open: (model: ClippoModel) => Promise<FinetuneData>,
): Promise<void> {
  const { head, on, settings } = readSettings(flags);
  await withModel(flags, terminal, async (model, runtime) => {
    const { signal, onProgress } = terminal;
    const { targets, train, dev, skipped, metric, finish } = await open(model);
    for (const each of skipped) tellSkipped(each, terminal);
    const { createClassifier, finetune } = await import('../../train/index.ts');
    const classifier = createClassifier(model, {
      targets,
      ...(head !== undefined && { head }),
      ...(on !== undefined && { on }),
    });
    try {
      const result = await finetune({
        ...{ classifier, train, signal, onProgress, onWarning: terminal.warn, run: runFolder(flags.run) },
        ...(dev && { dev }),
        ...(metric !== undefined && { metric }),
        ...settings,
        ...(runtime === undefined ? { engine: 'tfjs' } : { engine: 'onnx', runtime }),
        onEvaluation: createTeller(terminal),
      });
      terminal.endProgress();
      for (const skips of Object.values(result.skipped)) tellSkipped(skips, terminal);
      if (result.aborted) {
        terminal.note(`What was done is in ${flags.run}; run the same command to go on.`);
        signal.throwIfAborted();
      }
      const outcome = (await finish?.(classifier, settings)) ?? { values: {}, files: {} };
      for (const [name, text] of Object.entries(outcome.files)) {
        await writeFile(join(flags.run, name), [new TextEncoder().encode(text)]);
      }
      await tellOutcome(flags, result, outcome, terminal);
    } finally {
      classifier.dispose();
    }
  });
}

const TELL_MS = 10_000;

/** A line for what is better than all before it in its training, and one now and then. */
function createTeller(terminal: Terminal): NonNullable<FinetuneOptions['onEvaluation']> {
  const best = new Map<string, number>();
  let told = Number.NEGATIVE_INFINITY;
  return ({ learningRate, seed, step, metric, values }) => {
    const name = `rate ${learningRate}, seed ${seed}`;
    const isBetter = metric > (best.get(name) ?? Number.NEGATIVE_INFINITY);
    if (!isBetter && performance.now() - told < TELL_MS) return;
    if (isBetter) best.set(name, metric);
    told = performance.now();
    const figures = Object.entries(values).map(([value, number]) => `${value} ${number.toFixed(4)}`);
    terminal.note(`${name}, step ${step}: ${figures.join(', ')}`);
  };
}

/** Flags and file together. @throws ConfigError where both say the same thing, or the file what is not its own to say */
function readSettings(flags: FinetuneFlags): Pick<SettingFlags, 'head' | 'on'> & {
  readonly settings: FinetuneSettings;
} {
  const { config } = flags;
  const file = config === undefined ? {} : parseSettings(config);
  const both = Object.keys(file).filter((name) => flags[name as keyof FinetuneFlags] !== undefined);
  if (both.length > 0) {
    throw new ConfigError(
      `${both.join(', ')}: stand${both.length > 1 ? '' : 's'} in ${config} and as a flag.`,
    );
  }
  const foreign = Object.keys(file).filter((name) => NOT_IN_FILE.includes(name));
  if (foreign.length > 0) {
    throw new ConfigError(`${config}: ${foreign.join(', ')}: follow from the data. Leave them out.`);
  }
  const given = [...OF_CLASSIFIER, ...OF_TRAINING].flatMap((name) =>
    flags[name] === undefined ? [] : [[name, flags[name]] as const],
  );
  const all: Record<string, unknown> = { ...file, ...Object.fromEntries(given) };
  const { head, on, ...settings } = all as Pick<SettingFlags, 'head' | 'on'> & FinetuneSettings; // checked by finetune
  return { ...(head !== undefined && { head }), ...(on !== undefined && { on }), settings };
}

function parseSettings(path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`--config ${path}: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new ConfigError(`--config ${path}: expected an object of settings, got ${describeValue(parsed)}.`);
}

/** Of these texts, the share of which something is not on the picture. */
export async function shareCutOff<Example extends object>(
  task: Pick<TextTask<Example, unknown>, 'draw'>,
  records: AsyncIterable<Example | BrokenRecord>,
  signal: AbortSignal,
): Promise<number> {
  const { textOverflow } = await import('../../tasks/index.ts');
  const { cut, examples } = await textOverflow(task, records, { signal });
  return examples === 0 ? 0 : cut / examples;
}

export function tellSkipped(skipped: Skipped, terminal: Terminal): void {
  for (const [cause, { count, first }] of Object.entries(skipped)) {
    terminal.warn(printable(`skipped ${count}: ${cause}, first ${first}`));
  }
}

async function tellOutcome(
  { run, json }: FinetuneFlags,
  { best, trials, evaluation, engine }: FinetuneResult,
  { values, files }: FinetuneOutcome,
  terminal: Terminal,
): Promise<void> {
  const { learningRate, seed, step, best: look } = best;
  const outcome = {
    ...{ run, engine, learningRate, seed, step: look?.step ?? step, trainings: trials.length },
    dev: evaluation && { examples: evaluation.count, ...evaluation.values },
    values,
    files: Object.keys(files).map((name) => join(run, name)),
  };
  if (json === true) return terminal.printJson(outcome);
  const rows = Object.entries({ ...evaluation?.values, ...values }).map(([name, value]) => [
    name,
    value.toFixed(4),
  ]);
  await terminal.print(
    figures([
      ...rows,
      ...(evaluation ? [['examples of dev', String(evaluation.count)]] : []),
      ['learning rate', String(learningRate)],
      ['step', String(outcome.step)],
    ]),
  );
  terminal.note(`${join(run, 'classifier.safetensors')}, model-card.md, report.html are there.`);
  for (const file of outcome.files) terminal.note(`${file} is there.`);
}
