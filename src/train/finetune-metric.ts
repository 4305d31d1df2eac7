// What is best → one number, larger being better.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { TargetKind } from '../tasks/index.ts';
import type { AnswerMetrics } from './answer-metrics.ts';
import type { FinetuneSettings } from './finetune-options.ts';

/** The values of each kind, the default first. */
const METRICS: Record<TargetKind['kind'], readonly string[]> = {
  classes: ['accuracy', 'accuracyPerClass', 'loss'],
  'multi-label': ['f1', 'f1PerLabel', 'exact', 'top', 'loss'],
  regression: ['rmse', 'mae', 'loss'],
};
const LESS_IS_BETTER = ['loss', 'rmse', 'mae'];

export interface Metric {
  /** As it stands in reports. */
  readonly name: string;
  /** What is compared: less than before is worse. @throws DataError for what is no number */
  of(metrics: AnswerMetrics): number;
}

/** @throws ConfigError */
export function resolveMetric(door: string, kind: TargetKind, setting: FinetuneSettings['metric']): Metric {
  if (typeof setting === 'function') {
    const name = setting.name === '' || setting.name === 'metric' ? 'own metric' : setting.name;
    return {
      name,
      of({ predictions, targets, values }) {
        const value = setting({ predictions, targets, values });
        if (Number.isFinite(value)) return value;
        throw new DataError(
          `${door}: metric: expected a finite number, got ${describeValue(value)}. Of predictions that are all the same some metrics are not defined; give 0 there.`,
        );
      },
    };
  }
  const known = METRICS[kind.kind];
  const name = setting ?? known[0]!;
  if (!known.includes(name)) {
    throw new ConfigError(
      `${door}: metric: expected ${known.map((each) => `'${each}'`).join(', ')} or a function of { predictions, targets }, got ${describeValue(setting)}.`,
    );
  }
  const sign = LESS_IS_BETTER.includes(name) ? -1 : 1;
  return { name, of: ({ values }) => sign * values[name]! };
}
