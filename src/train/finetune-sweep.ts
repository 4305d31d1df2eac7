// Every learning rate with every seed, one training after the other; the best weights stay. With a run folder a training
// that is done leaves its result there, and is not done again.

import type { OrtRuntime } from '../compile/index.ts';
import type { JsonValue } from '../data/index.ts';
import { DataError } from '../errors.ts';
import type { FinetuneOptions } from './finetune.ts';
import type { PreparedExamples } from './finetune-examples.ts';
import type { ClassifierLearner } from './finetune-learner.ts';
import type { Metric } from './finetune-metric.ts';
import type { FinetunePlan, TrialName } from './finetune-options.ts';
import {
  DivergedError,
  lossesIn,
  runTrial,
  setWeights,
  type TrialOptions,
  type TrialResult,
  weightsOf,
} from './finetune-trial.ts';
import { createMetricsLog } from './metrics-log.ts';
import { assertSameSettings } from './run-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';
import { subFolder } from './sub-folder.ts';
import { packWeights, removeOtherWeights, unpackWeights, type Weights } from './trial-file.ts';

/** A training of a sweep: what it came to, or why it failed. */
export interface TrialOutcome extends Omit<TrialResult, 'ended'> {
  /** What ended it. */
  readonly ended: TrialResult['ended'] | 'failed';
  /** Why it ended without a result: its loss was no longer finite. */
  readonly failure?: string;
}

export interface SweepOptions {
  readonly door: string;
  readonly options: FinetuneOptions;
  readonly plan: FinetunePlan;
  readonly learner: ClassifierLearner;
  readonly prepared: PreparedExamples;
  readonly metric: Metric;
  readonly runtime: OrtRuntime | undefined;
  /** What a run was made with, beside learning rate and seed. */
  readonly settings: { readonly [name: string]: JsonValue };
  readonly warn: (message: string) => void;
}

export interface Sweep {
  /** As many as were begun. */
  readonly trials: readonly TrialOutcome[];
  /** The one whose weights the parameters have now. */
  readonly best: TrialOutcome;
}

/** @throws DataError when every training has failed */
export async function runSweep(sweep: SweepOptions): Promise<Sweep> {
  const { plan, learner, options } = sweep;
  const { parameters } = learner.trainee;
  const trials: TrialOutcome[] = [];
  let best: { readonly trial: TrialOutcome; readonly weights: Weights | undefined } | undefined;
  for (const name of plan.trials) {
    if (best !== undefined && options.signal?.aborted) break;
    learner.begin(name);
    const trial = await attempt(sweep, name);
    trials.push(trial);
    if (trial.failure !== undefined) continue;
    if (best !== undefined && !(scoreOf(trial) > scoreOf(best.trial))) continue;
    // A single one leaves its weights where they are.
    best = { trial, weights: plan.trials.length > 1 ? await weightsOf(parameters) : undefined };
  }
  if (best === undefined) throw new DataError(trials[0]!.failure!); // there is one, and it failed
  if (best.weights !== undefined) setWeights(parameters, best.weights);
  return { trials, best: best.trial };
}

/** One that was ended before its first look is worse than any that had one. */
function scoreOf({ best }: TrialOutcome): number {
  return best?.metric ?? Number.NEGATIVE_INFINITY;
}

async function attempt(sweep: SweepOptions, name: TrialName): Promise<TrialOutcome> {
  const { options, plan, warn } = sweep;
  const { run } = options;
  try {
    return run === undefined
      ? await runTrial(trialOptions(sweep, name))
      : await keptTrial(sweep, name, subFolder(run, `lr${name.learningRate}-seed${name.seed}`));
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    if (plan.trials.length > 1) warn(error.message);
    const { step, losses } = error;
    return {
      ...name,
      step,
      losses,
      ended: 'failed',
      evaluations: [],
      best: undefined,
      history: [],
      failure: error.message,
    };
  }
}

function trialOptions(
  { door, options, plan, learner, prepared, metric, runtime }: SweepOptions,
  name: TrialName,
): TrialOptions {
  const { classifier, signal, onStep, onEvaluation, onProgress } = options;
  return {
    ...{ door, name, plan, runtime, ...prepared },
    ...{ trainee: learner.trainee, kind: classifier.targets, metricOf: metric.of },
    ...(signal && { signal }),
    ...(onStep && { onStep }),
    ...(onEvaluation && { onEvaluation }),
    ...(onProgress && { onProgress }),
  };
}

const RESULT = 'result.json';

/** What is left of a training that is done. */
interface KeptResult extends Omit<TrialResult, 'losses' | 'history'> {
  readonly settings: { readonly [name: string]: JsonValue };
}

/** A training in a folder: gone on with, or read off where it is done. */
async function keptTrial(sweep: SweepOptions, name: TrialName, folder: RunFolder): Promise<TrialResult> {
  const { door, options, learner, warn } = sweep;
  const { parameters } = learner.trainee;
  const settings = { ...sweep.settings, ...name };
  const files = await folder.list();
  if (files.includes(RESULT)) {
    // Written whole, by what is below.
    const kept = JSON.parse(new TextDecoder().decode(await folder.read(RESULT))) as KeptResult;
    assertSameSettings(door, kept.settings, settings);
    const { settings: _, ...result } = kept;
    setWeights(parameters, await unpackWeights(folder, result.best?.step ?? result.step));
    const metrics = createMetricsLog(folder, settings);
    await metrics.open(result.step);
    return { ...result, losses: lossesIn(metrics.lines()), history: [] };
  }
  const { config } = options.classifier.model;
  const kept = { folder, config, settings, onWarning: warn };
  const result = await runTrial({ ...trialOptions(sweep, name), kept });
  if (result.ended === 'aborted') return result;
  const step = result.best?.step ?? result.step;
  if (result.best === undefined) await packWeights(folder, step, parameters, await weightsOf(parameters));
  const { losses: _, history: __, ...rest } = result;
  const json: KeptResult = { ...rest, settings };
  await folder.write(RESULT, [new TextEncoder().encode(JSON.stringify(json))]);
  await removeOtherWeights(folder, [step]);
  for (const file of await folder.list()) if (file.startsWith('checkpoint-')) await folder.remove(file);
  return result;
}
