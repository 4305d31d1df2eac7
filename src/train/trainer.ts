// The plain training loop: batches of pairs → one shared network → contrastive loss → update, until the steps
// are done or the caller aborts. Reference: big_vision `trainers/proj/image_text/contrastive.py`.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import { ConfigError, DataError } from '../errors.ts';
import { toTensor } from '../model/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import type { Raster } from '../raster/index.ts';
import { adafactor } from './adafactor.ts';
import { contrastiveLoss, contrastiveMetrics } from './loss.ts';
import { schedule } from './schedule.ts';
import { assertStepOptimizer, type StepOptimizer, updateStep } from './update.ts';

/**
 * Pairs that belong together: `images[i]` with `texts[i]`. Both slots hold Rasters as wide as the model's
 * pictures; text may use fewer rows. For text/text pairs, drawn sentences fill both slots.
 */
export interface PairBatch {
  readonly images: readonly Raster[];
  readonly texts: readonly Raster[];
}

/** What one step came to; all but `step` are of the state before its update. */
export interface StepMetrics {
  /** from 1 */
  readonly step: number;
  /** contrastive loss; ln(batch) is chance */
  readonly loss: number;
  /** share of pictures whose most similar text within the batch is their own, 0 … 1 */
  readonly ncorrect: number;
  /** l2 norm over all gradients, before clipping */
  readonly gradNorm: number;
  /** l2 norm over all changes of parameters */
  readonly updateNorm: number;
  /** exp(t) */
  readonly temperature: number;
}

export interface TrainStepOptions {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
  readonly batch: PairBatch;
}

/**
 * One step of contrastive training; the model's weights are updated in place.
 *
 * @returns the metrics, without `step`
 * @throws ConfigError when an option is missing, unknown or of another kind, DataError when the slots differ in
 *   length or are empty or hold no Rasters, ShapeError when the Rasters do not fit
 */
export async function trainStep(options: TrainStepOptions): Promise<Omit<StepMetrics, 'step'>> {
  refuseUnknown('trainStep', options, ['model', 'optimizer', 'batch']);
  const { model, optimizer, batch } = options;
  assertModel('trainStep', model);
  assertStepOptimizer('trainStep', optimizer);
  if (!Array.isArray(batch?.images) || !Array.isArray(batch.texts)) {
    throw new ConfigError(
      `trainStep: batch: expected { images, texts }, two lists of Rasters, got ${describeValue(batch)}.`,
    );
  }
  const pairs = batch.images.length;
  if (pairs === 0 || pairs !== batch.texts.length) {
    throw new DataError(
      `trainStep: a batch needs as many texts as images, at least one, got ${pairs} images and ${batch.texts.length} texts.`,
    );
  }
  const parameters = model.parameters();
  const t = parameters.get('t')!;
  const metrics = tf.tidy(() => {
    const images = toTensor(batch.images);
    const texts = toTensor(batch.texts);
    let observed: ReturnType<typeof contrastiveMetrics> | undefined;
    const update = updateStep(optimizer, parameters, () => {
      // The model maps images to unit vectors [B, E], pictures and drawn text alike.
      const zImage = model.network.apply(images, { training: true }) as tf.Tensor2D;
      const zText = model.network.apply(texts, { training: true }) as tf.Tensor2D;
      observed = contrastiveMetrics(zImage, zText, t);
      for (const value of Object.values(observed)) tf.keep(value);
      return contrastiveLoss(zImage, zText, t);
    });
    return { ...update, ...observed! };
  });
  return readScalars(metrics);
}

export interface TrainOptions {
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
}

/**
 * Trains a model in place.
 *
 * @throws ConfigError when an option is missing, unknown or of another kind
 * @throws DataError when the batches run out before the steps, or the loss is no longer finite; and what
 *   {@link trainStep} throws
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
  ]);
  const { model, batches, steps, signal, onStep, onProgress } = options;
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new ConfigError(`train: steps: expected a positive integer, got ${String(steps)}.`);
  }
  assertModel('train', model);
  if (options.optimizer !== undefined) assertStepOptimizer('train', options.optimizer);
  assertBatches(batches);
  const own = options.optimizer === undefined ? defaultOptimizer(steps) : undefined;
  const optimizer = options.optimizer ?? own!;
  const history: StepMetrics[] = [];
  try {
    if (signal?.aborted) return { history, aborted: true };
    for await (const batch of batches) {
      const step = history.length + 1;
      const metrics = { step, ...(await trainStep({ model, optimizer, batch })) };
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
  } finally {
    own?.dispose();
  }
  if (history.length < steps && !signal?.aborted) {
    throw new DataError(
      `train: the batches ended after ${history.length} of ${steps} steps. Repeat the data, or ask for fewer steps.`,
    );
  }
  return { history, aborted: history.length < steps };
}

function assertModel(door: string, model: ClippoModel): void {
  if (typeof model?.parameters === 'function') return;
  throw new ConfigError(`${door}: model: expected a ClippoModel, got ${describeValue(model)}.`);
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

async function readScalars<K extends string>(scalars: Record<K, tf.Scalar>): Promise<Record<K, number>> {
  try {
    const entries = Object.entries<tf.Scalar>(scalars).map(
      async ([name, scalar]) => [name, (await scalar.data())[0]!] as const,
    );
    // Object.entries forgets that the keys are K.
    return Object.fromEntries(await Promise.all(entries)) as Record<K, number>;
  } finally {
    tf.dispose(Object.values<tf.Scalar>(scalars));
  }
}
