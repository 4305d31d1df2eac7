// The plain training loop: batches of pairs → one step each → metrics, until the steps are done or the caller aborts.
//  Reference: big_vision `trainers/proj/image_text/contrastive.py`.

import type { ClippoModel } from '../clippo-model.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import { adafactor } from './adafactor.ts';
import { type EngineOptions, resolveEngineOptions } from './engine.ts';
import { schedule } from './schedule.ts';
import {
  assertModel,
  createTrainStep,
  type PairBatch,
  type TrainStep,
  type TrainStepMetrics,
} from './train-step.ts';
import { assertStepOptimizer, type StepOptimizer } from './update.ts';

/** What one step came to; all but `step` are of the state before its update. */
export interface StepMetrics extends TrainStepMetrics {
  /** from 1 */
  readonly step: number;
}

export interface TrainOptions extends EngineOptions {
  readonly model: ClippoModel;
  /** Where batches come from, one a step; closed at the end. */
  readonly batches: Iterable<PairBatch> | AsyncIterable<PairBatch>;
  /** Steps to train. */
  readonly steps: number;
  /**
   * Default: `adafactor()` under the rsqrt schedule with a quarter of the steps each for timescale, warm-up and
   * cool-down, the proportions of big_vision's COCO run. Give your own to go on with its state afterwards.
   */
  readonly optimizer?: StepOptimizer;
  /** Ends the training after the step in hand; `train` then returns what was done. */
  readonly signal?: AbortSignal;
  readonly onStep?: (metrics: StepMetrics) => void;
  readonly onProgress?: OnProgress;
}

export interface TrainResult {
  /** one entry a step that was done */
  readonly history: StepMetrics[];
  /** whether the signal ended it early */
  readonly aborted: boolean;
  /** what computed the steps */
  readonly engine: TrainStep['engine'];
}

/**
 * Trains a model in place.
 *
 * @throws ConfigError when an option is missing, unknown or of another kind
 * @throws DataError when the batches run out before the steps, or the loss is no longer finite; and what
 *   {@link createTrainStep} and its step throw
 * @example
 * const { history } = await train({ model, batches, steps: 200, onStep: ({ loss }) => console.log(loss) });
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  refuseUnknown('train', options, [
    'model',
    'batches',
    'steps',
    'optimizer',
    'signal',
    'onStep',
    'onProgress',
    'engine',
    'runtime',
  ]);
  const { model, batches, steps, signal, onStep, onProgress } = options;
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new ConfigError(`train: steps: expected a positive integer, got ${String(steps)}.`);
  }
  assertModel('train', model);
  if (options.optimizer !== undefined) assertStepOptimizer('train', options.optimizer);
  assertBatches(batches);
  const engineOptions = resolveEngineOptions('train', options);
  const own = options.optimizer === undefined ? defaultOptimizer(steps) : undefined;
  const optimizer = options.optimizer ?? own!;
  const history: StepMetrics[] = [];
  let trainStep: TrainStep | undefined;
  try {
    trainStep = await createTrainStep({ model, optimizer, ...engineOptions });
    const { engine } = trainStep;
    if (signal?.aborted) return { history, aborted: true, engine };
    for await (const batch of batches) {
      const step = history.length + 1;
      const metrics = { step, ...(await trainStep.run(batch)) };
      if (!Number.isFinite(metrics.loss)) {
        throw new DataError(
          `train: the loss is ${metrics.loss} at step ${step}; the weights are spoilt. Start again from the last checkpoint with a lower learning rate or a longer warm-up.`,
        );
      }
      history.push(metrics);
      onStep?.(metrics);
      onProgress?.({ stage: 'train', done: step, total: steps, unit: 'steps' });
      if (step === steps || signal?.aborted) break;
      await new Promise((resolve) => setTimeout(resolve)); // timers, clicks and aborts have their turn
    }
    if (history.length < steps && !signal?.aborted) {
      throw new DataError(
        `train: the batches ended after ${history.length} of ${steps} steps. Repeat the data, or ask for fewer steps.`,
      );
    }
    return { history, aborted: history.length < steps, engine };
  } finally {
    await trainStep?.dispose();
    own?.dispose();
  }
}

function assertBatches(batches: TrainOptions['batches']): void {
  const given = Object(batches);
  if (Symbol.iterator in given || Symbol.asyncIterator in given) return;
  // A generator is easily handed over without being called.
  const remedy = typeof batches === 'function' ? ' Call it: batches().' : '';
  throw new ConfigError(
    `train: batches: expected an iterable of { images, texts }, one a step, got ${describeValue(batches)}.${remedy}`,
  );
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
