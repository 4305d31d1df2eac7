// Linear transfer: a ridge classifier on what the head reads, from a few pictures of every class.
// Reference: big_vision `evaluators/fewshot_lsr.py`, `configs/common_fewshot.py`.

import type { LabelledReference, LabelledSource } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { centralCrop, type Raster, resize } from '../raster/index.ts';
import { bootstrapMean } from './bootstrap.ts';
import { classificationSheet, perClassTable } from './classification-report.ts';
import { type EmbeddedItems, embedItems } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  type Interval,
  resolveEvaluation,
} from './evaluation.ts';
import { fewShotIndices } from './few-shot-indices.ts';
import { assertLabelled, labelledItems } from './labelled-items.ts';
import { accuracy } from './metrics.ts';
import { accuracyPerClass } from './rank-classes.ts';
import { ridgeFewShot } from './ridge-few-shot.ts';

/** What {@link fewShot} measures. */
export interface FewShotOptions extends EvaluationOptions {
  /** Where the few are taken from. */
  readonly train: LabelledSource;
  /** What is classified; of the same classes. */
  readonly test: LabelledSource;
  /** Pictures of each class, default `[10]`. */
  readonly shots?: readonly number[];
  /** Which ones, by numpy's generator; default `[0, 1, 2]` as in big_vision. */
  readonly seeds?: readonly number[];
  /** Of the ridge regression, default 1024. */
  readonly l2?: number;
}

/**
 * Values: `10-shot` and so on, the mean accuracy over the seeds.
 *
 * @throws ConfigError, and DataError also for a class with too few pictures
 * @example
 * const { values } = await fewShot({ model, train, test, shots: [1, 10] });
 * console.log(values['10-shot']);
 */
export async function fewShot(options: FewShotOptions): Promise<Evaluation> {
  const door = 'fewShot';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, 'train', 'test', 'shots', 'seeds', 'l2']);
  const resolved = resolveEvaluation(door, options);
  const { train, test, shots = [10], seeds = [0, 1, 2], l2 = 1024 } = options;
  const { classes } = assertLabelled(door, train);
  assertLabelled(door, test);
  if (test.classes.join('\n') !== classes.join('\n')) {
    throw new ConfigError(
      `${door}: the classes of train (${classes.length}) and test (${test.classes.length}) are not the same.`,
    );
  }
  assertCounts(door, 'shots', shots, 1);
  assertCounts(door, 'seeds', seeds, 0);
  assertNumber(door, 'l2', l2, Number.MIN_VALUE, Number.MAX_VALUE);
  const { model, signal } = resolved;

  // Only the labels are needed to choose; only what some seed chooses is read and encoded.
  const references: LabelledReference[] = [];
  for await (const reference of train.references(signal)) {
    if (!('kind' in reference)) references.push(reference);
  }
  const labels = Int32Array.from(references, ({ label }) => label);
  const draws = shots.flatMap((count) =>
    seeds.map((seed) => ({ count, seed, indices: fewShotIndices(labels, classes.length, count, seed) })),
  );
  const chosen = new Set(draws.flatMap(({ indices }) => [...indices]));
  const places = [...chosen].sort((a, b) => a - b);
  const few: LabelledSource = {
    ...train,
    async *references() {
      for (const place of places) yield references[place]!;
    },
  };
  const embed = async (
    source: LabelledSource,
    total: number | undefined,
    part: string,
  ): Promise<EmbeddedItems<number>> =>
    embedItems({
      ...resolved,
      door,
      items: labelledItems(source, signal),
      total,
      settings: part,
      prepare: (picture) => cropped(picture, model.config.imageSize),
      layer: 'pre_logits',
    });
  const fitted = await embed(few, places.length, 'train');
  const tested = await embed(test, test.count, 'test');
  const rowOf = new Map(fitted.keys.map((key, row) => [key, row]));
  const testLabels = Int32Array.from(tested.about);

  const outcomes = draws.map(({ count, seed, indices }) => {
    const rows = [...indices].map((i) => rowOf.get(references[i]!.key)).filter((row) => row !== undefined);
    const { predictions } = ridgeFewShot(fitted.pictures, fitted.about, tested.pictures, {
      indices: rows,
      classes: classes.length,
      l2,
    });
    return { count, seed, predictions, hits: predictions.map((each, i) => Number(each === testLabels[i])) };
  });
  const values: Record<string, number> = {};
  const intervals: Record<string, Interval> = {};
  for (const count of shots) {
    const ofCount = outcomes.filter((outcome) => outcome.count === count);
    const perExample = testLabels.map((_, i) => ofCount.reduce((sum, { hits }) => sum + hits[i]!, 0));
    const { mean, low, high } = bootstrapMean(Float64Array.from(perExample, (hits) => hits / seeds.length));
    values[`${count}-shot`] = mean;
    intervals[`${count}-shot`] = { low, high };
  }
  const last = outcomes.at(-1)!; // there is a seed and a number of shots
  return createEvaluation({
    task: 'few-shot',
    title: `Few-shot classification of ${test.name}`,
    values,
    intervals,
    count: testLabels.length,
    skipped: { ...fitted.skipped, ...tested.skipped },
    settings: { train: train.name, test: test.name, classes: classes.length, shots, seeds, l2 },
    details: {
      perSeed: outcomes.map(({ count, seed, predictions }) => ({
        ...{ shots: count, seed, accuracy: accuracy(predictions, testLabels) },
      })),
    },
    sections: [
      await classificationSheet({
        source: test,
        classes,
        keys: tested.keys,
        labels: testLabels,
        predictions: last.predictions,
        examples: resolved.examples,
        imageSize: model.config.imageSize,
        signal,
      }),
      perClassTable(classes, accuracyPerClass(testLabels, last.hits, classes.length)),
    ],
  });
}

/** big_vision: to 256 px without regard to the aspect ratio, then the middle 224; other sizes in proportion. */
function cropped(picture: Raster, size: number): Raster {
  return centralCrop(resize(picture, Math.round((size * 256) / 224)), size);
}

/** @throws ConfigError */
function assertCounts(door: string, name: string, list: readonly number[], least: number): void {
  const isSound = (each: unknown): boolean => Number.isSafeInteger(each) && Number(each) >= least;
  if (Array.isArray(list) && list.length > 0 && list.every(isSound)) return;
  const wrong = Array.isArray(list) ? list.find((each) => !isSound(each)) : list;
  throw new ConfigError(
    `${door}: ${name}: expected a list of integers of at least ${least}, got ${describeValue(wrong)}.`,
  );
}
