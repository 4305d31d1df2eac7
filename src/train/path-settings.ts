// What the options of an optimiser mean for one parameter, told by its path: patterns say what decays, what learns
// faster and what stays as it is. The same for every optimiser.

import { ConfigError } from '../errors.ts';
import { assertNumber } from '../options.ts';

/** What all optimisers may be told, with defaults filled in. */
export interface PathOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly decayMask: string;
  readonly clipNorm: number | null;
  readonly schedule: (step: number) => number;
  readonly learningRateMultipliers: readonly (readonly [pattern: string, multiplier: number | null])[];
}

/** What the options say about one parameter. */
export interface PathSettings {
  /** null: frozen */
  readonly learningRate: number | null;
  readonly weightDecay: number;
}

/** Close to the smallest float32 that has all its digits. */
export const TINY = 1e-36;

/** Options → what they say about a path, remembered. @param door - the optimiser, as it stands in messages */
export function pathSettings(door: string, options: PathOptions): (path: string) => PathSettings {
  const decays = toPattern(door, 'decayMask', options.decayMask);
  const multipliers = options.learningRateMultipliers.map(
    ([pattern, multiplier]) => [toPattern(door, 'learningRateMultipliers', pattern), multiplier] as const,
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

/** @throws ConfigError */
export function checkPathOptions(
  door: string,
  { clipNorm, learningRateMultipliers, schedule }: PathOptions,
): void {
  if (clipNorm !== null) assertNumber(door, 'clipNorm (null for none)', clipNorm, TINY, Infinity);
  if (!Array.isArray(learningRateMultipliers)) {
    throw new ConfigError(
      `${door}: learningRateMultipliers: expected a list of [pattern, multiplier] pairs.`,
    );
  }
  for (const [pattern, multiplier] of learningRateMultipliers) {
    const what = `learningRateMultipliers: ${JSON.stringify(pattern)} (null to freeze)`;
    if (multiplier !== null) assertNumber(door, what, multiplier, TINY, Infinity);
  }
  if (typeof schedule !== 'function') {
    throw new ConfigError(
      `${door}: schedule: expected a function (step) => factor. Make one with schedule().`,
    );
  }
}

/** The schedule's factor of a step (from 0). @throws ConfigError when it gives no number */
export function factorAt(door: string, schedule: PathOptions['schedule'], step: number): number {
  const factor = schedule(step);
  if (Number.isFinite(factor)) return factor;
  throw new ConfigError(`${door}: schedule(${step}) gave ${factor}, expected a finite number.`);
}

function toPattern(door: string, what: string, pattern: string): RegExp {
  try {
    if (typeof pattern === 'string') return new RegExp(`^(?:${pattern})$`, 'u');
  } catch (cause) {
    throw new ConfigError(`${door}: ${what}: ${JSON.stringify(pattern)} is no regular expression.`, {
      cause,
    });
  }
  throw new ConfigError(
    `${door}: ${what}: expected the source of a regular expression, as in '.*/kernel', got ${String(pattern)}.`,
  );
}
