// What a caller may say about AdamW → checked options. Reference for the defaults: Loshchilov & Hutter 2019 and optax
// `adamw`, with the decay of BERT.

import { assertNumber, givenOptions, refuseUnknown } from '../options.ts';
import { checkPathOptions, TINY } from './path-settings.ts';

/** Defaults are those of optax, but for the weight decay, which is BERT's, and the clip norm, which is big_vision's. */
export interface AdamWOptions {
  /** Step size; default 1e-3. */
  readonly learningRate?: number;
  /** Share of a parameter added to its step: scaled by learning rate and schedule, as the step is. Default 0.01. */
  readonly weightDecay?: number;
  /** Which parameters decay: a regular expression that matches the whole path; default `'(.+/)?kernel'`. */
  readonly decayMask?: string;
  /** Gradients are scaled down to this l2 norm over all of them; null for never. Default 1. */
  readonly clipNorm?: number | null;
  /** Decay of the running mean of the gradients, 0…1; default 0.9. */
  readonly beta1?: number;
  /** Decay of the running mean of their squares, 0…1; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of that mean; default 1e-8. */
  readonly epsilon?: number;
  /** Step (from 0) → factor of the whole update; default constant 1. See `schedule()`. */
  readonly schedule?: (step: number) => number;
  /**
   * Regular expression → factor of the learning rate, the decay's included, or null to freeze. The first one that
   * matches the whole path counts; a frozen parameter has no part in the clip norm. Default none.
   */
  readonly learningRateMultipliers?: readonly (readonly [pattern: string, multiplier: number | null])[];
}

export type ResolvedAdamWOptions = Required<AdamWOptions>;

const DEFAULTS: ResolvedAdamWOptions = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  decayMask: '(.+/)?kernel',
  clipNorm: 1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  schedule: () => 1,
  learningRateMultipliers: [],
};

const RANGES = [
  ['learningRate', [0, Infinity]],
  ['weightDecay', [0, Infinity]],
  ['beta1', [0, 0.999]],
  ['beta2', [0, 0.999999]],
  ['epsilon', [TINY, 1]],
] as const;

/** Checks the options once and fills in the defaults. @throws ConfigError */
export function resolveAdamWOptions(options: AdamWOptions): ResolvedAdamWOptions {
  refuseUnknown('adamw', options, Object.keys(DEFAULTS));
  const resolved = { ...DEFAULTS, ...givenOptions(options) };
  for (const [name, [low, high]] of RANGES) assertNumber('adamw', name, resolved[name], low, high);
  checkPathOptions('adamw', resolved);
  return resolved;
}
