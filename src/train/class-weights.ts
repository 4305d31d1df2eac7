// How much each example counts in the loss, by its class.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { TargetKind } from '../tasks/index.ts';
import { countClasses, someOf, type TargetRows } from './example-targets.ts';
import type { FinetuneSettings } from './finetune-options.ts';

/**
 * One weight an example, 1 on average; of shares, each label's weight counts by its share.
 *
 * @throws ConfigError, DataError when no example counts
 */
export function exampleWeights(
  door: string,
  kind: TargetKind,
  rows: TargetRows,
  setting: FinetuneSettings['classWeights'],
): Float32Array {
  const weights = new Float32Array(rows.count).fill(1);
  if (setting === undefined) return weights;
  if (kind.kind !== 'classes') {
    throw new ConfigError(`${door}: classWeights go with one label an example, not with ${kind.kind}.`);
  }
  const { labels } = kind;
  const perClass =
    setting === 'balanced'
      ? Array.from(countClasses(rows), (count) => (count === 0 ? 0 : 1 / count))
      : givenWeights(door, labels, setting);
  const shares = new Float32Array(labels.length);
  let sum = 0;
  for (let i = 0; i < rows.count; i++) {
    rows.write(i, shares.fill(0), 0);
    weights[i] = shares.reduce((total, share, k) => total + share * perClass[k]!, 0);
    sum += weights[i]!;
  }
  if (sum === 0) throw new DataError(`${door}: classWeights: no example counts: every weight is 0.`);
  return weights.map((weight) => (weight * rows.count) / sum);
}

function givenWeights(
  door: string,
  labels: readonly string[],
  setting: Exclude<FinetuneSettings['classWeights'], 'balanced' | undefined>,
): readonly number[] {
  const fail = (got: string): never => {
    throw new ConfigError(
      `${door}: classWeights: expected 'balanced', or a number of at least 0 for each of ${someOf(labels)}, got ${got}.`,
    );
  };
  if (typeof setting !== 'object' || setting === null) return fail(describeValue(setting));
  const list: readonly number[] = Array.isArray(setting)
    ? setting
    : labels.map((label) => (setting as Readonly<Record<string, number>>)[label]!); // missing ones show below
  const extra = Array.isArray(setting) ? [] : Object.keys(setting).filter((label) => !labels.includes(label));
  if (extra.length > 0) return fail(`one for ${extra.join(', ')}`);
  if (list.length !== labels.length) return fail(`${list.length} numbers`);
  const wrong = list.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (wrong >= 0) return fail(`${describeValue(list[wrong])} for ${labels[wrong]}`);
  return list;
}
