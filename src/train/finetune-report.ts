// What a fine-tuning came to → one page: curves, the trainings side by side, which label was taken for which, and the worst
// mistakes as the network saw them.

import type { JsonValue, Skipped } from '../data/index.ts';
import { escapeHtml, htmlPage, pictureHtml, tableHtml } from '../page.ts';
import { type AnswerMetrics, answersOf } from './answer-metrics.ts';
import type { Classifier } from './classifier.ts';
import { CURVES_STYLE, curveFigure } from './curve-figure.ts';
import { readExample } from './example-feed.ts';
import type { TrialOutcome } from './finetune-sweep.ts';
import { type Example, keyOf } from './labelled-examples.ts';

/** The dev set: scores, and which examples they are of. */
export interface MeasuredExamples extends AnswerMetrics {
  readonly numbers: readonly number[];
  /** [N, K], before softmax or sigmoid */
  readonly scores: Float32Array;
}

export interface FinetuneReport {
  readonly title: string;
  readonly classifier: Classifier;
  readonly trials: readonly TrialOutcome[];
  readonly best: TrialOutcome;
  readonly measured: MeasuredExamples | undefined;
  /** Of the dev set. */
  readonly examples: readonly Example[] | undefined;
  /** How many mistakes are shown. */
  readonly mistakes: number;
  readonly warnings: readonly string[];
  readonly skipped: { readonly train: Skipped; readonly dev: Skipped };
  readonly settings: { readonly [name: string]: JsonValue };
}

const STYLE = `${CURVES_STYLE}
  .examples { display: flex; flex-wrap: wrap; gap: 1.2rem; } .examples figure { max-width: 9rem; } .examples img { image-rendering: pixelated; max-width: 8rem; height: auto; } .examples b { color: var(--other); }
  .confusion td, .confusion th { padding: .15rem .5rem; text-align: right; } .confusion .own { font-weight: bold; }
`;

/** @returns a whole HTML document */
export async function finetuneReport(report: FinetuneReport): Promise<string> {
  const { title, classifier, best, measured, warnings, skipped, settings } = report;
  const notes = [
    ...warnings,
    ...Object.entries(skipped).flatMap(([set, causes]) =>
      Object.entries(causes).map(([cause, { count, first }]) => `${set}: ${count} ${cause}, first ${first}`),
    ),
  ];
  const body = `<p class="soft">${classifier.targets.kind}, step ${best.step}, learning rate ${best.learningRate}, seed ${best.seed}. ${measured === undefined ? 'Nothing was held back to measure on.' : `Measured on ${measured.count} examples that were held back.`}</p>
${measured === undefined ? '' : valuesTable(measured)}
${notes.length === 0 ? '' : `<h2>To be aware of</h2><ul>${notes.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>`}
<div class="curves">
${curvesOf(best).join('\n')}
</div>
${trialsTable(report)}
${measured === undefined ? '' : labelsTable(measured)}
${confusionSection(classifier, measured)}
${await mistakesSection(report)}
<h2>Made with</h2>
<pre>${escapeHtml(JSON.stringify(settings, null, 2))}</pre>`;
  return htmlPage({ title, body, style: STYLE });
}

const digits = (value: number): string =>
  Math.abs(value) < 0.001 && value !== 0 ? value.toExponential(1) : value.toFixed(3);

function valuesTable({ values }: AnswerMetrics): string {
  return tableHtml([
    ['measured', 'value'],
    ...Object.entries(values).map(([name, value]) => [name, digits(value)]),
  ]);
}

function curvesOf({ losses, evaluations }: TrialOutcome): string[] {
  const curves = losses.length === 0 ? [] : [curveFigure('Loss of a step', losses)];
  for (const name of Object.keys(evaluations[0]?.values ?? {})) {
    const series = evaluations.map(({ step, values }) => [step, values[name]!] as const);
    curves.push(curveFigure(`Dev set: ${name}`, series));
  }
  return curves;
}

function trialsTable({ trials, best }: FinetuneReport): string {
  if (trials.length < 2) return '';
  const names = Object.keys(best.best?.values ?? {});
  const rows = trials.map((trial) => [
    `${trial === best ? '→ ' : ''}${trial.learningRate}, seed ${trial.seed}`,
    trial.ended,
    String(trial.best?.step ?? trial.step),
    ...names.map((name) => (trial.best === undefined ? '' : digits(trial.best.values[name]!))),
  ]);
  return `<h2>Trainings</h2>${tableHtml([['learning rate', 'ended', 'best step', ...names], ...rows])}`;
}

/** Labels that a table still shows. */
const MOST_LABELS = 60;

function labelsTable({ labels }: AnswerMetrics): string {
  const order = labels
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.value - b.value || b.count - a.count);
  if (order.length === 0) return '';
  const rows = order
    .slice(0, MOST_LABELS)
    .map(({ label, count, value }) => [label, digits(value), String(count)]);
  const cut = order.length > MOST_LABELS ? ` (the worst ${MOST_LABELS} of ${order.length})` : '';
  return `<h2>By label${cut}</h2>${tableHtml([['label', 'right', 'examples'], ...rows])}`;
}

/** Labels of which the whole table is shown; of more, what is confused most. */
const MOST_CONFUSED = 24;

function confusionSection({ labels }: Classifier, measured: AnswerMetrics | undefined): string {
  const confusion = measured?.confusion;
  if (confusion === undefined) return '';
  const heading = '<h2>What was taken for what</h2>';
  if (labels.length > MOST_CONFUSED) {
    const pairs = confusion.flatMap((row, is) =>
      [...row].flatMap((count, said) => (is !== said && count > 0 ? [{ count, is, said }] : [])),
    );
    const rows = pairs
      .sort((a, b) => b.count - a.count)
      .slice(0, MOST_CONFUSED)
      .map(({ count, is, said }) => [labels[is]!, labels[said]!, String(count)]);
    return `${heading}${tableHtml([['is', 'taken for', 'times'], ...rows])}`;
  }
  const head = labels.map((label) => `<th>${escapeHtml(label)}</th>`).join('');
  const rows = confusion.map((row, is) => {
    const all = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    const cells = [...row].map((count, said) => {
      const shade = ((100 * count) / all).toFixed(0);
      const colour = said === is ? '--accent' : '--other';
      return `<td${said === is ? ' class="own"' : ''} style="background:color-mix(in srgb, var(${colour}) ${shade}%, transparent)">${count}</td>`;
    });
    return `<tr><th>${escapeHtml(labels[is]!)}</th>${cells.join('')}</tr>`;
  });
  return `${heading}<p class="soft">Rows: what it is; columns: what it was taken for.</p><table class="confusion"><tr><th></th>${head}</tr>${rows.join('')}</table>`;
}

/** The examples with the largest losses among those that were answered wrongly. */
async function mistakesSection({
  classifier,
  measured,
  examples,
  mistakes,
}: FinetuneReport): Promise<string> {
  if (measured === undefined || examples === undefined || mistakes === 0) return '';
  const { targets: kind, labels, model } = classifier;
  const { losses, numbers, predictions, targets, scores } = measured;
  const places = numbers
    .map((_, place) => place)
    .filter((place) => kind.kind !== 'classes' || predictions[place] !== targets[place])
    .sort((a, b) => losses[b]! - losses[a]!)
    .slice(0, mistakes);
  if (places.length === 0) return '<h2>Mistakes</h2><p>None.</p>';
  const K = scores.length / numbers.length;
  const figures: string[] = [];
  for (const place of places) {
    const example = examples[numbers[place]!]!;
    const raster = await readExample(model, example, () => {});
    const answers = answersOf(kind, scores.slice(place * K, (place + 1) * K), K);
    const said =
      kind.kind === 'regression'
        ? `<b>${digits(answers[0]!)}</b><br>is ${digits(targets[place]!)}`
        : `<b>${escapeHtml(labels[predictions[place]!]!)}</b> ${(100 * answers[predictions[place]!]!).toFixed(0)} %<br>is ${escapeHtml(labels[targets[place]!] ?? 'none of them')}`;
    const text = typeof example.input === 'string' ? `<br>${escapeHtml(example.input.slice(0, 200))}` : '';
    figures.push(
      `<figure>${raster === undefined ? '' : pictureHtml(raster, keyOf(examples, numbers[place]!))}<figcaption>${said}${text}</figcaption></figure>`,
    );
  }
  return `<h2>The worst mistakes</h2><div class="examples">${figures.join('')}</div>`;
}
