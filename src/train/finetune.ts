// Examples with answers → a classifier that gives them: the head alone on features computed once, or head and network
// together. This file knows the order: check, read, train, keep the best, measure, report. The trainings are in
// finetune-sweep.ts and finetune-trial.ts.

import type { JsonValue, Skipped } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import type { AnswerMetrics } from './answer-metrics.ts';
import { exampleWeights } from './class-weights.ts';
import type { Classifier } from './classifier.ts';
import { headConfigOf } from './classifier-options.ts';
import { findRuntime } from './engine.ts';
import {
  type ExampleSets,
  examplesDigest,
  type PreparedExamples,
  prepareFeatures,
  prepareInputs,
  resolveSets,
} from './finetune-examples.ts';
import { createLearner } from './finetune-learner.ts';
import { type Metric, resolveMetric } from './finetune-metric.ts';
import {
  checkHandles,
  type FinetuneHandles,
  type FinetunePlan,
  type FinetuneSettings,
  HANDLES,
  planFinetune,
  SETTINGS,
} from './finetune-options.ts';
import { finetuneReport } from './finetune-report.ts';
import { createScorer } from './finetune-step.ts';
import { runSweep, type Sweep, type TrialOutcome } from './finetune-sweep.ts';
import { measureFeed } from './finetune-trial.ts';
import type { Examples } from './labelled-examples.ts';
import { modelDigest } from './model-digest.ts';
import { chunksOf } from './run.ts';
import type { RunFolder } from './run-folder.ts';

export interface FinetuneOptions extends FinetuneSettings, FinetuneHandles {
  /** Learns in place, and with `part: 'all'` its model does. */
  readonly classifier: Classifier;
  /** What is learned from. */
  readonly train: Examples;
  /** What is measured on: needed for a sweep, for `patience`, and for keeping the best weights instead of the last. */
  readonly dev?: Examples;
  /** Mistakes that the report shows, the worst first; default 24. */
  readonly mistakes?: number;
}

const OPTIONS = [...SETTINGS, ...HANDLES, 'classifier', 'train', 'dev', 'mistakes'];

/** What {@link finetune} has come to. */
export interface FinetuneResult {
  /** One training for each learning rate and seed, as far as they were begun. */
  readonly trials: readonly TrialOutcome[];
  /** The one whose weights the classifier has now. */
  readonly best: TrialOutcome;
  /** The dev set by the classifier as it is now; undefined without one. */
  readonly evaluation: Pick<AnswerMetrics, 'count' | 'values' | 'labels' | 'confusion'> | undefined;
  /** What could not be read. */
  readonly skipped: { readonly train: Skipped; readonly dev: Skipped };
  /** What went on in spite of something. */
  readonly warnings: readonly string[];
  /** Whether the signal ended it early. */
  readonly aborted: boolean;
  /** What computed the steps. */
  readonly engine: 'tfjs' | 'onnx';
  /** A whole HTML page: curves, trainings, which label was taken for which, the worst mistakes. */
  readonly report: string;
}

/**
 * Trains a classifier, head and network by default. Several learning rates and seeds are tried one after the other; the
 * best by the dev set stays.
 *
 * The signal ends it after the step in hand, and it returns what was done; the same call on the same run folder goes on
 * from there. While features are computed for a head alone, it ends with the signal's reason.
 *
 * @throws ConfigError when an option is missing, unknown or contradictory, or the run was begun with other settings
 * @throws DataError for targets that cannot be used, for one class alone, when too much cannot be read, and when the loss
 *   is no longer finite in every training; the head is then as it was
 * @example
 * const classifier = createClassifier(model, { labels: ['negative', 'positive'], head: 'mlp' });
 * const { best, evaluation } = await finetune({ classifier, train, dev, learningRate: [3e-5, 1e-4], seed: [0, 1] });
 * console.log(best.learningRate, evaluation.values.accuracy);
 * @example
 * // Kept in a folder: killed and called again, it goes on bit for bit, and trainings that are done are not done again.
 * await finetune({ classifier, train, dev, epochs: 3, patience: 4, run: runFolder('runs/sst-2') });
 */
export function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  return finetuneAs('finetune', options, 'all');
}

/**
 * @param door - as it stands in messages
 * @param defaultPart - what learns where nothing is said
 */
export async function finetuneAs(
  door: string,
  options: FinetuneOptions,
  defaultPart: 'head' | 'all',
): Promise<FinetuneResult> {
  refuseUnknown(door, options, OPTIONS);
  const { classifier, run, part = defaultPart } = options;
  assertClassifier(door, classifier);
  const wanted = checkHandles(door, options);
  const metric = resolveMetric(door, classifier.targets, options.metric);
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
    options.onWarning?.(message);
  };
  const sets = resolveSets(door, options, warn);
  const head = headConfigOf(classifier.settings, classifier.model.config);
  const plan = planFinetune(door, options, { part, examples: sets.train.rows.count, head });
  assertTogether(door, options, plan);
  exampleWeights(door, classifier.targets, sets.train.rows, options.classWeights); // says what is wrong with them
  const probe = plan.createOptimizer(plan.trials[0]!.learningRate); // there is at least one
  const runtime = await findRuntime(door, wanted, probe).finally(() => probe.dispose());

  await run?.open();
  try {
    const prepare = part === 'all' ? prepareInputs : prepareFeatures;
    const prepared = await prepare(door, sets, options);
    const settings = run === undefined ? {} : await runSettings(options, plan, sets, metric);
    const { train, dev, scale } = prepared;
    const learner = await createLearner(classifier, plan, scale, train.rows);
    const scorer = createScorer(learner.trainee, runtime);
    try {
      const sweep = await runSweep({
        ...{ door, options, plan, learner, prepared, metric, runtime, settings, warn },
      });
      const { trials, best } = sweep;
      const measured = dev && (await measureFeed(scorer, classifier.targets, dev, plan.batchSize));
      await learner.finish();
      classifier.training = trainingNote(plan, prepared, best, measured);
      const skipped = prepared.skipped();
      const report = await finetuneReport({
        ...{ classifier, trials, best, measured, warnings, skipped },
        title: run?.name ?? 'Fine-tuning',
        examples: dev?.examples,
        mistakes: options.mistakes ?? 24,
        settings: { ...toldSettings(options, plan), metric: metric.name },
      });
      const aborted = isAborted(sweep, plan);
      if (run !== undefined) await writeResults(run, classifier, { report, part, aborted });
      return {
        ...{ trials, best, skipped, warnings, aborted, report },
        evaluation: measured && evaluationOf(measured),
        engine: runtime === undefined ? 'tfjs' : 'onnx',
      };
    } catch (error) {
      learner.restore();
      throw error;
    } finally {
      await scorer.dispose();
    }
  } finally {
    await run?.close();
  }
}

/** @throws ConfigError */
function assertClassifier(door: string, classifier: Classifier): void {
  if (typeof classifier?.headScores === 'function') return;
  throw new ConfigError(
    `${door}: classifier: expected what createClassifier() gives, got ${describeValue(classifier)}.`,
  );
}

/** @throws ConfigError for options that do not go together */
function assertTogether(
  door: string,
  { dev, patience, mistakes = 24 }: FinetuneOptions,
  { trials }: FinetunePlan,
): void {
  assertNumber(door, 'mistakes', mistakes, 0, 1000);
  if (dev !== undefined) return;
  const lost =
    trials.length > 1 ? 'several learning rates or seeds' : patience === undefined ? undefined : 'patience';
  if (lost === undefined) return;
  throw new ConfigError(
    `${door}: ${lost}: what is better shows on examples that were held back. Give them as dev.`,
  );
}

function isAborted({ trials, best }: Sweep, plan: FinetunePlan): boolean {
  return (
    best.ended === 'aborted' ||
    trials.some(({ ended }) => ended === 'aborted') ||
    trials.length < plan.trials.length
  );
}

function evaluationOf({ count, values, labels, confusion }: AnswerMetrics): FinetuneResult['evaluation'] {
  return { count, values, labels, ...(confusion && { confusion }) };
}

/** What was said of the training, and what it came to, for the file and the card. */
function trainingNote(
  { part }: FinetunePlan,
  { train, dev }: PreparedExamples,
  { learningRate, seed, step, best }: TrialOutcome,
  measured: AnswerMetrics | undefined,
): NonNullable<Classifier['training']> {
  return {
    ...{ part, examples: train.feed.count, learningRate, seed, step: best?.step ?? step },
    ...(measured && { dev: { examples: dev!.feed.count, ...measured.values } }),
  };
}

/** The settings as JSON, but for what may change from call to call. */
function toldSettings(options: FinetuneOptions, plan: FinetunePlan): { [name: string]: JsonValue } {
  const { part, steps, batchSize, evaluateEvery } = plan;
  const names = SETTINGS.filter((name) => name !== 'metric' && name !== 'checkpointEvery');
  const told = Object.entries(options).filter(([name]) => names.includes(name));
  const same = { ...Object.fromEntries(told), part, steps, batchSize, evaluateEvery };
  return JSON.parse(JSON.stringify(same));
}

/** What has to be the same for a run to go on, beside learning rate and seed, which name a training. */
async function runSettings(
  options: FinetuneOptions,
  plan: FinetunePlan,
  { train, dev }: ExampleSets,
  metric: Metric,
): Promise<{ [name: string]: JsonValue }> {
  const { classifier } = options;
  const { model, settings } = classifier;
  const { learningRate: _, seed: __, ...same } = toldSettings(options, plan);
  return {
    ...same,
    metric: metric.name,
    classifier: settings as unknown as JsonValue, // plain data, by its type
    network: (await modelDigest(model)).slice(0, 16),
    head: plan.keepHead ? (await modelDigest(classifier)).slice(0, 16) : null,
    train: await examplesDigest(train),
    dev: dev === undefined ? null : await examplesDigest(dev),
  };
}

async function writeResults(
  run: RunFolder,
  classifier: Classifier,
  {
    report,
    part,
    aborted,
  }: { readonly report: string; readonly part: 'head' | 'all'; readonly aborted: boolean },
): Promise<void> {
  const encoder = new TextEncoder();
  await run.write('report.html', [encoder.encode(report)]);
  if (aborted) return;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  await Promise.all([
    run.write('classifier.safetensors', chunksOf(readable)),
    classifier.save(writable, { base: part === 'all' ? 'include' : 'reference' }),
  ]);
  await run.write('model-card.md', [encoder.encode(classifier.card())]);
}
