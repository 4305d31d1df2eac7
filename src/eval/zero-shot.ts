// Which class, named in words, lies nearest to each picture (or text): accuracy without training.
// Reference: big_vision `evaluators/proj/image_text/discriminative_classifier.py`; for texts the colab of CLIPPO.

import type { EncodeOptions } from '../clippo-model.ts';
import { assertClasses, type LabelledSource } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { escapeHtml } from '../page.ts';
import { bootstrapMean } from './bootstrap.ts';
import {
  CLASS_PROMPTS,
  type ClassPrompts,
  encodeClasses,
  firstAlias,
  resolveClassPrompts,
} from './class-prompts.ts';
import { classificationSheet, perClassTable } from './classification-report.ts';
import { embedItems } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  resolveEvaluation,
} from './evaluation.ts';
import { assertLabelled, labelledItems, rowsOfItems } from './labelled-items.ts';
import { accuracyPerClass, rankClasses } from './rank-classes.ts';

/** What {@link zeroShot} measures. */
export interface ZeroShotOptions extends EvaluationOptions, ClassPrompts {
  readonly source: LabelledSource;
  /** Names of the classes where those of the source will not do; as many, in the same order. */
  readonly classes?: readonly string[];
}

/**
 * Values: `accuracy`, `accuracyTop5` where there are more than five classes, `accuracyPerClass` (mean over the classes).
 *
 * @throws ConfigError, DataError
 * @example
 * const source = await readClassFolder(diskFolder('pets/test'));
 * const { values } = await zeroShot({ model, source });
 * console.log(values.accuracy);
 */
export async function zeroShot(options: ZeroShotOptions): Promise<Evaluation> {
  const door = 'zeroShot';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, ...CLASS_PROMPTS, 'source', 'classes']);
  const resolved = resolveEvaluation(door, options);
  const prompts = resolveClassPrompts(door, options);
  const { source } = options;
  assertLabelled(door, source);
  const { classes = source.classes } = options;
  assertClasses(door, classes);
  if (classes.length !== source.classes.length) {
    throw new ConfigError(
      `${door}: classes: ${classes.length} names for the ${source.classes.length} classes of the data. Give one each.`,
    );
  }
  const { model, batchSize, signal, onProgress } = resolved;
  const encodeOptions: EncodeOptions = {
    batchSize,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const classVectors = await encodeClasses(model, classes, prompts, encodeOptions);
  const embedded = await embedItems({
    ...resolved,
    door,
    items: labelledItems(source, signal),
    total: source.count,
    settings: null,
  });
  const labels = Int32Array.from(embedded.about);
  const { ranks, predictions } = rankClasses(rowsOfItems(embedded), classVectors, labels);
  const hits = ranks.map((rank) => Number(rank === 0));
  // As the two cranes of ImageNet: nothing tells them apart, which the model is not to blame for.
  const said = classes.map((name) => (prompts.aliases === 'first' ? firstAlias(name) : name));
  const sameNames = [...new Set(said.filter((name, i) => said.indexOf(name) !== i))];
  const perClass = accuracyPerClass(labels, hits, classes.length);
  const present = perClass.filter((each) => each.count > 0);
  const { mean, low, high } = bootstrapMean(hits);
  return createEvaluation({
    task: 'zero-shot',
    title: `Zero-shot classification of ${source.name}`,
    values: {
      accuracy: mean,
      ...(classes.length > 5 && { accuracyTop5: ranks.filter((rank) => rank < 5).length / ranks.length }),
      accuracyPerClass: present.reduce((sum, each) => sum + each.accuracy, 0) / present.length,
    },
    intervals: { accuracy: { low, high } },
    count: labels.length,
    skipped: embedded.skipped,
    settings: {
      data: source.name,
      classes: classes.length,
      ...prompts,
      chance: 1 / classes.length,
    },
    details: { perClass: perClass.map((each, k) => ({ class: classes[k]!, ...each })), sameNames },
    sections: [
      sameNames.length === 0
        ? ''
        : `<h2>Classes of one name</h2><p>${escapeHtml(sameNames.join(', '))}: drawn alike, so each of them counts as wrong.</p>`,
      await classificationSheet({
        source,
        classes,
        keys: embedded.keys,
        labels,
        predictions,
        examples: resolved.examples,
        imageSize: model.config.imageSize,
        signal,
      }),
      perClassTable(classes, perClass),
    ],
  });
}
