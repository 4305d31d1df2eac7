// What a classification got right and wrong, to look at: some examples of each, and the classes from worst to best.

import type { LabelledSource } from '../data/index.ts';
import { escapeHtml, tableHtml } from '../page.ts';
import { findExamples, showExample, spread } from './example-pictures.ts';
import type { ClassAccuracy } from './rank-classes.ts';

export interface ClassificationSheet {
  readonly source: LabelledSource;
  readonly classes: readonly string[];
  readonly keys: readonly string[];
  readonly labels: ArrayLike<number>;
  readonly predictions: ArrayLike<number>;
  /** How many of either kind. */
  readonly examples: number;
  /** px */
  readonly imageSize: number;
  readonly signal: AbortSignal | undefined;
}

/** @returns HTML: examples that were taken for what they are, and such that were not */
export async function classificationSheet(sheet: ClassificationSheet): Promise<string> {
  const { source, classes, keys, labels, predictions, examples, imageSize, signal } = sheet;
  const places = keys.map((_, i) => i);
  const groups = [true, false].map((isRight) =>
    spread(
      places.filter((i) => (labels[i] === predictions[i]) === isRight),
      examples,
    ),
  );
  const shown = await findExamples(
    source.references(signal),
    groups.flat().map((i) => keys[i]!),
    imageSize,
    signal,
  );
  const figure = (i: number): string => {
    const said = `<b>${escapeHtml(classes[predictions[i]!]!)}</b>`;
    const truth = labels[i] === predictions[i] ? '' : `<br>is ${escapeHtml(classes[labels[i]!]!)}`;
    return `<figure>${showExample(shown.get(keys[i]!))}<figcaption>${said}${truth}</figcaption></figure>`;
  };
  const [right = [], wrong = []] = groups;
  const section = (title: string, kind: string, list: readonly number[]): string =>
    list.length === 0
      ? ''
      : `<h2>${title}</h2><div class="examples ${kind}">${list.map(figure).join('')}</div>`;
  return section('Right', 'right', right) + section('Wrong', 'wrong', wrong);
}

/** Classes that a table still shows; of more, the worst and the best. */
const MOST_CLASSES = 60;

/** @returns HTML: how many of each class were right, the worst first */
export function perClassTable(
  classes: readonly string[],
  perClass: readonly ClassAccuracy[],
  _title = 'By class',
): string {
  const order = perClass
    .map(({ count, accuracy }, k) => ({ name: classes[k]!, count, accuracy }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.accuracy - b.accuracy || b.count - a.count);
  const isCut = order.length > MOST_CLASSES;
  const half = MOST_CLASSES / 2;
  const rows = isCut ? [...order.slice(0, half), undefined, ...order.slice(-half)] : order;
  const lines = rows.map((row) =>
    row === undefined ? ['…', '', ''] : [row.name, `${(100 * row.accuracy).toFixed(1)} %`, String(row.count)],
  );
  const cut = isCut ? ` (${half} worst and ${half} best of ${order.length})` : '';
  return `<h2>By class${cut}</h2>${tableHtml([['class', 'accuracy', 'examples'], ...lines])}`;
}
