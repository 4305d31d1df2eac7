// Options → a function from the step to a factor in [0, 1], by which the whole update of that step is scaled.
// Steps count from 0. Warm-up rises linearly from 0, then comes the decay; cool-down pulls whatever is left
// linearly down to 0 at the last step. Reference: big_vision `utils.create_learning_rate_schedule`.
// Simplified: no linear batch scaling; past the last step the cool-down stays at 0 instead of turning negative.

import { ConfigError } from '../errors.ts';
import { assertNumber, givenOptions, refuseUnknown } from '../options.ts';

/**
 * A stretch of training. A plain number counts steps; `examples` are divided by the batch size, `epochs` are
 * passes over the data, `percent` is a share of the total from 0 to 1. What is no whole number of steps is
 * rounded to the nearest (half to even) and is at least 1.
 */
export type Duration =
  | number
  | { readonly steps: number }
  | { readonly examples: number }
  | { readonly epochs: number }
  | { readonly percent: number };

interface CommonOptions {
  /** Length of the training, from 1 step; no percentage. */
  readonly total: Duration;
  /** Examples a step; needed when a duration is given in `examples` or `epochs`. */
  readonly batchSize?: number;
  /** Examples in the data set; needed when a duration is given in `epochs`. */
  readonly dataSize?: number;
  /** Linear rise from 0 at the start; default 0. Must be shorter than the total. */
  readonly warmup?: Duration;
  /** Linear fall to 0 at the end, on top of the decay; default 0. */
  readonly cooldown?: Duration;
}

/**
 * How the factor decays once the warm-up w is over; progress runs from 0 at w to 1 at the total.
 * The released CLIPPO models were trained with `rsqrt` and 10 000 steps for timescale, warm-up and cool-down.
 *
 * | big_vision | here |
 * |---|---|
 * | `decay_type` | `decay` |
 * | `total_steps`, `total_examples`, `total_epochs` | `total: n`, `{ examples: n }`, `{ epochs: n }` |
 * | `batch_size`, `data_size` | `batchSize`, `dataSize` |
 * | `warmup_steps`, `_examples`, `_epochs`, `_percent` | `warmup: n`, `{ examples: n }`, `{ epochs: n }`, `{ percent: n }` |
 * | `cooldown_…`, `timescale_…`, `shift_…` with the same endings | `cooldown`, `timescale`, `shift`, likewise |
 * | `timescale`, `shift` | `timescale: n`, `shift: n` |
 * | `power`, `steps` | the same |
 * | `end`, `linear_end` | `end` |
 * | `mults` | `multipliers` |
 * | `base`, `scale_with_batchsize` | none: scale `learningRate` and `weightDecay` of `adafactor` |
 */
export type ScheduleOptions = CommonOptions &
  (
    | {
        /** 1/√(1 + (step + shift − w)/timescale) */
        readonly decay: 'rsqrt';
        /** Default 10 000 steps. */
        readonly timescale?: Duration;
        /** Steps that an earlier run has already decayed; default 0. */
        readonly shift?: Duration;
      }
    | {
        /** ½·(1 + cos(π·progress)) */
        readonly decay: 'cosine';
      }
    | {
        /** A straight line from 1 to `end`. */
        readonly decay: 'linear';
        /** Factor at the last step; default 0. */
        readonly end?: number;
      }
    | {
        /** end + (1 − end)·(1 − progress)^power */
        readonly decay: 'polynomial';
        /** Default 1, a straight line. */
        readonly power?: number;
        /** Factor at the last step; default 0. */
        readonly end?: number;
      }
    | {
        /** Constant between given steps; without any, constant 1. */
        readonly decay: 'stair';
        /** Steps at which the factor changes, ascending. */
        readonly steps: readonly number[];
        /** Factor from each of these steps on; as many as `steps`. */
        readonly multipliers: readonly number[];
      }
  );

const COMMON = ['decay', 'total', 'batchSize', 'dataSize', 'warmup', 'cooldown'];
const OWN = {
  rsqrt: ['timescale', 'shift'],
  cosine: [],
  linear: ['end'],
  polynomial: ['power', 'end'],
  stair: ['steps', 'multipliers'],
} as const satisfies Record<ScheduleOptions['decay'], readonly string[]>;

/**
 * A learning-rate schedule without a unit: s(step) = decay · min(1, step/warm-up) · min(1, (total − step)/cool-down).
 *
 * @param options - how long, how it decays, warm-up and cool-down; see {@link ScheduleOptions}
 * @returns step (from 0) → factor; hand it to `adafactor({ schedule })`
 * @throws ConfigError when a field is unknown, missing or out of range, or the warm-up leaves no time to train
 * @example
 * const s = schedule({ decay: 'rsqrt', total: 100_000, warmup: 10_000, cooldown: 10_000 });
 * s(0); // 0
 * s(10_000); // 1
 * @example
 * schedule({ decay: 'cosine', total: { epochs: 3 }, warmup: { percent: 0.1 }, batchSize: 32, dataSize: 1000 });
 */
export function schedule(options: ScheduleOptions): (step: number) => number {
  checkFields(options);
  const { batchSize, dataSize, warmup = 0, cooldown = 0 } = options;
  if (batchSize !== undefined) assertNumber('schedule', 'batchSize', batchSize, 1, Infinity);
  if (dataSize !== undefined) assertNumber('schedule', 'dataSize', dataSize, 1, Infinity);
  const total = toSteps('total', options.total, options, undefined);
  const rise = toSteps('warmup', warmup, options, total);
  const fall = toSteps('cooldown', cooldown, options, total);
  if (total < 1) throw new ConfigError(`schedule: total: expected at least 1 step, got ${total}.`);
  // A run of one step is a trial run of a longer configuration, as in big_vision.
  if (total > 1 && rise >= total) {
    throw new ConfigError(
      `schedule: warmup (${rise} steps) must be shorter than total (${total} steps). Shorten it, or give it as { percent }.`,
    );
  }
  const decayed = decayOf(options, rise, total);
  return (step) => {
    const rising = rise === 0 ? 1 : Math.min(1, step / rise);
    const falling = fall === 0 ? 1 : Math.max(0, Math.min(1, (total - step) / fall));
    return decayed(step) * rising * falling;
  };
}

/** The decay alone; also tells it for the steps of the warm-up, which scales it. */
function decayOf(options: ScheduleOptions, rise: number, total: number): (step: number) => number {
  const remaining = (step: number): number =>
    1 - Math.max(0, Math.min(1, (step - rise) / Math.max(1, total - rise)));
  switch (options.decay) {
    case 'rsqrt': {
      const timescale = toSteps('timescale', options.timescale ?? 10_000, options, total);
      const shift = toSteps('shift', options.shift ?? 0, options, total);
      if (timescale === 0) throw new ConfigError('schedule: timescale: expected more than 0 steps, got 0.');
      return (step) => 1 / Math.sqrt(1 + (Math.max(0, step - rise) + shift) / timescale);
    }
    case 'cosine':
      return (step) => 0.5 * (1 - Math.cos(Math.PI * remaining(step)));
    case 'linear':
    case 'polynomial': {
      const { end = 0 } = options;
      const power = options.decay === 'linear' ? 1 : (options.power ?? 1);
      assertNumber('schedule', 'end', end, 0, 1);
      assertNumber('schedule', 'power', power, 0, 1000);
      return (step) => end + (1 - end) * remaining(step) ** power;
    }
    case 'stair': {
      const { steps, multipliers } = options;
      checkStair(steps, multipliers);
      return (step) => {
        const passed = steps.filter((edge) => edge <= step).length;
        return passed === 0 ? 1 : multipliers[passed - 1]!;
      };
    }
  }
}

function toSteps(
  what: string,
  duration: Duration,
  options: CommonOptions,
  total: number | undefined,
): number {
  const entries =
    typeof duration === 'number'
      ? [['steps', duration] as const]
      : Object.entries(givenOptions(duration ?? {}));
  const [unit, value] = entries.length === 1 ? entries[0]! : ['none', 0];
  assertNumber('schedule', what, value, 0, unit === 'percent' ? 1 : Infinity);
  const need = (field: 'total' | 'batchSize' | 'dataSize', size: number | undefined): number => {
    if (size !== undefined) return size;
    throw new ConfigError(`schedule: ${what} in ${unit} needs ${field}. Give it, or count in steps.`);
  };
  switch (unit) {
    case 'steps':
      return value;
    case 'examples':
      return wholeSteps(value / need('batchSize', options.batchSize));
    case 'epochs':
      return wholeSteps((value * need('dataSize', options.dataSize)) / need('batchSize', options.batchSize));
    case 'percent':
      return wholeSteps(value * need('total', total));
    default:
      throw new ConfigError(
        `schedule: ${what}: expected a number of steps or one of { steps }, { examples }, { epochs } and { percent }, got ${JSON.stringify(duration)}.`,
      );
  }
}

/** Nearest integer, half to even as Python rounds, at least 1 unless it is 0. */
function wholeSteps(steps: number): number {
  const below = Math.floor(steps);
  const above = steps - below > 0.5 || (steps - below === 0.5 && below % 2 === 1);
  return steps === 0 ? 0 : Math.max(1, above ? below + 1 : below);
}

function checkStair(steps: readonly number[], multipliers: readonly number[]): void {
  if (!Array.isArray(steps) || !Array.isArray(multipliers) || steps.length !== multipliers.length) {
    throw new ConfigError('schedule: a stair needs two lists of the same length, steps and multipliers.');
  }
  for (const [i, step] of steps.entries()) {
    assertNumber('schedule', `steps[${i}]`, step, steps[i - 1] ?? 0, Infinity);
    assertNumber('schedule', `multipliers[${i}]`, multipliers[i]!, 0, Infinity);
  }
}

function checkFields(options: ScheduleOptions): void {
  const decay = typeof options === 'object' && options !== null ? options.decay : undefined;
  if (decay === undefined || !Object.hasOwn(OWN, decay)) {
    throw new ConfigError(
      `schedule: decay: expected one of ${Object.keys(OWN).join(', ')}, got ${JSON.stringify(decay)}.`,
    );
  }
  refuseUnknown(`schedule (${decay})`, options, [...COMMON, ...OWN[decay]]);
}
