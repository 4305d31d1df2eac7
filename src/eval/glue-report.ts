// Predictions for a dev set of GLUE → what of it is worth looking at: sentences that were understood and such that were
// not, the labels from worst to best; of scores the ones that are furthest off.

import { escapeHtml, tableHtml } from '../page.ts';
import type { GlueFacts, GlueSource } from '../tasks/index.ts';
import { classificationSheet, perClassTable } from './classification-report.ts';
import { findExamples, showExample } from './example-pictures.ts';
import { labelledGlue } from './glue-items.ts';
import { accuracyPerClass } from './rank-classes.ts';

export interface GlueOutcome {
  readonly dev: GlueSource;
  readonly facts: GlueFacts;
  readonly keys: readonly string[];
  /** [N] */
  readonly labels: Float64Array;
  /** [N] */
  readonly predictions: Float64Array;
  /** How many of either kind are shown. */
  readonly examples: number;
  readonly signal: AbortSignal | undefined;
}

/** Px; texts have none, so it only has to be one. */
const NO_PICTURE = 16;

/** @returns HTML */
export async function glueReport(outcome: GlueOutcome): Promise<string> {
  const { dev, facts, keys, labels, predictions, examples, signal } = outcome;
  const { targets } = facts;
  const title = `<h2>${escapeHtml(dev.name)}</h2>`;
  if (targets.kind === 'regression') return title + (await worstScores(outcome));
  const classes = targets.labels;
  const hits = Int32Array.from(labels, (label, i) => Number(label === predictions[i]));
  const source = labelledGlue(dev, classes);
  const shown = { source, classes, keys, labels, predictions, examples, imageSize: NO_PICTURE, signal };
  return (
    title +
    (await classificationSheet(shown)) +
    perClassTable(classes, accuracyPerClass(Int32Array.from(labels), hits, classes.length))
  );
}

async function worstScores({
  dev,
  keys,
  labels,
  predictions,
  examples,
  signal,
}: GlueOutcome): Promise<string> {
  const error = (i: number): number => Math.abs(labels[i]! - predictions[i]!);
  const worst = [...keys.keys()].sort((a, b) => error(b) - error(a)).slice(0, examples);
  const found = await findExamples(
    labelledGlue(dev, []).references(signal),
    worst.map((i) => keys[i]!),
    NO_PICTURE,
    signal,
  );
  const figures = worst.map((i) => {
    const said = `<b>${predictions[i]!.toFixed(2)}</b><br>is ${labels[i]!.toFixed(2)}`;
    return `<figure>${showExample(found.get(keys[i]!))}<figcaption>${said}</figcaption></figure>`;
  });
  const mean = worst.length === 0 ? 0 : labels.reduce((sum, _, i) => sum + error(i), 0) / labels.length;
  const table = tableHtml([
    ['error', 'score'],
    ['mean', mean.toFixed(2)],
  ]);
  return `${table}<h2>Furthest off</h2><div class="examples wrong">${figures.join('')}</div>`;
}
