// Adafactor as big_vision trains with it, as a tf.Optimizer. The arithmetic is in adafactor-rule.ts, the order of an
// update in update.ts, where the state is kept and how it is saved in path-optimizer.ts.
// Reference: big_vision `optax.make` and `optax.scale_by_adafactor`.

import type * as tf from '@tensorflow/tfjs-core';
import {
  type AdafactorOptions,
  type ResolvedAdafactorOptions,
  resolveAdafactorOptions,
} from './adafactor-options.ts';
import {
  accumulate,
  partShapes,
  roundToBfloat16,
  scaleByAdafactor,
  secondMomentDecay,
  stateOfParts,
} from './adafactor-rule.ts';
import { PathOptimizer } from './path-optimizer.ts';
import { factorAt, type PathSettings, pathSettings } from './path-settings.ts';
import type { UpdateRule } from './update.ts';

export type { AdafactorOptions } from './adafactor-options.ts';

/** Adafactor as a tf.Optimizer; see {@link adafactor}. */
export class Adafactor extends PathOptimizer {
  protected override readonly door = 'adafactor';
  protected override readonly wholePart = 'ema';
  readonly #options: ResolvedAdafactorOptions;
  readonly #settingsOf: (path: string) => PathSettings;

  /** @nocollapse tfjs reads the name off the class. */
  static get className(): string {
    return 'Adafactor';
  }

  constructor(options: AdafactorOptions = {}) {
    super();
    this.#options = resolveAdafactorOptions(options);
    this.#settingsOf = pathSettings('adafactor', this.#options);
  }

  /** Whether a multiplier of null keeps the parameter as it is. */
  isFrozen(path: string): boolean {
    return this.#settingsOf(path).learningRate === null;
  }

  /** The numbers of a step (from 0); default the next one. */
  stepNumbers(step = this.stepCount): { beta2: number; schedule: number } {
    const schedule = factorAt('adafactor', this.#options.schedule, step);
    return { beta2: secondMomentDecay(step, this.#options), schedule };
  }

  protected override partShapes(shape: readonly number[]): [part: string, shape: number[]][] {
    return partShapes(shape, this.#options.minDimSizeToFactor);
  }

  protected override rule(): UpdateRule {
    const { clipNorm, epsilon, momentum, minDimSizeToFactor } = this.#options;
    const stateOf = (path: string) => stateOfParts(this.partsOf(path), minDimSizeToFactor);
    return {
      clipNorm,
      isFrozen: (path) => this.isFrozen(path),
      learningRateOf: (path) => this.#settingsOf(path).learningRate ?? 0,
      weightDecayOf: (path) => this.#settingsOf(path).weightDecay,
      scale: (path, gradient, beta2) => {
        const { moment: kept } = stateOf(path);
        const { scaled, moment } = scaleByAdafactor(gradient, kept, beta2, epsilon);
        for (const [i, part] of kept.parts.entries()) part.assign(moment.parts[i]!);
        return scaled;
      },
      accumulate: (path, scaled) => {
        const { ema } = stateOf(path);
        const mean = accumulate(ema, scaled, momentum);
        ema.assign(roundToBfloat16(mean));
        return mean;
      },
    };
  }

  /** The options as JSON, but for `schedule`, which is a function: give it again after loading. */
  override getConfig(): tf.serialization.ConfigDict {
    const { schedule: _, ...config } = this.#options;
    // Numbers, strings, null and nested lists of them, which tfjs's type of JSON does not foresee.
    return config as unknown as tf.serialization.ConfigDict;
  }
}

/**
 * Adafactor with big_vision's defaults.
 *
 * p ← p − schedule(step)·(learningRate·m + weightDecay·p), where m is the running mean of the clipped gradients
 * divided by the root of their second moment.
 *
 * All variables must be there at step 0: a later one has no state and is refused, because a second moment that
 * starts late makes steps far too large. To train more of a model later, begin with a new optimiser.
 *
 * In tfjs's own `minimize` and `fit` the path of a variable is its name without the number tfjs appends; a second
 * living variable of that name gets a number, in the order in which they come (`w`, `w_1`), which patterns see.
 *
 * @param options - see {@link AdafactorOptions}
 * @returns an optimiser for `updateStep`, or for tfjs's `model.compile({ optimizer })`; the caller disposes it
 * @throws ConfigError
 * @example
 * const optimizer = adafactor({ schedule: schedule({ decay: 'rsqrt', total: 100_000, warmup: 10_000 }) });
 * @example
 * // fine-tuning: the position embedding learns ten times as fast, the patch embedding not at all
 * adafactor({ learningRateMultipliers: [['img/pos_embedding', 10], ['img/embedding/.*', null]] });
 */
export function adafactor(options: AdafactorOptions = {}): Adafactor {
  return new Adafactor(options);
}
