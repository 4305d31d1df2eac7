// What a caller may say about Adafactor → checked options, and what they mean for one parameter path.
// Reference for the defaults: big_vision `configs/proj/clippo/train_clippo.py` and `optax.py`.

import { ConfigError } from '../errors.ts';
import { assertNumber, givenOptions, refuseUnknown } from '../options.ts';

/** Defaults are those of big_vision's CLIPPO configuration. */
export interface AdafactorOptions {
  /** Step size; default 1e-3. */
  readonly learningRate?: number;
  /** Share of a parameter added to its step: not scaled by the learning rate, but by the schedule. Default 1e-4. */
  readonly weightDecay?: number;
  /** Which parameters decay: a regular expression that matches the whole path; default `'(.+/)?kernel'`. */
  readonly decayMask?: string;
  /** Gradients are scaled down to this l2 norm over all of them; null for never. Default 1. */
  readonly clipNorm?: number | null;
  /** Decay of the running mean of the updates, 0…1; default 0.9. */
  readonly momentum?: number;
  /** Upper bound of the decay of the second moment, 0…1; default 0.999. */
  readonly beta2Cap?: number;
  /** The second moment decays by min(beta2Cap, 1 − (step + 1)^−decayRate); default 0.8. */
  readonly decayRate?: number;
  /** Steps by which that count starts later, for a run that goes on from another; default 0. */
  readonly decayOffset?: number;
  /** A parameter is factored when its second largest dimension has at least this size; default 32. */
  readonly minDimSizeToFactor?: number;
  /** Added to squared gradients; default 1e-30. */
  readonly epsilon?: number;
  /** Step (from 0) → factor of the whole update; default constant 1. See `schedule()`. */
  readonly schedule?: (step: number) => number;
  /**
   * Regular expression → factor of the learning rate (not of the decay), or null to freeze. The first one that
   * matches the whole path counts; a frozen parameter has no part in the clip norm. Default none.
   */
  readonly learningRateMultipliers?: readonly (readonly [pattern: string, multiplier: number | null])[];
}

export type ResolvedAdafactorOptions = Required<AdafactorOptions>;

const DEFAULTS: ResolvedAdafactorOptions = {
  learningRate: 1e-3,
  weightDecay: 1e-4,
  decayMask: '(.+/)?kernel',
  clipNorm: 1,
  momentum: 0.9,
  beta2Cap: 0.999,
  decayRate: 0.8,
  decayOffset: 0,
  minDimSizeToFactor: 32,
  epsilon: 1e-30,
  schedule: () => 1,
  learningRateMultipliers: [],
};

// Close to the smallest float32 that has all its digits.
const TINY = 1e-36;
const RANGES = [
  ['learningRate', [0, Infinity]],
  ['weightDecay', [0, Infinity]],
  ['momentum', [0, 0.999999]],
  ['beta2Cap', [0, 0.999999]],
  ['decayRate', [TINY, Infinity]],
  ['decayOffset', [0, Infinity]],
  ['minDimSizeToFactor', [0, Infinity]],
  ['epsilon', [TINY, 1]],
] as const;

/** What the options say about one parameter. */
export interface PathSettings {
  /** null: frozen */
  readonly learningRate: number | null;
  readonly weightDecay: number;
}

/** Options → what they say about a path, remembered. */
export function pathSettings(options: ResolvedAdafactorOptions): (path: string) => PathSettings {
  const decays = toPattern('decayMask', options.decayMask);
  const multipliers = options.learningRateMultipliers.map(
    ([pattern, multiplier]) => [toPattern('learningRateMultipliers', pattern), multiplier] as const,
  );
  const known = new Map<string, PathSettings>();
  return (path) => {
    const remembered = known.get(path);
    if (remembered !== undefined) return remembered;
    const match = multipliers.find(([pattern]) => pattern.test(path));
    const multiplier = match === undefined ? 1 : match[1];
    const settings = {
      learningRate: multiplier === null ? null : multiplier * options.learningRate,
      weightDecay: decays.test(path) ? options.weightDecay : 0,
    };
    known.set(path, settings);
    return settings;
  };
}

function toPattern(what: string, pattern: string): RegExp {
  try {
    if (typeof pattern === 'string') return new RegExp(`^(?:${pattern})$`, 'u');
  } catch (cause) {
    throw new ConfigError(`adafactor: ${what}: ${JSON.stringify(pattern)} is no regular expression.`, {
      cause,
    });
  }
  throw new ConfigError(
    `adafactor: ${what}: expected the source of a regular expression, as in '.*/kernel', got ${String(pattern)}.`,
  );
}

/** Checks the options once and fills in the defaults. @throws ConfigError */
export function resolveAdafactorOptions(options: AdafactorOptions): ResolvedAdafactorOptions {
  refuseUnknown('adafactor', options, Object.keys(DEFAULTS));
  const resolved = { ...DEFAULTS, ...givenOptions(options) };
  const { clipNorm, learningRateMultipliers } = resolved;
  for (const [name, [low, high]] of RANGES) assertNumber('adafactor', name, resolved[name], low, high);
  if (clipNorm !== null) assertNumber('adafactor', 'clipNorm (null for none)', clipNorm, TINY, Infinity);
  if (!Array.isArray(learningRateMultipliers)) {
    throw new ConfigError(
      'adafactor: learningRateMultipliers: expected a list of [pattern, multiplier] pairs.',
    );
  }
  for (const [pattern, multiplier] of resolved.learningRateMultipliers) {
    const what = `learningRateMultipliers: ${JSON.stringify(pattern)} (null to freeze)`;
    if (multiplier !== null) assertNumber('adafactor', what, multiplier, TINY, Infinity);
  }
  if (typeof resolved.schedule !== 'function') {
    throw new ConfigError(
      'adafactor: schedule: expected a function (step) => factor. Make one with schedule().',
    );
  }
  return resolved;
}
