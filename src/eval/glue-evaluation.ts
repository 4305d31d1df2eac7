// Anything that makes vectors of texts, and a task of GLUE → its metrics on the dev set, by a head on frozen features.
// The reference fine-tunes the whole network, which is clippo-ts/train's to do; this says what is in the vectors already,
// and the same way for a ClippoModel, a baseline of tokens and any other text encoder.
// CLIPPO's features are those before the projection, which is our choice: the paper's is not known.

import { ClippoModel } from '../clippo-model.ts';
import type { JsonValue } from '../data/index.ts';
import { DataError } from '../errors.ts';
import {
  type GlueFacts,
  type GlueSource,
  type GlueSubmission,
  glueSubmission,
  textOverflow,
} from '../tasks/index.ts';
import { bootstrapMean } from './bootstrap.ts';
import { type EmbeddedItems, embedItems } from './embed-items.ts';
import { createEvaluation, type Evaluation, type Interval, type Skipped } from './evaluation.ts';
import { type AboutExample, drawnAsSeen, glueItems } from './glue-items.ts';
import { DOOR, type EvaluateGlueOptions, type ResolvedGlue, resolveGlueOptions } from './glue-options.ts';
import { glueReport } from './glue-report.ts';
import { type GlueColumn, glueColumn, glueScores } from './glue-scores.ts';
import { headAnswers } from './head-answers.ts';
import { rowsOfItems } from './labelled-items.ts';

export interface GlueEvaluation extends Evaluation {
  /** What belongs into a table, for `glueAverage`. */
  readonly columns: { readonly [column in GlueColumn]?: number };
  /** One for each of `test`. */
  readonly submissions: readonly GlueSubmission[];
}

/**
 * Values: the metrics of the task; with several dev sets, for each. `details.overflow` says how much text of the dev sets
 * is on no picture, where that can be known.
 *
 * @throws ConfigError, DataError
 * @example
 * const [train, dev] = [await readGlue(folder, 'rte', { split: 'train' }), await readGlue(folder, 'rte', { split: 'dev' })];
 * const { values } = await evaluateGlue({ model, train, dev });
 * console.log(values.accuracy);
 */
export async function evaluateGlue(options: EvaluateGlueOptions): Promise<GlueEvaluation> {
  const resolved = await resolveGlueOptions(options);
  const { model, train, devs, tests, facts, fitHead, maxTrain, seed, signal } = resolved;
  const fitted = await embed(train, maxTrain, resolved);
  const targets = labelsOf(train, fitted);
  assertSeveralLabels(train, facts, targets);
  const head = await fitHead(rowsOfItems(fitted), targets, {
    targets: facts.targets,
    seed,
    ...(signal && { signal }),
  });
  const answer = async (embedded: EmbeddedItems<AboutExample>): Promise<Float64Array> => {
    const rows = rowsOfItems(embedded);
    return headAnswers(DOOR, await head.predict(rows), rows.count, facts.targets);
  };

  const outcomes: DevOutcome[] = [];
  for (const dev of devs) {
    const embedded = await embed(dev, Infinity, resolved);
    outcomes.push(await outcomeOf(dev, embedded, await answer(embedded), resolved));
  }
  const submissions: GlueSubmission[] = [];
  const skipped: (readonly [split: string, causes: Skipped])[] = [
    [train.split, fitted.skipped],
    ...outcomes.map(({ dev, skipped }) => [dev.split, skipped] as const),
  ];
  for (const test of tests) {
    const embedded = await embed(test, Infinity, resolved);
    const indices = embedded.about.map(({ index }) => index);
    submissions.push(glueSubmission(test.task, await answer(embedded), { split: test.split, indices }));
    skipped.push([test.split, embedded.skipped]);
  }

  /** Names say which dev set, where there are several. */
  const named = <T>(list: (outcome: DevOutcome) => { readonly [metric: string]: T }): Record<string, T> =>
    Object.fromEntries(
      outcomes.flatMap((outcome) =>
        Object.entries(list(outcome)).map(([metric, value]) => [
          devs.length === 1 ? metric : `${metric} (${outcome.dev.split})`,
          value,
        ]),
      ),
    );
  const columns = Object.fromEntries(
    outcomes.flatMap(({ column, scores }) => (column ? [[column, Object.values(scores)[0]!]] : [])), // a task has a metric
  );
  const evaluation = createEvaluation({
    task: 'glue',
    title: `${facts.title} from frozen features`,
    values: named(({ scores }) => scores),
    intervals: named(({ intervals }) => intervals),
    count: outcomes.reduce((sum, { count }) => sum + count, 0),
    skipped: Object.fromEntries(
      skipped.flatMap(([split, causes]) =>
        Object.entries(causes).map(([cause, each]) => [`${split}: ${cause}`, each]),
      ),
    ),
    settings: {
      ...{ train: train.name, trained: targets.length, dev: devs.map(({ name }) => name), seed },
      ...(model instanceof ClippoModel && { layer: resolved.layer }),
      ...{ input: options.pictures === undefined ? 'text' : 'pictures' },
    },
    details: {
      columns,
      overflow: Object.fromEntries(outcomes.map(({ dev, overflow }) => [dev.split, overflow])),
    },
    sections: outcomes.map(({ section }) => section),
  });
  return { ...evaluation, columns, submissions };
}

function embed(
  source: GlueSource,
  most: number,
  resolved: ResolvedGlue,
): Promise<EmbeddedItems<AboutExample>> {
  const published = resolved.facts.splits[source.split];
  return embedItems({
    ...resolved,
    door: DOOR,
    items: glueItems(source, resolved.input, most, resolved.signal),
    total: published && Math.min(most, published),
    settings: [source.name, resolved.mark],
  });
}

/** @throws DataError for an example without a label */
function labelsOf(source: GlueSource, { about, keys }: EmbeddedItems<AboutExample>): Float64Array {
  const without = about.findIndex(({ label }) => label === null);
  if (without < 0) return Float64Array.from(about, ({ label }) => label!); // just looked
  throw new DataError(
    `${DOOR}: ${source.name}: ${keys[without]} has no label. Only \`test\` may be without.`,
  );
}

/** @throws DataError */
function assertSeveralLabels({ name }: GlueSource, { targets }: GlueFacts, labels: Float64Array): void {
  if (labels.some((label) => label !== labels[0])) return;
  const only = targets.kind === 'regression' ? labels[0] : targets.labels[labels[0]!];
  throw new DataError(
    `${DOOR}: ${name}: all ${labels.length} examples have the label ${only}, so there is nothing to learn. Take more of them, see maxTrain.`,
  );
}

interface DevOutcome {
  readonly dev: GlueSource;
  readonly scores: { readonly [metric: string]: number };
  readonly intervals: { readonly [metric: string]: Interval };
  readonly column: GlueColumn | undefined;
  readonly count: number;
  readonly skipped: Skipped;
  readonly overflow: JsonValue;
  readonly section: string;
}

async function outcomeOf(
  dev: GlueSource,
  embedded: EmbeddedItems<AboutExample>,
  predictions: Float64Array,
  { model, facts, input, examples, signal }: ResolvedGlue,
): Promise<DevOutcome> {
  const labels = labelsOf(dev, embedded);
  const hits = labels.map((label, i) => Number(label === predictions[i]));
  const intervals: Record<string, Interval> = {};
  if (facts.metrics.includes('accuracy')) {
    const { low, high } = bootstrapMean(hits);
    intervals.accuracy = { low, high };
  }
  const task = drawnAsSeen(model, dev.task, input);
  const given = signal && { signal };
  return {
    dev,
    scores: glueScores(dev.task, predictions, labels),
    intervals,
    column: glueColumn(dev.task, dev.split),
    count: labels.length,
    skipped: embedded.skipped,
    overflow: task === undefined ? null : { ...(await textOverflow(task, dev.records(signal), given)) },
    section: await glueReport({ dev, facts, keys: embedded.keys, labels, predictions, examples, signal }),
  };
}
