// A model of the benchmark, pictures for it, and what is measured of it: its forward pass and its training step, as
// functions that run on any tfjs backend and that compile() takes as they are.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { createRequire } from 'node:module';
import { ClippoModel } from '../../../src/clippo-model.ts';
import { type CompiledFunction, compile, type OrtRuntime } from '../../../src/compile/index.ts';
import { createRandom } from '../../../src/random.ts';
import { type Adafactor, adafactor, contrastiveLoss, updateStep } from '../../../src/train/index.ts';
import { plainEmbed, plainLoss } from './plain-vit.ts';
import { THREADS } from './turns.ts';

/** The towers of test/bench/pytorch/vit.py, and a small one. */
export const TOWERS = {
  'Ti/16': {
    config: { variant: 'Ti/16', embeddingDim: 192 },
    depth: 12,
    numHeads: 3,
    patchSize: 16,
    size: 224,
  },
  'B/16': {
    config: { variant: 'B/16', embeddingDim: 768 },
    depth: 12,
    numHeads: 12,
    patchSize: 16,
    size: 224,
  },
  'mu/16': {
    config: { variant: 'mu/16', embeddingDim: 32, imageSize: 32 },
    depth: 1,
    numHeads: 2,
    patchSize: 16,
    size: 32,
  },
} as const;
export type Variant = keyof typeof TOWERS;

// Its types know more than OrtRuntime asks for, and are not of one opinion with it.
export const ort = createRequire(import.meta.url)('onnxruntime-node') as OrtRuntime;

export const createModel = (variant: Variant): Promise<ClippoModel> =>
  ClippoModel.create(TOWERS[variant].config);

/** Noise in [-1, 1]. */
export function noise(variant: Variant, count: number, seed: number): tf.Tensor4D {
  const { size } = TOWERS[variant];
  const random = createRandom(seed);
  const values = Float32Array.from({ length: count * size * size * 3 }, () => 2 * random.next() - 1);
  return tf.tensor4d(values, [count, size, size, 3]);
}

type Embed = (images: tf.Tensor4D) => tf.Tensor2D;

export const embedOf =
  (model: ClippoModel): Embed =>
  (images) =>
    model.network.apply(images) as tf.Tensor2D; // one in, one out

/** The same numbers from tfjs's own operators. */
export const plainEmbedOf =
  (model: ClippoModel, variant: Variant): Embed =>
  (images) =>
    plainEmbed(images, model.parameters(), TOWERS[variant]);

export type TrainStep = (
  images: tf.Tensor4D,
  texts: tf.Tensor4D,
  beta2: tf.Scalar,
  schedule: tf.Scalar,
) => { loss: tf.Scalar; gradNorm: tf.Scalar; updateNorm: tf.Scalar };

/** Pictures and texts through the tower, contrastive loss, gradients, Adafactor. */
export function trainStepOf(
  model: ClippoModel,
  optimizer: Adafactor,
  { embed, loss }: { embed: Embed; loss: typeof contrastiveLoss } = {
    embed: embedOf(model),
    loss: contrastiveLoss,
  },
): TrainStep {
  const parameters = model.parameters();
  const t = parameters.get('t')!;
  optimizer.prepare(parameters);
  return (images, texts, beta2, schedule) =>
    updateStep(optimizer, parameters, () => loss(embed(images), embed(texts), t), { beta2, schedule });
}

/** The same in tfjs's own operators, differentiated by tfjs. */
export function plainTrainStepOf(model: ClippoModel, optimizer: Adafactor, variant: Variant): TrainStep {
  return trainStepOf(model, optimizer, { embed: plainEmbedOf(model, variant), loss: plainLoss });
}

/** A step as an engine runs it, on its own model of seed 0 and always the same batch. */
export interface Training {
  readonly model: ClippoModel;
  /** One step; what it measured. */
  step(): Promise<Metrics>;
  dispose(): Promise<void>;
}
export type Metrics = Record<keyof ReturnType<TrainStep>, number>;

/** @param prepare - from the step as a tfjs function to the one to run */
export async function createTraining<F extends TrainStep | CompiledFunction<TrainStep>>(
  variant: Variant,
  pairs: number,
  prepare: (model: ClippoModel, optimizer: Adafactor) => F | Promise<F>,
): Promise<Training> {
  const model = await createModel(variant);
  const optimizer = adafactor();
  const run = await prepare(model, optimizer);
  const [images, texts] = [noise(variant, pairs, 1), noise(variant, pairs, 2)];
  return {
    model,
    async step() {
      const { beta2, schedule } = optimizer.stepNumbers();
      const scalars = [tf.scalar(beta2), tf.scalar(schedule)] as const;
      const measured = await run(images, texts, ...scalars);
      const metrics = Object.entries(measured).map(([name, value]) => [name, value.dataSync()[0]!]);
      tf.dispose([measured, ...scalars]);
      optimizer.stepCount++;
      return Object.fromEntries(metrics) as Metrics; // fromEntries forgets the keys
    },
    async dispose() {
      if ('dispose' in run) await run.dispose();
      tf.dispose([images, texts]);
      optimizer.dispose();
      model.dispose();
    },
  };
}

/** A training step compiled for batches of `pairs`. */
export function compileTrainStep(
  step: TrainStep,
  variant: Variant,
  pairs: number,
  sessionOptions: Readonly<Record<string, unknown>> = {},
): Promise<CompiledFunction<TrainStep>> {
  const { size } = TOWERS[variant];
  const pictures = { shape: [pairs, size, size, 3] };
  const number = { shape: [] };
  return compile(step, {
    runtime: { InferenceSession: ort.InferenceSession, Tensor: ort.Tensor, sessionOptions },
    threads: THREADS,
    inputs: [pictures, pictures, number, number],
  });
}
