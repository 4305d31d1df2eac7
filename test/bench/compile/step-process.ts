// A process that compiles a training step, runs it a few times and says what that took: one JSON line. Started by
// processes.ts, so that memory and times are those of a fresh process.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { CompileReport } from '../../../src/compile/index.ts';
import { compileTrainStep, createTraining, trainStepOf, type Variant } from './tower.ts';

/** What {@link StepReport} is asked for, as JSON in the first argument. */
export interface StepRequest {
  readonly variant: Variant;
  readonly pairs: number;
  readonly steps: number;
  /** After so many steps the memory is noted. */
  readonly notes?: readonly number[];
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

export interface StepReport {
  readonly compile_ms: number;
  readonly report: CompileReport;
  /** Bytes of all parameters. */
  readonly weights: number;
  readonly step_ms: readonly number[];
  readonly peak_mb: number;
  readonly notes: readonly { readonly step: number; readonly rss_mb: number; readonly tensors: number }[];
  readonly loss: number;
}

const { variant, pairs, steps, notes = [], sessionOptions }: StepRequest = JSON.parse(process.argv[2]!);
await tf.setBackend('cpu');
let compile_ms = 0;
let report: CompileReport | undefined;
const training = await createTraining(variant, pairs, async (model, optimizer) => {
  const start = performance.now();
  const compiled = await compileTrainStep(trainStepOf(model, optimizer), variant, pairs, sessionOptions);
  compile_ms = performance.now() - start;
  report = compiled.reports[0];
  return compiled;
});
let weights = 0;
for (const { size } of training.model.parameters().values()) weights += 4 * size;

const step_ms: number[] = [];
const noted: StepReport['notes'][number][] = [];
let loss = Number.NaN;
for (let step = 1; step <= steps; step++) {
  const start = performance.now();
  ({ loss } = await training.step());
  step_ms.push(performance.now() - start);
  if (!notes.includes(step)) continue;
  globalThis.gc?.();
  noted.push({ step, rss_mb: process.memoryUsage.rss() / 1e6, tensors: tf.memory().numTensors });
}
const peak_mb = (process.resourceUsage().maxRSS * 1024) / 1e6;
const answer: StepReport = { compile_ms, report: report!, weights, step_ms, peak_mb, notes: noted, loss };
console.log(JSON.stringify(answer));
process.exit(0);
