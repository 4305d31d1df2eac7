// What a caller may say about Adafactor → checked options.
// Reference for the defaults: big_vision `configs/proj/clippo/train_clippo.py` and `optax.py`.

import { assertNumber, givenOptions, refuseUnknown } from '../options.ts';
import { checkPathOptions, TINY } from './path-settings.ts';

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

/** Checks the options once and fills in the defaults. @throws ConfigError */
export function resolveAdafactorOptions(options: AdafactorOptions): ResolvedAdafactorOptions {
  refuseUnknown('adafactor', options, Object.keys(DEFAULTS));
  const resolved = { ...DEFAULTS, ...givenOptions(options) };
  for (const [name, [low, high]] of RANGES) assertNumber('adafactor', name, resolved[name], low, high);
  checkPathOptions('adafactor', resolved);
  return resolved;
}
