// AdamW as a tf.Optimizer: Adam whose weight decay is no part of the gradient. The arithmetic is in adamw-rule.ts, the
// order of an update in update.ts, where the state is kept and how it is saved in path-optimizer.ts.
// Reference: optax `adamw`.

import type * as tf from '@tensorflow/tfjs-core';
import { type AdamWOptions, type ResolvedAdamWOptions, resolveAdamWOptions } from './adamw-options.ts';
import { momentShapes, momentsOf, scaleByAdam, squaresDecay } from './adamw-rule.ts';
import { PathOptimizer } from './path-optimizer.ts';
import { factorAt, type PathSettings, pathSettings } from './path-settings.ts';
import type { UpdateRule } from './update.ts';

export type { AdamWOptions } from './adamw-options.ts';

/** AdamW as a tf.Optimizer; see {@link adamw}. */
export class AdamW extends PathOptimizer {
  protected override readonly door = 'adamw';
  protected override readonly wholePart = 'm';
  readonly #options: ResolvedAdamWOptions;
  readonly #settingsOf: (path: string) => PathSettings;

  /** @nocollapse tfjs reads the name off the class. */
  static get className(): string {
    return 'AdamW';
  }

  constructor(options: AdamWOptions = {}) {
    super();
    this.#options = resolveAdamWOptions(options);
    this.#settingsOf = pathSettings('adamw', this.#options);
  }

  /** Whether a multiplier of null keeps the parameter as it is. */
  isFrozen(path: string): boolean {
    return this.#settingsOf(path).learningRate === null;
  }

  /** The numbers of a step (from 0); default the next one. */
  stepNumbers(step = this.stepCount): { beta2: number; schedule: number } {
    const schedule = factorAt('adamw', this.#options.schedule, step);
    return { beta2: squaresDecay(step, this.#options.beta2), schedule };
  }

  protected override partShapes(shape: readonly number[]): [part: string, shape: number[]][] {
    return momentShapes(shape);
  }

  protected override rule(): UpdateRule {
    const { clipNorm, epsilon, beta1 } = this.#options;
    const rateOf = (path: string): number => this.#settingsOf(path).learningRate ?? 0;
    return {
      clipNorm,
      isFrozen: (path) => this.isFrozen(path),
      learningRateOf: rateOf,
      weightDecayOf: (path) => rateOf(path) * this.#settingsOf(path).weightDecay,
      scale: (path, gradient, beta2) => {
        const kept = momentsOf(this.partsOf(path));
        const { scaled, moments } = scaleByAdam(gradient, kept, { beta1, epsilon, beta2 });
        for (const part of ['m', 'v', 'weight'] as const) kept[part].assign(moments[part]);
        return scaled;
      },
      accumulate: (_, scaled) => scaled, // the mean is taken before the division
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
 * AdamW, as BERT and most others are fine-tuned.
 *
 * p ← p − schedule(step)·learningRate·(m̂/(√v̂ + ε) + weightDecay·p), where m̂ and v̂ are the running means of the
 * clipped gradients and of their squares, corrected for their beginning at zero.
 *
 * State is kept by path, variables that come late are refused, and names in tfjs's own `fit` become paths as with
 * `adafactor()`.
 *
 * @param options - see {@link AdamWOptions}
 * @returns an optimiser for `updateStep`, `train` and `finetune`, or for tfjs's `model.compile({ optimizer })`; the
 *   caller disposes it
 * @throws ConfigError
 * @example const optimizer = adamw({ learningRate: 3e-5, schedule: schedule({ decay: 'linear', total, warmup }) });
 */
export function adamw(options: AdamWOptions = {}): AdamW {
  return new AdamW(options);
}
