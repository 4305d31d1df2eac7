// The training loop: batches of pairs → one step each → metrics, until the steps are done or the caller aborts. With a
// run folder it can be ended at any moment, by force too, and goes on from its last checkpoint as if nothing had been.
// Reference: big_vision `trainers/proj/image_text/contrastive.py`.

import type { ClippoModel } from '../clippo-model.ts';
import type { JsonValue, TextBatch } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import { adafactor } from './adafactor.ts';
import { type Anchors, assertAnchors } from './anchors.ts';
import { assertIterable, type BatchesOption, type BatchStream, openBatches } from './batch-stream.ts';
import { createDiagnosis } from './diagnosis.ts';
import { type EngineOptions, resolveEngineOptions } from './engine.ts';
import { checkModelCard, type ModelCardText } from './model-card.ts';
import { pairsOfSheet, retrievalSheet } from './retrieval-sheet.ts';
import { createRun, type Run } from './run.ts';
import { assertSavedOptimizer } from './run-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';
import { schedule } from './schedule.ts';
import type { StepMetrics } from './step-metrics.ts';
import { assertChunk, assertModel, assertUnchunked, createTrainStep, type TrainStep } from './train-step.ts';
import { assertStepOptimizer, type StepOptimizer } from './update.ts';

/** What {@link train} trains, on what, and how long. */
export interface TrainOptions extends EngineOptions {
  readonly model: ClippoModel;
  /**
   * Where batches come from, one a step; closed at the end. A function opens them where an earlier run stopped, by what
   * their `position()` said; others are drawn from the beginning and passed over up to there.
   */
  readonly batches: BatchesOption;
  /** Steps to train, those of earlier runs in the same folder included. */
  readonly steps: number;
  /**
   * Default: `adafactor()` under the rsqrt schedule with a quarter of the steps each for timescale, warm-up and
   * cool-down, the proportions of big_vision's COCO run. Give your own to go on with its state afterwards.
   */
  readonly optimizer?: StepOptimizer;
  /** Rasters that go through the network together, for batches beyond the memory; see createTrainStep. */
  readonly chunk?: number;
  /** What pictures and texts are compared with in place of each other, for a start; kept in checkpoints. */
  readonly anchors?: Anchors;
  /** Ends the training after the step in hand, with a checkpoint; `train` then returns what was done. */
  readonly signal?: AbortSignal;
  /** Where checkpoints and metrics go, `runFolder(path)` of clippo-ts/node. A run that is there already goes on. */
  readonly run?: RunFolder;
  /** Steps between checkpoints, default 1000. */
  readonly checkpointEvery?: number;
  /** Newest checkpoints that are kept, at least 1, default 2. */
  readonly keep?: number;
  /** Checkpoints of these steps and their multiples are never deleted; 0, the default, for none. */
  readonly keepEvery?: number;
  /** What the run was made with, beyond the model: kept in checkpoints, and a run goes on only where it is the same. */
  readonly settings?: { readonly [name: string]: JsonValue };
  /** What the model card, written at the end of a run, says beyond what the run knows by itself. */
  readonly card?: ModelCardText;
  /** Looks at the model every `measureEvery` steps and at the end; the numbers go into the metrics. */
  readonly measure?: (context: {
    readonly step: number;
    readonly model: ClippoModel;
  }) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Steps, default 1000. */
  readonly measureEvery?: number;
  /** Called after every step. */
  readonly onStep?: (metrics: StepMetrics) => void;
  /** Called with what `measure` gave. */
  readonly onMeasure?: (measured: {
    readonly step: number;
    readonly values: Readonly<Record<string, number>>;
  }) => void;
  /**
   * Hears of what goes on in spite of it: a damaged checkpoint that was passed over, and, once each, signs that the run
   * does not learn.
   */
  readonly onWarning?: (message: string) => void;
  readonly onProgress?: OnProgress;
}

const OPTIONS = [
  ...[
    'model',
    'batches',
    'steps',
    'optimizer',
    'chunk',
    'anchors',
    'signal',
    'run',
    'checkpointEvery',
    'keep',
    'keepEvery',
  ],
  ...[
    'settings',
    'card',
    'measure',
    'measureEvery',
    'onStep',
    'onMeasure',
    'onWarning',
    'onProgress',
    'engine',
    'runtime',
  ],
];

/** What {@link train} has done. */
export interface TrainResult {
  /** one entry a step that was done now */
  readonly history: StepMetrics[];
  /** steps that were done in all */
  readonly step: number;
  /** whether the signal ended it early */
  readonly aborted: boolean;
  /** what computed the steps */
  readonly engine: TrainStep['engine'];
}

/**
 * Trains a model in place.
 *
 * @throws ConfigError when an option is missing, unknown or of another kind, or the run was begun with other settings
 * @throws DataError when the batches run out before the steps, the loss is no longer finite, or the run folder cannot
 *   be written; and what {@link createTrainStep} and its step throw
 * @example
 * const { history } = await train({ model, batches, steps: 200, onStep: ({ loss }) => console.log(loss) });
 * @example
 * // Ctrl-C or a power cut, and the same call again: it goes on where it was.
 * const batches = (position) => createWorkerBatches({ sources, batchSize: 128, size: 96, position });
 * await train({ model, batches, optimizer, steps: 20_000, run: runFolder('runs/first') });
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  refuseUnknown('train', options, OPTIONS);
  const { model, batches, steps, chunk, anchors, signal, onStep, onProgress } = options;
  assertCount('steps', steps, 1);
  assertModel('train', model);
  if (chunk !== undefined) assertChunk('train', chunk);
  if (anchors !== undefined) {
    assertAnchors('train', anchors, model.config.embeddingDim);
    assertUnchunked('train', chunk);
  }
  if (options.optimizer !== undefined) assertStepOptimizer('train', options.optimizer);
  if (typeof batches !== 'function') assertIterable(batches, false);
  const { checkpointEvery = 1000, keep = 2, keepEvery = 0, measureEvery = 1000 } = options;
  assertCount('checkpointEvery', checkpointEvery, 1);
  assertCount('keep', keep, 1);
  assertCount('keepEvery', keepEvery, 0);
  assertCount('measureEvery', measureEvery, 1);
  if (options.card !== undefined) checkModelCard(options.card);
  const engineOptions = resolveEngineOptions('train', options);
  const own = options.optimizer === undefined ? defaultOptimizer(steps) : undefined;
  const optimizer = options.optimizer ?? own!;
  if (options.run !== undefined) assertRun(options.run, optimizer);
  const history: StepMetrics[] = [];
  const diagnosis = createDiagnosis({ hasAnchors: anchors !== undefined });
  let trainStep: TrainStep | undefined;
  let stream: BatchStream | undefined;
  let run: Run | undefined;
  try {
    if (options.run !== undefined) {
      const { run: folder, settings = {}, card = {}, onWarning = () => {} } = options;
      assertSavedOptimizer(optimizer);
      await folder.open();
      const all = { model: model.config as unknown as JsonValue, ...settings }; // plain data, by its type
      const learner = { model, optimizer, anchors };
      run = createRun({ folder, learner, settings: all, card, keep, keepEvery, onWarning });
    }
    const start = await run?.resume();
    let step = start?.step ?? 0;
    let saved = step;
    trainStep = await createTrainStep({
      model,
      optimizer,
      ...engineOptions,
      ...(chunk === undefined ? {} : { chunk }),
      ...(anchors === undefined ? {} : { anchors }),
    });
    const { engine } = trainStep;
    let last: TextBatch | undefined;
    const checkpoint = async (): Promise<void> => {
      if (run !== undefined && saved !== step) {
        await run.checkpoint(step, stream!.position());
        const pairs = pairsOfSheet(last!, chunk); // there has been a step
        await run.metrics.report(steps, retrievalSheet(pairs, await trainStep!.embed(pairs)));
      }
      saved = step;
    };
    const measure = async (): Promise<void> => {
      if (options.measure === undefined) return;
      const values = await options.measure({ step, model });
      run?.metrics.add({ step, measured: values });
      options.onMeasure?.({ step, values });
    };
    if (step < steps && !signal?.aborted) stream = await openBatches(batches, start);
    while (step < steps && !signal?.aborted) {
      const asked = performance.now();
      const batch = await nextUnlessAborted(stream!, signal);
      if (batch === undefined) break;
      const begun = performance.now();
      const result = await trainStep.run(batch);
      last = batch;
      const [waitMs, stepMs] = [begun - asked, performance.now() - begun];
      const batchSize = batch.images.length;
      const chance = Math.log(anchors?.vectors.shape[0] ?? batchSize);
      const metrics = { step: step + 1, ...result, batchSize, chance, stepMs, waitMs };
      if (!Number.isFinite(metrics.loss)) throw notFinite(metrics, saved, run !== undefined);
      step++;
      history.push(metrics);
      run?.metrics.add(metrics);
      for (const { message } of diagnosis.observe(metrics, batch)) {
        run?.metrics.find(message);
        options.onWarning?.(message);
      }
      onStep?.(metrics);
      onProgress?.({ stage: 'train', done: step, total: steps, unit: 'steps' });
      if (step % measureEvery === 0 && step < steps) await measure();
      if (step % checkpointEvery === 0) await checkpoint();
      else await run?.metrics.flush();
      await new Promise((resolve) => setTimeout(resolve)); // timers, clicks and aborts have their turn
    }
    if (step < steps && !signal?.aborted) {
      throw new DataError(
        `train: the batches ended after ${step} of ${steps} steps. Repeat the data, or ask for fewer steps.`,
      );
    }
    if (step === steps && history.length > 0) await measure();
    if (history.length > 0) await checkpoint();
    if (step === steps) await run?.saveModel(model);
    return { history, step, aborted: step < steps, engine };
  } finally {
    await stream?.close();
    await trainStep?.dispose();
    await options.run?.close();
    own?.dispose();
  }
}

/** Batches that hear the signal too end with its reason; training then ends as it does between steps. */
async function nextUnlessAborted(stream: BatchStream, signal: AbortSignal | undefined) {
  try {
    return await stream.next();
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}

function notFinite({ step, loss }: StepMetrics, saved: number, isKept: boolean): DataError {
  const back = !isKept
    ? 'Start again from the last checkpoint'
    : saved > 0
      ? `The checkpoint of step ${saved} is from before; go on from it`
      : 'There is no checkpoint yet; begin anew';
  return new DataError(
    `train: the loss is ${loss} at step ${step}; the weights are spoilt. ${back} with a lower learning rate or a longer warm-up.`,
  );
}

/** @throws ConfigError */
function assertRun(folder: RunFolder, optimizer: StepOptimizer): void {
  if (typeof folder?.open !== 'function') {
    throw new ConfigError(
      `train: run: expected a folder, got ${describeValue(folder)}. Make one with runFolder(path) of clippo-ts/node.`,
    );
  }
  assertSavedOptimizer(optimizer);
}

/** @throws ConfigError */
function assertCount(name: string, value: number, least: 0 | 1): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const expected = least === 1 ? 'a positive integer' : 'an integer of at least 0';
  throw new ConfigError(`train: ${name}: expected ${expected}, got ${describeValue(value)}.`);
}

function defaultOptimizer(steps: number): ReturnType<typeof adafactor> {
  const quarter = { percent: 0.25 };
  const rate = schedule({
    decay: 'rsqrt',
    total: steps,
    timescale: quarter,
    warmup: quarter,
    cooldown: quarter,
  });
  return adafactor({ schedule: rate });
}
