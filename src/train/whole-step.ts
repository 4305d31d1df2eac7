// The step that takes the whole batch at once: forward, loss, backward and update as one function, which tfjs runs as
// it is and ONNX Runtime as one graph, recorded once for every shape of batch.

import * as tf from '@tensorflow/tfjs-core';
import type { ClippoModel } from '../clippo-model.ts';
import type { OrtRuntime } from '../compile/index.ts';
import { arrangePairs } from './arranged-batch.ts';
import { embedPairs, type PairTensors, pairTensors } from './embed-pairs.ts';
import { contrastiveLoss, contrastiveMetrics } from './loss.ts';
import type { RecordableOptimizer } from './recordable-optimizer.ts';
import { createStepFunctions } from './step-functions.ts';
import { readScalars, type StepRunner, type TrainStepMetrics } from './step-metrics.ts';
import { type StepOptimizer, type StepScalars, updateStep } from './update.ts';

/** The step on tfjs. */
export function wholeStep(model: ClippoModel, optimizer: StepOptimizer): StepRunner {
  return {
    async run(batch) {
      const arranged = arrangePairs(batch, false);
      return readScalars(tf.tidy(() => pairStep(model, optimizer, pairTensors(arranged))));
    },
    async dispose() {},
  };
}

/** What is recorded, once for every number and size of groups: all else that a step depends on is an input. */
type RecordedStep = (
  beta2: tf.Scalar,
  schedule: tf.Scalar,
  order: tf.Tensor1D,
  inverse: tf.Tensor1D,
  ...groups: tf.Tensor4D[]
) => ReturnType<typeof pairStep>;

/** The step in ONNX Runtime. */
export function recordedWholeStep(
  model: ClippoModel,
  optimizer: RecordableOptimizer,
  runtime: OrtRuntime,
): StepRunner {
  const functions = createStepFunctions<{ step: RecordedStep }>(runtime);
  return {
    async run(batch) {
      const parameters = model.parameters();
      const trainable = new Map([...parameters].filter(([, variable]) => variable.trainable));
      const state = optimizer.prepare(trainable);
      const numbers = optimizer.stepNumbers();
      // Those that are trained stand first and again: which they are is part of what is recorded.
      const variables = [...trainable.values(), ...parameters.values(), ...state];
      const { step } = await functions.prepare(variables, () => ({
        step: (beta2, schedule, order, inverse, ...groups) =>
          pairStep(model, optimizer, { groups, order, inverse }, { beta2, schedule }),
      }));
      const inputs = tf.tidy((): Parameters<RecordedStep> => {
        const { order, inverse, groups } = pairTensors(arrangePairs(batch, true));
        return [tf.scalar(numbers.beta2), tf.scalar(numbers.schedule), order, inverse, ...groups];
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

/** What both engines run. */
function pairStep(
  model: ClippoModel,
  optimizer: StepOptimizer,
  batch: PairTensors,
  scalars?: StepScalars,
): Record<keyof TrainStepMetrics, tf.Scalar> {
  const parameters = model.parameters();
  const t = parameters.get('t')!;
  let observed: ReturnType<typeof contrastiveMetrics> | undefined;
  const lossFn = (): tf.Scalar => {
    const [zImage, zText] = embedPairs(model, batch);
    observed = contrastiveMetrics(zImage, zText, t);
    for (const value of Object.values(observed)) tf.keep(value);
    return contrastiveLoss(zImage, zText, t);
  };
  const update = updateStep(optimizer, parameters, lossFn, scalars);
  return { ...update, ...observed! };
}
