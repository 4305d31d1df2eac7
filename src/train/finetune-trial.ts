// One training of a head, or of head and network: steps in an order that a seed decides, looks at the dev set, an end when
// nothing gets better, the best weights kept. With a run folder it can be ended at any moment, by force too, and goes on
// from its last checkpoint bit for bit.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import type { JsonValue } from '../data/index.ts';
import { DataError } from '../errors.ts';
import type { TargetKind } from '../tasks/index.ts';
import { type AnswerMetrics, measureAnswers } from './answer-metrics.ts';
import type { Feed } from './example-feed.ts';
import { createExampleOrder } from './example-order.ts';
import type { TargetRows } from './example-targets.ts';
import type {
  FinetuneHandles,
  FinetunePlan,
  FinetuneStepMetrics,
  TrialEvaluation,
  TrialName,
} from './finetune-options.ts';
import {
  createFinetuneStep,
  createScorer,
  type LabelledBatch,
  type Scorer,
  type Trainee,
} from './finetune-step.ts';
import type { MetricsLine } from './metrics-log.ts';
import type { PathOptimizer } from './path-optimizer.ts';
import { createRun, type Run } from './run.ts';
import type { RunFolder } from './run-folder.ts';
import { packWeights, removeOtherWeights, unpackWeights, type Weights } from './trial-file.ts';

/** Examples, ready to be learned from or measured on. */
export interface TrialData {
  readonly feed: Feed;
  readonly rows: TargetRows;
}

export interface TrialOptions
  extends Pick<FinetuneHandles, 'signal' | 'onStep' | 'onEvaluation' | 'onProgress'> {
  readonly door: string;
  readonly name: TrialName;
  readonly plan: FinetunePlan;
  readonly trainee: Trainee;
  readonly kind: TargetKind;
  readonly train: TrialData;
  /** How much each example counts, 1 on average. */
  readonly weights: Float32Array;
  readonly dev: TrialData | undefined;
  /** What is best; larger is better. */
  readonly metricOf: (metrics: AnswerMetrics) => number;
  readonly runtime: OrtRuntime | undefined;
  readonly kept?: KeptTrial | undefined;
}

/** Where a training is kept, and what has to be the same when it goes on. */
export interface KeptTrial {
  readonly folder: RunFolder;
  readonly config: ClippoModel['config'];
  readonly settings: { readonly [name: string]: JsonValue };
  readonly onWarning: (message: string) => void;
}

export interface TrialResult extends TrialName {
  /** Steps that were done in all. */
  readonly step: number;
  /** What ended it. */
  readonly ended: 'steps' | 'early' | 'aborted';
  readonly evaluations: readonly TrialEvaluation[];
  /** The look at which it was best; undefined without a dev set. */
  readonly best: TrialEvaluation | undefined;
  /** Loss of every step, those of earlier starts included. */
  readonly losses: readonly (readonly [step: number, loss: number])[];
  /** The steps that were done now. */
  readonly history: readonly FinetuneStepMetrics[];
}

/** Time that steps may take before others have their turn. */
const YIELD_MS = 20;

/**
 * Trains from the values that the parameters have, and leaves them at their best.
 *
 * @throws DataError when the loss is no longer finite
 */
export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { door, name, plan, trainee, kind, train, dev, runtime, signal, kept, onStep, onProgress } = options;
  const { steps, batchSize, evaluateEvery, patience, checkpointEvery } = plan;
  const { parameters } = trainee;
  const optimizer = plan.createOptimizer(name.learningRate);
  const run = kept && openRun(door, kept, trainee, optimizer);
  const engine = createFinetuneStep({ trainee, kind: kind.kind, optimizer, runtime });
  const scorer = createScorer(trainee, runtime);
  try {
    const start = await run?.resume();
    let step = start?.step ?? 0;
    let saved = step;
    const evaluations = [...((start?.position ?? []) as unknown as TrialEvaluation[])]; // as saved below
    const history: FinetuneStepMetrics[] = [];
    const losses = lossesIn(run?.metrics.lines() ?? []);
    let best = bestOf(evaluations);
    let bestWeights = kept && best && (await unpackWeights(kept.folder, best.step));
    const order = createExampleOrder(train.feed.count, batchSize, name.seed);

    const save = async (): Promise<void> => {
      if (saved !== step) await run?.checkpoint(step, evaluations as unknown as JsonValue); // plain data, by its type
      saved = step;
    };
    const look = async (): Promise<void> => {
      if (dev === undefined || evaluations.at(-1)?.step === step) return;
      const metrics = await measureFeed(scorer, kind, dev, batchSize);
      const metric = options.metricOf(metrics);
      const evaluation = { step, metric, values: metrics.values };
      evaluations.push(evaluation);
      run?.metrics.add({ step, measured: metrics.values });
      options.onEvaluation?.({ ...name, ...evaluation });
      const before = best;
      if (before === undefined || metric > before.metric) {
        best = evaluation;
        bestWeights = await weightsOf(parameters);
        if (kept) await packWeights(kept.folder, step, parameters, bestWeights);
      }
      await save();
      // The last two: the checkpoint before this one may be needed, and what was best then.
      if (kept && best !== before) await removeOtherWeights(kept.folder, [step, before?.step ?? step]);
    };
    let yielded = performance.now();
    const isStuck = (): boolean =>
      best !== undefined && evaluations.length - evaluations.indexOf(best) > patience;

    while (step < steps && !signal?.aborted && !isStuck()) {
      const result = await engine.run(await labelBatch(train, order(step), options.weights));
      const metrics = { ...name, step: step + 1, ...result };
      if (!Number.isFinite(result.loss)) throw new DivergedError(door, metrics, losses);
      step++;
      history.push(metrics);
      losses.push([step, result.loss]);
      run?.metrics.add({ step, batchSize, ...result });
      onStep?.(metrics);
      onProgress?.({ stage: 'finetune', done: step, total: steps, unit: 'steps' });
      if (step % evaluateEvery === 0) await look();
      if (step % checkpointEvery === 0) await save();
      await run?.metrics.flush();
      if (performance.now() - yielded < YIELD_MS) continue; // steps of a head are shorter than a timer
      await new Promise((resolve) => setTimeout(resolve)); // clicks and aborts have their turn
      yielded = performance.now();
    }
    const ended = step === steps ? 'steps' : isStuck() ? 'early' : 'aborted';
    if (ended === 'steps') await look();
    await save();
    if (bestWeights !== undefined) setWeights(parameters, bestWeights);
    return { ...name, step, ended, evaluations, best, losses, history };
  } finally {
    await engine.dispose();
    await scorer.dispose();
    optimizer.dispose();
  }
}

function openRun(
  door: string,
  { config, ...kept }: KeptTrial,
  { parameters }: Trainee,
  optimizer: PathOptimizer,
): Run {
  const model = { config, tokenizer: undefined, parameters: () => new Map(parameters) };
  const learner = { model, optimizer, anchors: undefined };
  return createRun({ door, card: {}, keep: 2, keepEvery: 0, ...kept, learner });
}

export function lossesIn(lines: readonly MetricsLine[]): (readonly [step: number, loss: number])[] {
  return lines.flatMap(({ step, loss }) => (typeof loss === 'number' ? [[step, loss] as const] : []));
}

/** Row by row what a batch should be answered with. */
export async function labelBatch(
  { feed, rows }: TrialData,
  numbers: Int32Array,
  weights: Float32Array,
): Promise<LabelledBatch> {
  const batch = await feed.batch(numbers);
  const { places } = batch;
  const real = places.reduce((count, place) => count + (place < 0 ? 0 : 1), 0);
  const targets = new Float32Array(places.length * rows.width);
  const counts = new Float32Array(places.length);
  for (const [row, place] of places.entries()) {
    if (place < 0) continue;
    rows.write(numbers[place]!, targets, row * rows.width);
    counts[row] = weights[numbers[place]!]! / real;
  }
  return { batch, targets, weights: counts };
}

/** Scores of all examples that can be read, and what they come to. */
export async function measureFeed(
  scorer: Scorer,
  kind: TargetKind,
  { feed, rows }: TrialData,
  batchSize: number,
): Promise<AnswerMetrics & { readonly numbers: readonly number[]; readonly scores: Float32Array }> {
  const K = rows.width;
  const scores = new Float32Array(feed.count * K);
  const numbers: number[] = [];
  for (let start = 0; start < feed.count; start += batchSize) {
    const wanted = Int32Array.from({ length: batchSize }, (_, i) =>
      start + i < feed.count ? start + i : -1,
    );
    const batch = await feed.batch(wanted);
    const given = await scorer.scores(batch);
    const rowOf = new Map(Array.from(batch.places, (place, row) => [place, row] as const));
    for (const [place, number] of wanted.entries()) {
      const row = rowOf.get(place);
      if (row === undefined || number < 0) continue;
      scores.set(given.subarray(row * K, (row + 1) * K), numbers.length * K);
      numbers.push(number);
    }
  }
  const found = scores.subarray(0, numbers.length * K);
  return { ...measureAnswers(kind, found, rows, numbers), numbers, scores: found };
}

/** The first of the best. */
function bestOf(evaluations: readonly TrialEvaluation[]): TrialEvaluation | undefined {
  let best = evaluations[0];
  for (const each of evaluations) if (each.metric > best!.metric) best = each;
  return best;
}

export async function weightsOf(parameters: Trainee['parameters']): Promise<Weights> {
  const weights = new Map<string, Float32Array>();
  for (const [path, variable] of parameters) {
    weights.set(path, ((await variable.data()) as Float32Array).slice());
  }
  return weights;
}

export function setWeights(parameters: Trainee['parameters'], weights: Weights): void {
  for (const [path, variable] of parameters) {
    const values = weights.get(path);
    if (values !== undefined) tf.tidy(() => variable.assign(tf.tensor(values.slice(), variable.shape)));
  }
}

/** The loss of a training is no longer finite. */
export class DivergedError extends DataError {
  readonly step: number;
  readonly losses: TrialResult['losses'];

  constructor(
    door: string,
    { step, loss, learningRate }: FinetuneStepMetrics,
    losses: TrialResult['losses'],
  ) {
    super(
      `${door}: the loss is ${loss} at step ${step}, with a learning rate of ${learningRate}; the weights are spoilt. Begin anew with a lower one or a longer warm-up.`,
    );
    this.step = step;
    this.losses = losses;
  }
}
