// Metrics of a run → one page of HTML without any outside file: curves, findings, what it was made with.

import type { JsonValue } from '../data/index.ts';
import { escapeHtml, htmlPage } from '../page.ts';
import { CURVES_STYLE, curveFigure } from './curve-figure.ts';
import type { MetricsLine } from './metrics-log.ts';
import { type RetrievalSheet, sheetHtml } from './retrieval-sheet.ts';

export interface TrainingReport {
  readonly title: string;
  /** In the order of the steps. */
  readonly metrics: readonly MetricsLine[];
  /** Steps the run is to have. */
  readonly steps: number;
  readonly settings: { readonly [name: string]: JsonValue };
  /** What was wrong, in words. */
  readonly findings: readonly string[];
  /** What it finds by now. */
  readonly sheet?: RetrievalSheet | undefined;
}

/** Curves that a page begins with, where the metrics have them; further numbers follow under their own names. */
const CURVES: readonly (readonly [name: string, title: string])[] = [
  ['loss', 'Contrastive loss'],
  ['ncorrect', 'Pictures that find their text within the batch'],
  ['temperature', 'Temperature'],
  ['gradNorm', 'Norm of the gradient'],
  ['updateNorm', 'Norm of the update'],
  ['pairsPerSecond', 'Pairs a second'],
  ['waitingShare', 'Share of the time spent waiting for data'],
];

/** @returns a whole HTML document */
export function trainingReport({ title, metrics, steps, settings, findings, sheet }: TrainingReport): string {
  const series = seriesOf(metrics);
  const last = metrics.at(-1)?.step ?? 0;
  const known = CURVES.filter(([name]) => series.has(name));
  const others = [...series.keys()].filter((name) => name.startsWith('measured/'));
  const chance = chanceOf(metrics);
  const figures = [
    ...known.map(([name, caption]) =>
      curveFigure(caption, series.get(name)!, name === 'loss' ? chance : undefined),
    ),
    ...others.map((name) => curveFigure(name.slice('measured/'.length), series.get(name)!)),
  ];
  const said =
    findings.length === 0
      ? ''
      : `<h2>What seems wrong</h2><ul>${findings.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>`;
  const body = `<p class="soft">Step ${last} of ${steps}. Faint: every step; strong: a running mean.</p>
${said}
<div class="curves">
${figures.join('\n')}
</div>
${sheet === undefined ? '' : `<h2>What it finds now</h2>\n${sheetHtml(sheet)}`}
<h2>Made with</h2>
<pre>${escapeHtml(JSON.stringify(settings, null, 2))}</pre>`;
  return htmlPage({ title, body, style: CURVES_STYLE });
}

function seriesOf(metrics: readonly MetricsLine[]): Map<string, [number, number][]> {
  const series = new Map<string, [number, number][]>();
  const add = (name: string, step: number, value: unknown): void => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return;
    const list = series.get(name) ?? [];
    list.push([step, value]);
    series.set(name, list);
  };
  for (const { step, ...values } of metrics) {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'number') add(name, step, value);
      else for (const [inner, each] of Object.entries(value ?? {})) add(`${name}/${inner}`, step, each);
    }
    const { batchSize, stepMs, waitMs } = values;
    if (typeof batchSize !== 'number' || typeof stepMs !== 'number' || typeof waitMs !== 'number') continue;
    add('pairsPerSecond', step, (1000 * batchSize) / (stepMs + waitMs));
    add('waitingShare', step, waitMs / (stepMs + waitMs));
  }
  return series;
}

function chanceOf(metrics: readonly MetricsLine[]): number | undefined {
  const chance = metrics.at(-1)?.chance;
  return typeof chance === 'number' ? chance : undefined;
}
