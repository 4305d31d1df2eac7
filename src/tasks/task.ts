// What every data set with answers comes to: an example → the picture that the model sees, and the answer that it should
// give. Also the contract for whoever learns answers from vectors, so that evaluations can be handed a trainer.

import type { Embeddings } from '../embeddings.ts';
import type { Raster } from '../raster/index.ts';

/** What kind of answer a head has to give. */
export type TargetKind =
  /** One of several labels: a target is its index. */
  | { readonly kind: 'classes'; readonly labels: readonly string[] }
  /** Any number of labels at once: a target is a number from 0 to 1 for each, or such numbers by label. */
  | { readonly kind: 'multi-label'; readonly labels: readonly string[] }
  /** A number; of a known `range` where there is one. */
  | { readonly kind: 'regression'; readonly range?: readonly [low: number, high: number] };

/** One answer an example. */
export type SingleTarget = Exclude<TargetKind, { readonly kind: 'multi-label' }>;

/** Examples of one kind → pictures and targets. */
export interface Task<Example, Target = number> {
  readonly name: string;
  readonly targets: TargetKind;
  /** What the model sees. @throws DataError for an example that cannot be drawn */
  raster(example: Example): Promise<Raster>;
  /** @returns undefined where the answer is not known, as in test sets, or is none that a head can give */
  target(example: Example): Target | undefined;
}

/** What a head is to be learned for. */
export interface FitHeadOptions {
  readonly targets: TargetKind;
  /** Of whatever is drawn at random. An integer, default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What was learned from features and targets. */
export interface FittedHead {
  /** @returns [N, L] a score for each label, the largest being the answer; [N, 1] of a regression */
  predict(features: Embeddings): Embeddings | Promise<Embeddings>;
}

/**
 * Learns to tell targets from vectors.
 *
 * @param features - [N, D] what the model makes of each example
 * @param targets - [N] indices or numbers; [N, L] row-major where several labels may hold
 */
export type FitHead = (
  features: Embeddings,
  targets: ArrayLike<number>,
  options: FitHeadOptions,
) => Promise<FittedHead>;
