// One step of fine-tuning, and the scores of examples: forward, loss, backward and update as one function, which tfjs
// runs as it is and ONNX Runtime as one graph.

import * as tf from '@tensorflow/tfjs-core';
import type { OrtRuntime } from '../compile/index.ts';
import type { TargetKind } from '../tasks/index.ts';
import type { FeedBatch } from './example-feed.ts';
import { exampleLosses } from './head-loss.ts';
import type { RecordableOptimizer } from './recordable-optimizer.ts';
import { createStepFunctions } from './step-functions.ts';
import { readScalars } from './step-metrics.ts';
import { type Parameters, updateStep } from './update.ts';

/** What learns: parameters, and how they make scores of what a feed gives. */
export interface Trainee {
  /** All variables that the scores depend on, by path. */
  readonly parameters: Parameters;
  /** Tensors of a batch → scores [rows, K] */
  forward(tensors: readonly tf.Tensor[]): tf.Tensor2D;
}

export interface FinetuneStepOptions {
  readonly trainee: Trainee;
  readonly kind: TargetKind['kind'];
  readonly optimizer: RecordableOptimizer;
  /** undefined for tfjs */
  readonly runtime: OrtRuntime | undefined;
}

/** A batch, and for each row of its tensors what it should be answered with and how much that counts. */
export interface LabelledBatch {
  readonly batch: FeedBatch;
  /** rows · K numbers */
  readonly targets: Float32Array;
  /** One a row; their sum over the batch is 1 where all examples count alike. */
  readonly weights: Float32Array;
}

/** 0-d tensors: the loss before the update, and norms. */
type StepResult = ReturnType<typeof updateStep>;

type RecordedStep = (
  beta2: tf.Scalar,
  schedule: tf.Scalar,
  targets: tf.Tensor2D,
  weights: tf.Tensor1D,
  ...tensors: tf.Tensor[]
) => StepResult;

export interface FinetuneStep {
  /** Updates the parameters in place; when it fails they are as before. Disposes the batch. */
  run(labelled: LabelledBatch): Promise<Record<keyof StepResult, number>>;
  dispose(): Promise<void>;
}

export function createFinetuneStep({ trainee, kind, optimizer, runtime }: FinetuneStepOptions): FinetuneStep {
  const { parameters, forward } = trainee;
  const functions = createStepFunctions<{ step: RecordedStep }>(runtime);

  return {
    async run({ batch: { tensors }, targets, weights }) {
      const inputs: tf.Tensor[] = [...tensors];
      try {
        const variables = [...parameters.values(), ...optimizer.prepare(parameters)];
        const { step } = await functions.prepare(variables, () => ({
          step(beta2, schedule, targets, weights, ...tensors) {
            const loss = (): tf.Scalar =>
              tf.sum<tf.Scalar>(tf.mul(exampleLosses(kind, forward(tensors), targets), weights));
            return updateStep(optimizer, parameters, loss, { beta2, schedule });
          },
        }));
        const numbers = optimizer.stepNumbers();
        const [beta2, schedule] = [tf.scalar(numbers.beta2), tf.scalar(numbers.schedule)];
        const wanted = tf.tensor2d(targets, [weights.length, targets.length / weights.length]);
        const counts = tf.tensor1d(weights);
        inputs.push(beta2, schedule, wanted, counts);
        const result = await step(beta2, schedule, wanted, counts, ...tensors);
        optimizer.stepCount++;
        return await readScalars(result);
      } finally {
        tf.dispose(inputs);
      }
    },
    dispose: () => functions.dispose(),
  };
}

export interface Scorer {
  /** @returns rows · K numbers. Disposes the batch. */
  scores(batch: FeedBatch): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Scores by the parameters as they are. */
export function createScorer({ parameters, forward }: Trainee, runtime: OrtRuntime | undefined): Scorer {
  const functions = createStepFunctions<{ scores: (...tensors: tf.Tensor[]) => tf.Tensor2D }>(runtime);
  return {
    async scores({ tensors }) {
      try {
        const { scores } = await functions.prepare([...parameters.values()], () => ({
          scores: (...tensors) => forward(tensors),
        }));
        const rows = await scores(...tensors);
        try {
          return (await rows.data()) as Float32Array; // float32 as all scores
        } finally {
          rows.dispose();
        }
      } finally {
        tf.dispose([...tensors]);
      }
    },
    dispose: () => functions.dispose(),
  };
}
