// What a step of training came to, and how it is read off the device: once, at the end of the step.

import type * as tf from '@tensorflow/tfjs-core';
import { dispose } from '@tensorflow/tfjs-core';
import type { PairBatch } from '../data/index.ts';

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

/** One way to do a step. Called for one step at a time, with a batch that was checked. */
export interface StepRunner {
  run(batch: PairBatch): Promise<TrainStepMetrics>;
  dispose(): Promise<void>;
}

/** 0-d tensors → numbers; disposes the tensors. */
export async function readScalars<K extends string>(
  scalars: Record<K, tf.Scalar>,
): Promise<Record<K, number>> {
  try {
    const entries = Object.entries<tf.Scalar>(scalars).map(
      async ([name, scalar]) => [name, (await scalar.data())[0]!] as const,
    );
    // Object.entries forgets that the keys are K.
    return Object.fromEntries(await Promise.all(entries)) as Record<K, number>;
  } finally {
    dispose(Object.values<tf.Scalar>(scalars));
  }
}
