// What a step of training came to, and how it is read off the device: once, at the end of the step.

import type * as tf from '@tensorflow/tfjs-core';
import { dispose } from '@tensorflow/tfjs-core';
import type { TextBatch } from '../data/index.ts';

/** What one step came to; all of it is of the state before its update. */
export type TrainStepMetrics = {
  /** contrastive loss, where ln(batch) is chance, or the loss against anchors, where the logarithm of their number is */
  readonly loss: number;
  /** share of pictures whose most similar text within the batch is their own, or of pictures and texts whose nearest anchor is, 0 … 1 */
  readonly ncorrect: number;
  /** l2 norm over all gradients, before clipping */
  readonly gradNorm: number;
  /** l2 norm over all changes of parameters */
  readonly updateNorm: number;
  /** exp(t) */
  readonly temperature: number;
};

/** What one step came to; the metrics are of the state before its update. */
export interface StepMetrics extends TrainStepMetrics {
  /** from 1 */
  readonly step: number;
  /** pairs */
  readonly batchSize: number;
  /** loss when nothing is known: ln of the batch, or of the anchors */
  readonly chance: number;
  /** ms the step took */
  readonly stepMs: number;
  /** ms it waited for its batch before */
  readonly waitMs: number;
}

/** One way to do a step. Called for one step at a time, with a batch that was checked. */
export interface StepRunner {
  run(batch: TextBatch): Promise<TrainStepMetrics>;
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
