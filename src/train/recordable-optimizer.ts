// What an optimiser must be able to do beyond a step of tfjs for that step to be recorded once and run often: its
// state is there before, and what changes from step to step is asked of it as numbers.

import type * as tf from '@tensorflow/tfjs-core';
import type { Parameters, StepOptimizer } from './update.ts';

export interface RecordableOptimizer extends StepOptimizer {
  /** Updates done so far; set after each that was given its numbers. */
  stepCount: number;
  /** The numbers of the next step. */
  stepNumbers(): { readonly beta2: number; readonly schedule: number };
  /** Makes the state of these parameters where there is none yet. @returns all variables of their state */
  prepare(parameters: Parameters): readonly tf.Variable[];
}

export function isRecordable(optimizer: StepOptimizer): optimizer is RecordableOptimizer {
  const { stepCount, stepNumbers, prepare } = optimizer as Partial<RecordableOptimizer>; // looked at, not trusted
  return typeof stepCount === 'number' && typeof stepNumbers === 'function' && typeof prepare === 'function';
}
