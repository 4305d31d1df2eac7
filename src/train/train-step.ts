// The doors to one step of contrastive training on a batch of pairs: by tfjs or in ONNX Runtime, the batch at once or in
// chunks. What a step does lies in whole-step.ts and large-batch.ts.

import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import type { TextBatch } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { type Anchors, assertAnchors } from './anchors.ts';
import { assertKeys, assertPairBatch } from './arranged-batch.ts';
import { createPairEmbedder } from './embed-pairs.ts';
import { type EngineOptions, findRuntime, resolveEngineOptions } from './engine.ts';
import { chunkedStep } from './large-batch.ts';
import { isRecordable } from './recordable-optimizer.ts';
import type { StepRunner, TrainStepMetrics } from './step-metrics.ts';
import { createStepQueue } from './step-queue.ts';
import { assertStepOptimizer, type StepOptimizer } from './update.ts';
import { recordedWholeStep, type WholeStepOptions, wholeStep } from './whole-step.ts';

export type { TrainStepMetrics } from './step-metrics.ts';

/** What {@link createTrainStep} makes a step of. */
export interface CreateTrainStepOptions extends EngineOptions {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
  /**
   * Pictures, or texts, that go through the network together. A batch of more pairs is embedded chunk by chunk and
   * differentiated chunk by chunk: the same gradients in the memory of one chunk, for a third more time. Default: the
   * whole batch at once.
   */
  readonly chunk?: number;
  /** Pictures and texts are compared with these instead of with each other; not together with `chunk`. */
  readonly anchors?: Anchors;
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
  run(batch: TextBatch): Promise<TrainStepMetrics>;
  /**
   * The batch as the network sees it now; nothing is changed.
   *
   * @returns 2B · E numbers: unit vectors of the pictures, then of the texts
   * @throws as `run`
   */
  embed(batch: TextBatch): Promise<Float32Array>;
  /** Frees the sessions, after the step in hand. Harmless when called twice. */
  dispose(): Promise<void>;
}

/** What {@link trainStep} does one step with. */
export interface TrainStepOptions {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
  readonly batch: TextBatch;
}

/** What {@link largeBatchStep} does one step with. */
export interface LargeBatchStepOptions extends TrainStepOptions, EngineOptions {
  /** Pictures, or texts, that go through the network together; default 64. */
  readonly chunk?: number;
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
  refuseUnknown('createTrainStep', options, ['model', 'optimizer', 'chunk', 'anchors', 'engine', 'runtime']);
  const { model, optimizer, chunk, anchors } = options;
  assertModel('createTrainStep', model);
  assertStepOptimizer('createTrainStep', optimizer);
  if (chunk !== undefined) assertChunk('createTrainStep', chunk);
  if (anchors !== undefined) {
    assertAnchors('createTrainStep', anchors, model.config.embeddingDim);
    assertUnchunked('createTrainStep', chunk);
  }
  const wanted = resolveEngineOptions('createTrainStep', options);
  const runtime = await findRuntime('createTrainStep', wanted, optimizer);
  return stepInOrder({ model, runtime, anchors }, runnerOf({ model, optimizer, runtime, chunk, anchors }));
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
  assertPairBatch('trainStep', batch);
  return wholeStep({ model, optimizer, anchors: undefined }).run(batch);
}

/**
 * One step of contrastive training on a batch of any size, in the memory of a chunk: the exact gradient of the whole
 * batch, every picture against every text. The model's weights are updated in place. For many such steps,
 * {@link createTrainStep} with a `chunk` records its graphs only once.
 *
 * @returns the metrics, those of a step that takes the batch at once
 * @throws ConfigError when an option is missing, unknown or of another kind, DataError when the slots differ in
 *   length or are empty or hold no Rasters, ShapeError when the Rasters do not fit, BackendError when ONNX Runtime
 *   fails or `engine: 'onnx'` finds none
 * @example
 * const { loss } = await largeBatchStep({ model, optimizer, batch, chunk: 64 });
 * @see Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup" (GradCache)
 */
export async function largeBatchStep(options: LargeBatchStepOptions): Promise<TrainStepMetrics> {
  refuseUnknown('largeBatchStep', options, ['model', 'optimizer', 'batch', 'chunk', 'engine', 'runtime']);
  const { model, optimizer, batch, chunk = 64 } = options;
  assertModel('largeBatchStep', model);
  assertStepOptimizer('largeBatchStep', optimizer);
  assertChunk('largeBatchStep', chunk);
  assertPairBatch('largeBatchStep', batch);
  const wanted = resolveEngineOptions('largeBatchStep', options);
  const runtime = await findRuntime('largeBatchStep', wanted, optimizer);
  const runner = runnerOf({ model, optimizer, runtime, chunk, anchors: undefined });
  try {
    return await runner.run(batch);
  } finally {
    await runner.dispose();
  }
}

/** @throws ConfigError */
export function assertModel(door: string, model: ClippoModel): void {
  if (typeof model?.parameters === 'function') return;
  throw new ConfigError(`${door}: model: expected a ClippoModel, got ${describeValue(model)}.`);
}

/** @throws ConfigError */
export function assertChunk(door: string, chunk: number): void {
  if (Number.isSafeInteger(chunk) && chunk >= 1) return;
  throw new ConfigError(`${door}: chunk: expected a positive integer, got ${describeValue(chunk)}.`);
}

/** @throws ConfigError */
export function assertUnchunked(door: string, chunk: number | undefined): void {
  if (chunk === undefined) return;
  throw new ConfigError(
    `${door}: chunk has no use with anchors, where every input is compared with the anchors alone: a smaller batch takes less memory too. Leave one of them out.`,
  );
}

interface RunnerOptions extends WholeStepOptions {
  readonly runtime: OrtRuntime | undefined;
  readonly chunk: number | undefined;
}

/** A batch that is no larger than a chunk gains nothing from a second forward pass. */
function runnerOf({ runtime, chunk, ...options }: RunnerOptions): StepRunner {
  const { model, optimizer } = options;
  // findRuntime gives one only for an optimiser that can be recorded.
  const whole =
    runtime !== undefined && isRecordable(optimizer)
      ? recordedWholeStep({ ...options, optimizer }, runtime)
      : wholeStep(options);
  if (chunk === undefined) return whole;
  const chunked = chunkedStep(model, optimizer, { runtime, chunk });
  return {
    run: (batch) => (batch.images.length <= chunk ? whole : chunked).run(batch),
    async dispose() {
      await whole.dispose();
      await chunked.dispose();
    },
  };
}

function stepInOrder(
  { model, runtime, anchors }: Pick<RunnerOptions, 'model' | 'runtime' | 'anchors'>,
  runner: StepRunner,
): TrainStep {
  let isDisposed = false;
  const queue = createStepQueue();
  const embedder = createPairEmbedder(model, runtime);
  function assertUsable(): void {
    if (isDisposed) throw new ConfigError('train step: it was disposed. Make one with createTrainStep().');
  }
  return {
    engine: runtime === undefined ? 'tfjs' : 'onnx',
    async run(batch) {
      assertUsable();
      return queue.add(async () => {
        assertPairBatch('train step', batch);
        if (anchors !== undefined) assertKeys('train step', batch);
        return runner.run(batch);
      });
    },
    async embed(batch) {
      assertUsable();
      return queue.add(async () => {
        assertPairBatch('train step', batch);
        return embedder.embed(batch);
      });
    },
    async dispose() {
      isDisposed = true;
      await queue.idle();
      await embedder.dispose();
      await runner.dispose();
    },
  };
}
