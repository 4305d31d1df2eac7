// How far apart pictures and their captions lie in the common space, as a number and as a scatter to look at.

import type { RecordSource } from '../data/index.ts';
import { refuseUnknown } from '../options.ts';
import { embedItems } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  resolveEvaluation,
} from './evaluation.ts';
import { modalityGap } from './modality-gap.ts';
import { modalityGapFigure } from './modality-gap-figure.ts';
import { assertRecords, pairItems } from './pair-items.ts';

/** What {@link modalityGapOf} measures. */
export interface ModalityGapOptions extends EvaluationOptions {
  /** Pictures with captions; the first caption of each counts. */
  readonly source: RecordSource;
}

/**
 * Values: `distance` between the centres of the two kinds of embeddings (0 … 2), and `explained1`, `explained2`, the
 * shares of the variance that the two axes of the scatter show.
 *
 * @throws ConfigError, DataError
 * @example const { values } = await modalityGapOf({ model, source: readKarpathy(file, { splits: ['test'], images }) });
 * @see Liang et al. 2022, "Mind the Gap", arXiv 2203.02053
 */
export async function modalityGapOf(options: ModalityGapOptions): Promise<Evaluation> {
  const door = 'modalityGapOf';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, 'source']);
  const resolved = resolveEvaluation(door, options);
  const { source } = options;
  assertRecords(door, source);
  const items = pairItems(source, resolved.signal, 1);
  const { pictures, texts, skipped } = await embedItems({ ...resolved, door, items, settings: null });
  const gap = modalityGap(pictures, texts);
  const [explained1 = 0, explained2 = 0] = gap.pca.explained;
  return createEvaluation({
    task: 'modality-gap',
    title: `Modality gap of ${source.name}`,
    values: { distance: gap.distance, explained1, explained2 },
    intervals: {},
    plain: ['distance'],
    count: pictures.count,
    skipped,
    settings: { data: source.name },
    sections: [`<h2>The first two principal components</h2><figure>${modalityGapFigure(gap)}</figure>`],
  });
}
