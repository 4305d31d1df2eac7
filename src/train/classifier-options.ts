// What a caller may say about a classifier → checked settings, which are plain data and are kept in its file.

import { assertClasses } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { type ClippoConfig, type HeadConfig, resolveClippoConfig } from '../model/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { TargetKind } from '../tasks/index.ts';

/** All of it is JSON. */
export interface ClassifierOptions {
  /** Names of what is told apart. */
  readonly labels?: readonly string[];
  /** Whether several labels may hold at once; default false. */
  readonly multiLabel?: boolean;
  /** In place of both: what kind of answer, as a task has it; `{ kind: 'regression' }` for a number. */
  readonly targets?: TargetKind;
  /**
   * What the head reads: `'pre_logits'`, the D numbers of the pooling head, or `'embedding'`, the E numbers of length 1
   * that `encode` gives. Default `'pre_logits'`.
   */
  readonly on?: 'pre_logits' | 'embedding';
  /** `'linear'`, `'mlp'` (two hidden layers of 768 units), or the units of the hidden layers. Default `'linear'`. */
  readonly head?: 'linear' | 'mlp' | readonly number[];
  /** Seed of the head's start values, an integer, default 0. */
  readonly seed?: number;
}

/** What makes a classifier the one it is, beside its weights. */
export interface ClassifierSettings {
  readonly targets: TargetKind;
  readonly on: 'pre_logits' | 'embedding';
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
}

const OPTIONS = ['labels', 'multiLabel', 'targets', 'on', 'head', 'seed'];
const MLP = [768, 768];
const MOST_UNITS = 65_536;

/** @throws ConfigError, DataError for a list that cannot be one of labels */
export function resolveClassifierOptions(
  options: ClassifierOptions,
): ClassifierSettings & { readonly seed: number } {
  const door = 'createClassifier';
  refuseUnknown(door, options, OPTIONS);
  const { on = 'pre_logits', head = 'linear', seed = 0 } = options;
  if (on !== 'pre_logits' && on !== 'embedding') {
    throw new ConfigError(`${door}: on: expected 'pre_logits' or 'embedding', got ${describeValue(on)}.`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(`${door}: seed: expected an integer, got ${describeValue(seed)}.`);
  }
  return { targets: resolveTargetKind(door, options), on, hidden: resolveHidden(door, head), seed };
}

/** Units of the hidden layers. @throws ConfigError */
export function resolveHidden(door: string, head: NonNullable<ClassifierOptions['head']>): readonly number[] {
  const hidden = head === 'linear' ? [] : head === 'mlp' ? MLP : head;
  const isSize = (units: unknown): boolean =>
    Number.isSafeInteger(units) && Number(units) >= 1 && Number(units) <= MOST_UNITS;
  if (Array.isArray(hidden) && hidden.every(isSize)) return [...hidden];
  throw new ConfigError(
    `${door}: head: expected 'linear', 'mlp' or units such as [768, 768], got ${Array.isArray(head) ? `[${head.join(', ')}]` : describeValue(head)}.`,
  );
}

function resolveTargetKind(door: string, { labels, multiLabel, targets }: ClassifierOptions): TargetKind {
  if (targets === undefined) {
    if (multiLabel !== undefined && typeof multiLabel !== 'boolean') {
      throw new ConfigError(`${door}: multiLabel: expected true or false, got ${describeValue(multiLabel)}.`);
    }
    const kind = multiLabel === true ? 'multi-label' : 'classes';
    return checkTargetKind(door, { kind, labels: labels! }); // the check is for callers without types too
  }
  if (labels !== undefined || multiLabel !== undefined) {
    throw new ConfigError(`${door}: targets stands in place of labels and multiLabel. Leave those out.`);
  }
  return checkTargetKind(door, targets);
}

/** @throws ConfigError, DataError */
export function checkTargetKind(door: string, targets: TargetKind): TargetKind {
  const kind = (targets as Partial<TargetKind> | undefined)?.kind; // it may come from a file
  if (kind === 'regression' && targets.kind === 'regression') {
    const { range } = targets;
    if (range === undefined) return { kind: 'regression' };
    if (range.length === 2 && range.every(Number.isFinite) && range[0] < range[1])
      return { kind: 'regression', range: [range[0], range[1]] };
    throw new ConfigError(`${door}: range: expected [low, high], got [${range.join(', ')}].`);
  }
  if ((kind !== 'classes' && kind !== 'multi-label') || targets.kind === 'regression') {
    throw new ConfigError(
      `${door}: targets: expected the kind 'classes', 'multi-label' or 'regression', got ${describeValue(kind)}.`,
    );
  }
  const { labels } = targets;
  assertClasses(`${door}: labels`, labels);
  const seen = new Set<string>();
  const twice = [...new Set(labels.filter((label) => seen.size === seen.add(label).size))];
  if (twice.length > 0) {
    throw new ConfigError(
      `${door}: labels: ${twice.join(', ')} stand${twice.length > 1 ? '' : 's'} there twice.`,
    );
  }
  if (kind === 'classes' && labels.length === 1) {
    throw new ConfigError(
      `${door}: labels: one label alone, ${JSON.stringify(labels[0])}, tells nothing apart. Give two or more, or multiLabel: true for one that may hold or not.`,
    );
  }
  return { kind, labels: [...labels] };
}

/** Sizes of the head of such a classifier on such a model. */
export function headConfigOf(settings: ClassifierSettings, config: ClippoConfig): HeadConfig {
  const { width, outputDim } = resolveClippoConfig(config);
  const { targets, on, hidden } = settings;
  const outputs = targets.kind === 'regression' ? 1 : targets.labels.length;
  return { inputs: on === 'embedding' ? outputDim : width, hidden, outputs };
}
