// The step that takes the whole batch at once: forward, loss, backward and update as one function, which tfjs runs as
// it is and ONNX Runtime as one graph, recorded once for every shape of batch.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import type { TextBatch } from '../data/index.ts';
import { type Anchors, anchorLoss } from './anchors.ts';
import { arrangePairs } from './arranged-batch.ts';
import { embedPairs, type PairTensors, pairTensors } from './embed-pairs.ts';
import { type ContrastiveMetrics, contrastiveLoss, contrastiveMetrics } from './loss.ts';
import type { RecordableOptimizer } from './recordable-optimizer.ts';
import { createStepFunctions } from './step-functions.ts';
import { readScalars, type StepRunner, type TrainStepMetrics } from './step-metrics.ts';
import { type Parameters, type StepOptimizer, type StepScalars, updateStep } from './update.ts';

export interface WholeStepOptions {
  readonly model: ClippoModel;
  readonly optimizer: StepOptimizer;
  /** What pictures and texts are compared with; undefined: with each other. */
  readonly anchors: Anchors | undefined;
}

/** The step on tfjs. */
export function wholeStep(options: WholeStepOptions): StepRunner {
  return {
    async run(batch) {
      const arranged = await arrangePairs(options.model, batch, false);
      return readScalars(
        tf.tidy(() => pairStep(options, pairTensors(arranged), rowTensor(batch, options.anchors))),
      );
    },
    async dispose() {},
  };
}

/** What is recorded, once for every number and size of groups: all else that a step depends on is an input. */
type RecordedStep = (
  beta2: tf.Scalar,
  schedule: tf.Scalar,
  rows: tf.Tensor1D,
  order: tf.Tensor1D,
  inverse: tf.Tensor1D,
  ...groups: tf.Tensor[]
) => ReturnType<typeof pairStep>;

type InputsOf<F extends (...inputs: never[]) => unknown> = F extends (...inputs: infer I) => unknown
  ? I
  : never;

/** The step in ONNX Runtime. */
export function recordedWholeStep(
  options: WholeStepOptions & { readonly optimizer: RecordableOptimizer },
  runtime: OrtRuntime,
): StepRunner {
  const { model, optimizer, anchors } = options;
  const functions = createStepFunctions<{ step: RecordedStep }>(runtime);
  return {
    async run(batch) {
      const parameters = learned(model, anchors);
      const trainable = new Map([...parameters].filter(([, variable]) => variable.trainable));
      const state = optimizer.prepare(trainable);
      const numbers = optimizer.stepNumbers();
      // Those that are trained stand first and again: which they are is part of what is recorded.
      const variables = [...trainable.values(), ...parameters.values(), ...state];
      const { step } = await functions.prepare(variables, () => ({
        step: (beta2, schedule, rows, order, inverse, ...groups) =>
          pairStep(options, { groups, order, inverse }, rows, { beta2, schedule }),
      }));
      const arranged = await arrangePairs(model, batch, true);
      const inputs = tf.tidy((): InputsOf<RecordedStep> => {
        const { order, inverse, groups } = pairTensors(arranged);
        const rows = rowTensor(batch, anchors);
        return [tf.scalar(numbers.beta2), tf.scalar(numbers.schedule), rows, order, inverse, ...groups];
      });
      try {
        const metrics = await step(...inputs);
        optimizer.stepCount++;
        return await readScalars(metrics);
      } finally {
        tf.dispose(inputs);
      }
    },
    dispose: () => functions.dispose(),
  };
}

/** Everything a step may change, by path. */
function learned(model: ClippoModel, anchors: Anchors | undefined): Parameters {
  const parameters = model.parameters();
  return anchors === undefined ? parameters : parameters.set('anchors', anchors.vectors);
}

/** int32 [2B]: the anchor of each picture, then of each text; the partner where there are no anchors. */
function rowTensor({ images, keys }: TextBatch, anchors: Anchors | undefined): tf.Tensor1D {
  const rows = anchors === undefined ? images.map((_, i) => i) : [...anchors.rowsOf(keys!)]; // checked before
  return tf.tensor1d([...rows, ...rows], 'int32');
}

/** What both engines run. */
function pairStep(
  { model, optimizer, anchors }: WholeStepOptions,
  batch: PairTensors,
  rows: tf.Tensor1D,
  scalars?: StepScalars,
): Record<keyof TrainStepMetrics, tf.Scalar> {
  const parameters = learned(model, anchors);
  const t = parameters.get('t')!;
  let observed: ContrastiveMetrics | undefined;
  const lossFn = (): tf.Scalar => {
    const [zImage, zText] = embedPairs(model, batch);
    if (anchors === undefined) {
      observed = keepAll(contrastiveMetrics(zImage, zText, t));
      return contrastiveLoss(zImage, zText, t);
    }
    const { loss, ...metrics } = anchorLoss(tf.concat([zImage, zText]), anchors.vectors, t, rows);
    observed = keepAll(metrics);
    return loss;
  };
  const update = updateStep(optimizer, parameters, lossFn, scalars);
  return { ...update, ...observed! };
}

function keepAll(metrics: ContrastiveMetrics): ContrastiveMetrics {
  for (const metric of Object.values(metrics)) tf.keep(metric);
  return metrics;
}
