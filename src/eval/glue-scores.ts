// Predictions for a split of GLUE → its metrics, and the columns of a table → the average that papers print.
// References: the nine columns of CLIPPO's README, whose averages they reproduce; the ten of PIXEL (xplip/pixel), which
// also counts WNLI. Both count the two dev sets of MNLI as two. GLUE's own leaderboard averages otherwise.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { type GlueMetric, type GlueSplit, type GlueTask, glueFacts } from '../tasks/index.ts';
import { accuracy, f1, matthews, pearson, spearman } from './metrics.ts';

const METRICS = { accuracy, f1, matthews, pearson, spearman };

/**
 * @param predictions - [N] indices of labels; of STS-B scores
 * @param targets - [N]
 * @returns by name, the one that papers report first
 * @throws ConfigError, and DataError as the metrics themselves
 * @example glueScores('qqp', [1, 0, 1], [1, 0, 0]) // { f1: 0.667…, accuracy: 0.667… }
 */
export function glueScores(
  task: GlueTask,
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
): { [metric in GlueMetric]?: number } {
  const { metrics } = glueFacts('glueScores', task);
  return Object.fromEntries(metrics.map((metric) => [metric, METRICS[metric](predictions, targets)]));
}

/** Columns of a table of results, in the usual order. */
const COLUMNS = ['mnli_m', 'mnli_mm', 'qqp', 'qnli', 'sst2', 'cola', 'stsb', 'mrpc', 'rte', 'wnli'] as const;

/** A column of the tables in which papers report GLUE. */
export type GlueColumn = (typeof COLUMNS)[number];

/** @returns undefined for what stands in no table, as the diagnostic set */
export function glueColumn(task: GlueTask, split: GlueSplit): GlueColumn | undefined {
  if (task === 'ax') return undefined;
  return task === 'mnli' ? (split.endsWith('_mismatched') ? 'mnli_mm' : 'mnli_m') : task;
}

/**
 * The plain mean of the columns.
 *
 * @param columns - for each the metric that papers report, in any unit: fractions or percent
 * @param options - `of: 'pixel'` takes the ten columns of PIXEL; default `'clippo'`, the nine without WNLI
 * @throws DataError when a column is missing or no number; ConfigError
 * @example
 * const yfcc = { mnli_m: 71.3, mnli_mm: 71.5, qqp: 79.1, qnli: 67.9, sst2: 85.7, cola: 0, stsb: 14, mrpc: 83.4, rte: 54.9 };
 * glueAverage(yfcc); // 58.64…
 */
export function glueAverage(
  columns: { readonly [column in GlueColumn]?: number },
  options: { readonly of?: 'clippo' | 'pixel' } = {},
): number {
  refuseUnknown('glueAverage', options, ['of']);
  const { of = 'clippo' } = options;
  if (of !== 'clippo' && of !== 'pixel') {
    throw new ConfigError(`glueAverage: of: expected "clippo" or "pixel", got ${describeValue(of)}.`);
  }
  const counted = COLUMNS.filter((column) => of === 'pixel' || column !== 'wnli');
  const wrong = counted.filter((column) => !Number.isFinite(columns[column]));
  if (wrong.length > 0) {
    const told = wrong.map((column) => `${column} is ${describeValue(columns[column])}`);
    throw new DataError(
      `glueAverage: expected a number for each of ${counted.length} columns, but ${told.join(', ')}.`,
    );
  }
  return counted.reduce((sum, column) => sum + columns[column]!, 0) / counted.length;
}
