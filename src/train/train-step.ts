// One step of contrastive training on a batch of pairs, by tfjs or as one graph in ONNX Runtime. Both run the same
// function; the graph is recorded once for every shape of batch and takes the numbers of the step from outside.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { CompiledFunction, OrtRuntime } from '../compile/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { toTensor } from '../model/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import { type EngineOptions, findRuntime, resolveEngineOptions } from './engine.ts';
import { contrastiveLoss, contrastiveMetrics } from './loss.ts';
import { isRecordable, type RecordableOptimizer } from './recordable-optimizer.ts';
import { assertStepOptimizer, type StepOptimizer, type StepScalars, updateStep } from './update.ts';

/**
 * Pairs that belong together: `images[i]` with `texts[i]`. Both slots hold Rasters as wide as the model's
 * pictures; text may use fewer rows. For text/text pairs, drawn sentences fill both slots.
 */
export interface PairBatch {
  readonly images: readonly Raster[];
  readonly texts: readonly Raster[];
}

/** What one step came to; all of it is of the state before its update. */
export type TrainStepMetrics = {
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
};

export interface CreateTrainStepOptions extends EngineOptions {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
}

/** A step to be taken again and again. */
export interface TrainStep {
  /** what computes it */
  readonly engine: 'tfjs' | 'onnx';
  /**
   * Updates the model's weights in place. Steps asked for at once are done one after the other. When one fails,
   * weights and optimiser are as before.
   *
   * @throws DataError when the slots differ in length or are empty or hold no Rasters, ShapeError when the Rasters do
   *   not fit, BackendError when ONNX Runtime fails
   */
  run(batch: PairBatch): Promise<TrainStepMetrics>;
  /** Frees the sessions, after the step in hand. Harmless when called twice. */
  dispose(): Promise<void>;
}

export interface TrainStepOptions {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
  readonly batch: PairBatch;
}

/**
 * Makes a step of contrastive training that runs as one graph, forward, backward and update, where ONNX Runtime is at
 * hand. A graph is made when the first batch of its shape comes, which takes a second or so.
 *
 * @returns the step; the caller disposes it
 * @throws ConfigError when an option is missing, unknown or of another kind, or the optimiser cannot be recorded
 * @throws BackendError when `engine: 'onnx'` finds no ONNX Runtime
 * @example
 * const step = await createTrainStep({ model, optimizer });
 * for (const batch of batches) console.log((await step.run(batch)).loss);
 * await step.dispose();
 */
export async function createTrainStep(options: CreateTrainStepOptions): Promise<TrainStep> {
  refuseUnknown('createTrainStep', options, ['model', 'optimizer', 'engine', 'runtime']);
  const { model, optimizer } = options;
  assertModel('createTrainStep', model);
  assertStepOptimizer('createTrainStep', optimizer);
  const wanted = resolveEngineOptions('createTrainStep', options);
  const runtime = await findRuntime('createTrainStep', wanted, optimizer);
  // findRuntime gives one only for an optimiser that can be recorded.
  if (runtime !== undefined && isRecordable(optimizer)) return compiledStep(model, optimizer, runtime);
  return {
    engine: 'tfjs',
    run: (batch) => trainStep({ model, optimizer, batch }),
    dispose: async () => {},
  };
}

/**
 * One step of contrastive training on tfjs; the model's weights are updated in place. {@link createTrainStep} gives
 * one that is several times as fast, for many steps.
 *
 * @returns the metrics
 * @throws ConfigError when an option is missing, unknown or of another kind, DataError when the slots differ in
 *   length or are empty or hold no Rasters, ShapeError when the Rasters do not fit
 */
export async function trainStep(options: TrainStepOptions): Promise<TrainStepMetrics> {
  refuseUnknown('trainStep', options, ['model', 'optimizer', 'batch']);
  const { model, optimizer, batch } = options;
  assertModel('trainStep', model);
  assertStepOptimizer('trainStep', optimizer);
  assertBatch(batch);
  return readScalars(
    tf.tidy(() => pairStep(model, optimizer, toTensor(batch.images), toTensor(batch.texts))),
  );
}

/** @throws ConfigError */
export function assertModel(door: string, model: ClippoModel): void {
  if (typeof model?.parameters === 'function') return;
  throw new ConfigError(`${door}: model: expected a ClippoModel, got ${describeValue(model)}.`);
}

/** What both engines run. */
function pairStep(
  model: ClippoModel,
  optimizer: StepOptimizer,
  images: tf.Tensor4D,
  texts: tf.Tensor4D,
  scalars?: StepScalars,
): Record<keyof TrainStepMetrics, tf.Scalar> {
  const parameters = model.parameters();
  const t = parameters.get('t')!;
  let observed: ReturnType<typeof contrastiveMetrics> | undefined;
  const lossFn = (): tf.Scalar => {
    const [zImage, zText] = embedPairs(model, images, texts);
    observed = contrastiveMetrics(zImage, zText, t);
    for (const value of Object.values(observed)) tf.keep(value);
    return contrastiveLoss(zImage, zText, t);
  };
  const update = updateStep(optimizer, parameters, lossFn, scalars);
  return { ...update, ...observed! };
}

/** The model maps images to unit vectors [B, E], pictures and drawn text alike: both at once where they are one shape. */
function embedPairs(model: ClippoModel, images: tf.Tensor4D, texts: tf.Tensor4D): [tf.Tensor2D, tf.Tensor2D] {
  const embed = (input: tf.Tensor4D): tf.Tensor2D =>
    model.network.apply(input, { training: true }) as tf.Tensor2D; // one tensor in, one out
  if (images.shape.join() !== texts.shape.join()) return [embed(images), embed(texts)];
  const both = embed(tf.concat([images, texts])); // [2B, E]
  return tf.split(both, 2) as [tf.Tensor2D, tf.Tensor2D]; // into two
}

/** What is recorded: the numbers of the step are inputs, so that they are not frozen. */
type RecordedStep = (
  images: tf.Tensor4D,
  texts: tf.Tensor4D,
  beta2: tf.Scalar,
  schedule: tf.Scalar,
) => ReturnType<typeof pairStep>;

function compiledStep(model: ClippoModel, optimizer: RecordableOptimizer, runtime: OrtRuntime): TrainStep {
  let compiled: { step: CompiledFunction<RecordedStep>; variables: readonly tf.Variable[] } | undefined;
  let isDisposed = false;
  // Steps go one after the other: each counts on from the one before.
  let last: Promise<unknown> = Promise.resolve();

  /** The function for these variables, recorded anew when there are others: `setWeights` makes such. */
  async function stepFor(variables: readonly tf.Variable[]): Promise<CompiledFunction<RecordedStep>> {
    const isKnown =
      compiled?.variables.length === variables.length &&
      compiled.variables.every((variable, i) => variable === variables[i]);
    if (compiled !== undefined && isKnown) return compiled.step;
    await compiled?.step.dispose();
    compiled = undefined;
    const { compile } = await import('../compile/index.ts');
    const step = await compile<RecordedStep>(
      (images, texts, beta2, schedule) => pairStep(model, optimizer, images, texts, { beta2, schedule }),
      { runtime, variables },
    );
    compiled = { step, variables };
    return step;
  }

  async function run(batch: PairBatch): Promise<TrainStepMetrics> {
    assertBatch(batch);
    const parameters = model.parameters();
    const trainable = new Map([...parameters].filter(([, variable]) => variable.trainable));
    const state = optimizer.prepare(trainable);
    const { beta2, schedule } = optimizer.stepNumbers();
    // Those that are trained stand first and again: which they are is part of what is recorded.
    const step = await stepFor([...trainable.values(), ...parameters.values(), ...state]);
    const inputs = tf.tidy(() => [
      toTensor(batch.images),
      toTensor(batch.texts),
      tf.scalar(beta2),
      tf.scalar(schedule),
    ]) as Parameters<RecordedStep>;
    try {
      const metrics = await step(...inputs);
      optimizer.stepCount++;
      return await readScalars(metrics);
    } finally {
      tf.dispose(inputs);
    }
  }

  return {
    engine: 'onnx',
    async run(batch) {
      if (isDisposed) throw new ConfigError('train step: it was disposed. Make one with createTrainStep().');
      const answer = last.then(() => run(batch));
      last = answer.catch(() => {}); // each caller sees its own failure
      return answer;
    },
    async dispose() {
      isDisposed = true;
      await last;
      await compiled?.step.dispose();
      compiled = undefined;
    },
  };
}

function assertBatch(batch: PairBatch): void {
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
