// What a caller may say about fine-tuning → a checked plan. All but what is handed in as an object is JSON, so that a
// file can hold it. Reference for the defaults: BERT (Devlin et al. 2019) for the whole network.

import { ConfigError } from '../errors.ts';
import type { HeadConfig } from '../model/index.ts';
import { assertNumber, describeValue, givenOptions } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import { type AdafactorOptions, adafactor } from './adafactor.ts';
import { type AdamWOptions, adamw } from './adamw.ts';
import type { AnswerMetrics } from './answer-metrics.ts';
import { type EngineOptions, resolveEngineOptions } from './engine.ts';
import type { PathOptimizer } from './path-optimizer.ts';
import type { RunFolder } from './run-folder.ts';
import { type ScheduleOptions, schedule } from './schedule.ts';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An optimiser by name, or with options of its own beside the learning rate and the schedule. */
export type OptimizerSetting =
  | 'adamw'
  | 'adafactor'
  | ({ readonly name: 'adamw' } & Omit<AdamWOptions, 'learningRate' | 'schedule'>)
  | ({ readonly name: 'adafactor' } & Omit<AdafactorOptions, 'learningRate' | 'schedule'>);

/** What a metric of one's own is told; of several labels and of shares, the likeliest counts. */
export type Measured = Pick<AnswerMetrics, 'predictions' | 'targets' | 'values'>;

/** How a classifier learns; all of it is JSON but for a metric of one's own. */
export interface FinetuneSettings {
  /**
   * `'head'`: the network stays as it is, what it gives is computed once, and the head learns on that within seconds;
   * `'all'`: head and network. Default `'all'` for `finetune`, `'head'` for `fit`.
   */
  readonly part?: 'head' | 'all';
  /** Default `'adamw'`. */
  readonly optimizer?: OptimizerSetting;
  /**
   * Step size; a list tries each of them. Default 1e-4 for all, 1e-3 for a head with hidden layers, 0.8 / features for a
   * linear one: 1e-3 for 768, at most 0.03.
   */
  readonly learningRate?: number | readonly number[];
  /** Seeds of the head's start values and of the order of examples; a list tries each. Default 0. */
  readonly seed?: number | readonly number[];
  /** Options of `schedule` without the total. Default: linear to 0 after a warm-up of a tenth. */
  readonly schedule?: DistributiveOmit<ScheduleOptions, 'total' | 'batchSize' | 'dataSize'>;
  /** Times every example is seen. Default 3 for all; for a head 20, or as many as make 300 steps. */
  readonly epochs?: number;
  /** In place of `epochs`. */
  readonly steps?: number;
  /** Examples a step, at most as many as there are. Default 32 for all, 256 for a head. */
  readonly batchSize?: number;
  /** Steps between looks at the dev set; default one epoch, and a fiftieth of all steps where that is more. */
  readonly evaluateEvery?: number;
  /** Looks without a better value after which a training ends; default: it goes on to its last step. */
  readonly patience?: number;
  /**
   * What is best: a value by name (`'accuracy'`, `'accuracyPerClass'`, `'f1'`, `'f1PerLabel'`, `'exact'`, `'top'`, `'loss'`,
   * `'rmse'`, `'mae'`), or a function, larger being better: `({ predictions, targets }) => matthews(predictions, targets)`.
   * Default `'accuracy'`, of several labels `'f1'`, of a regression `'rmse'`.
   */
  readonly metric?: string | ((measured: Measured) => number);
  /**
   * How much an example counts by its class: `'balanced'`, as much for every class in all, or a number for each label.
   * They are scaled so that examples count 1 on average. Default all the same.
   */
  readonly classWeights?: 'balanced' | readonly number[] | Readonly<Record<string, number>>;
  /** Whether the head goes on from what it is, instead of being learned anew; default false. */
  readonly keepHead?: boolean;
  /** Share of the examples that may be passed over as unreadable, 0 … 1, default 0.1; with more it is an error. */
  readonly maxSkipped?: number;
  /** Steps between checkpoints of a run, beside those at every look; default 1000. */
  readonly checkpointEvery?: number;
}

/** What is handed in. */
export interface FinetuneHandles extends EngineOptions {
  /** Where the run is kept, `runFolder(path)` of clippo-ts/node: what was done is not done again. */
  readonly run?: RunFolder;
  readonly signal?: AbortSignal;
  /** Called after every step. */
  readonly onStep?: (metrics: FinetuneStepMetrics) => void;
  /** Called after every look at the dev set. */
  readonly onEvaluation?: (evaluation: TrialEvaluation & TrialName) => void;
  /** Hears of what goes on in spite of it: labels without examples, a damaged checkpoint. */
  readonly onWarning?: (message: string) => void;
  readonly onProgress?: OnProgress;
}

/** One of the trainings of a sweep. */
export interface TrialName {
  readonly learningRate: number;
  readonly seed: number;
}

/** What one step came to, before its update. */
export interface FinetuneStepMetrics extends TrialName {
  /** from 1 */
  readonly step: number;
  /** mean over the batch, weighed by class */
  readonly loss: number;
  /** l2 norm over all gradients, before clipping */
  readonly gradNorm: number;
  /** l2 norm over all changes of parameters */
  readonly updateNorm: number;
}

/** A look at the dev set. */
export interface TrialEvaluation {
  readonly step: number;
  /** What is best, by {@link FinetuneSettings.metric}; larger is better, so that losses have a minus. */
  readonly metric: number;
  readonly values: Readonly<Record<string, number>>;
}

export const SETTINGS = [
  ...[
    'part',
    'optimizer',
    'learningRate',
    'seed',
    'schedule',
    'epochs',
    'steps',
    'batchSize',
    'evaluateEvery',
  ],
  ...['patience', 'metric', 'classWeights', 'keepHead', 'maxSkipped', 'checkpointEvery'],
];
export const HANDLES = [
  ...['run', 'signal', 'onStep', 'onEvaluation', 'onWarning', 'onProgress', 'engine', 'runtime'],
];

/** A number of steps and what happens at which. */
export interface FinetunePlan {
  readonly part: 'head' | 'all';
  readonly trials: readonly TrialName[];
  readonly steps: number;
  readonly batchSize: number;
  readonly evaluateEvery: number;
  /** Infinity: never ends early. */
  readonly patience: number;
  readonly keepHead: boolean;
  readonly maxSkipped: number;
  readonly checkpointEvery: number;
  /** The caller disposes it. */
  createOptimizer(learningRate: number): PathOptimizer;
}

const DEFAULTS = {
  all: { learningRate: 1e-4, epochs: 3, batchSize: 32, leastSteps: 1 },
  head: { learningRate: 1e-3, epochs: 20, batchSize: 256, leastSteps: 300 },
};

/** What the defaults depend on. */
export interface FinetuneSubject {
  readonly part: 'head' | 'all';
  /** How many there are to learn from. */
  readonly examples: number;
  readonly head: Pick<HeadConfig, 'inputs' | 'hidden'>;
}

/**
 * A step of Adam moves every weight by about its rate, and a score of D features of deviation 1 by D times as much: the
 * rate of a linear head goes by D, 1e-3 for 768.
 */
function defaultRate({ part, head: { inputs, hidden } }: FinetuneSubject): number {
  if (part === 'all' || hidden.length > 0) return DEFAULTS[part].learningRate;
  return Math.min(0.03, Number((0.8 / inputs).toPrecision(1)));
}

/** @throws ConfigError */
export function planFinetune(
  door: string,
  settings: FinetuneSettings,
  subject: FinetuneSubject,
): FinetunePlan {
  const { part, examples } = subject;
  if (part !== 'head' && part !== 'all') {
    throw new ConfigError(`${door}: part: expected 'head' or 'all', got ${describeValue(part)}.`);
  }
  const defaults = DEFAULTS[part];
  const { keepHead = false, maxSkipped = 0.1, checkpointEvery = 1000, optimizer = 'adamw' } = settings;
  if (typeof keepHead !== 'boolean') {
    throw new ConfigError(`${door}: keepHead: expected true or false, got ${describeValue(keepHead)}.`);
  }
  assertNumber(door, 'maxSkipped', maxSkipped, 0, 1);
  const batchSize = Math.min(examples, whole(door, 'batchSize', settings.batchSize ?? defaults.batchSize));
  const steps = stepsOf(door, settings, defaults, examples / batchSize);
  const { schedule: shape = { decay: 'linear', warmup: { percent: 0.1 } } } = settings;
  // The union of kinds of decay is lost when a field is added.
  const factor = schedule({ ...shape, total: steps, batchSize, dataSize: examples } as ScheduleOptions);
  const createOptimizer = optimizerOf(door, optimizer, factor);
  const rarely = Math.ceil(Math.max(examples / batchSize, steps / 50));
  const rates = listOf(door, 'learningRate', settings.learningRate ?? defaultRate(subject));
  const seeds = listOf(door, 'seed', settings.seed ?? 0);
  for (const rate of rates) createOptimizer(rate).dispose(); // says what is wrong with any of it
  for (const seed of seeds) {
    if (!Number.isSafeInteger(seed))
      throw new ConfigError(`${door}: seed: expected integers, got ${describeValue(seed)}.`);
  }
  return {
    part,
    trials: rates.flatMap((learningRate) => seeds.map((seed) => ({ learningRate, seed }))),
    steps,
    batchSize,
    evaluateEvery: whole(door, 'evaluateEvery', settings.evaluateEvery ?? rarely),
    patience: settings.patience === undefined ? Infinity : whole(door, 'patience', settings.patience),
    keepHead,
    maxSkipped,
    checkpointEvery: whole(door, 'checkpointEvery', checkpointEvery),
    createOptimizer,
  };
}

/** @param perEpoch - steps an epoch, not rounded */
function stepsOf(
  door: string,
  { epochs, steps }: FinetuneSettings,
  defaults: { readonly epochs: number; readonly leastSteps: number },
  perEpoch: number,
): number {
  if (steps !== undefined && epochs !== undefined) {
    throw new ConfigError(`${door}: steps stands in place of epochs. Leave one of them out.`);
  }
  if (steps !== undefined) return whole(door, 'steps', steps);
  if (epochs === undefined) return Math.max(defaults.leastSteps, Math.ceil(defaults.epochs * perEpoch));
  assertNumber(door, 'epochs', epochs, Number.MIN_VALUE, Infinity);
  return Math.max(1, Math.ceil(epochs * perEpoch - 1e-9)); // what is whole but for rounding stays
}

function optimizerOf(
  door: string,
  setting: OptimizerSetting,
  factor: (step: number) => number,
): FinetunePlan['createOptimizer'] {
  const { name, ...own } = typeof setting === 'string' ? { name: setting } : Object(setting);
  if (name !== 'adamw' && name !== 'adafactor') {
    throw new ConfigError(
      `${door}: optimizer: expected 'adamw', 'adafactor' or options with such a name, got ${describeValue(name)}.`,
    );
  }
  const taken = ['learningRate', 'schedule'].filter((field) => field in own);
  if (taken.length > 0) {
    throw new ConfigError(`${door}: optimizer: ${taken.join(', ')} stand beside it, not in it.`);
  }
  const make = name === 'adamw' ? adamw : adafactor;
  return (learningRate) => make({ ...givenOptions(own), learningRate, schedule: factor });
}

function listOf(door: string, name: string, value: number | readonly number[]): readonly number[] {
  const list = typeof value === 'number' ? [value] : value;
  if (Array.isArray(list) && list.length > 0 && new Set(list).size === list.length) return list;
  throw new ConfigError(
    `${door}: ${name}: expected a number, or a list of different ones, got ${Array.isArray(list) ? `[${list.join(', ')}]` : describeValue(value)}.`,
  );
}

function whole(door: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ConfigError(`${door}: ${name}: expected a positive integer, got ${describeValue(value)}.`);
}

/** @throws ConfigError */
export function checkHandles(
  door: string,
  { run, ...handles }: FinetuneHandles,
): ReturnType<typeof resolveEngineOptions> {
  if (run !== undefined && typeof run?.open !== 'function') {
    throw new ConfigError(
      `${door}: run: expected a folder, got ${describeValue(run)}. Make one with runFolder(path) of clippo-ts/node.`,
    );
  }
  return resolveEngineOptions(door, handles);
}
