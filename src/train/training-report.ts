// Metrics of a run → one page of HTML without any outside file: curves, findings, what it was made with.

import type { JsonValue } from '../data/index.ts';
import { escapeHtml, htmlPage } from '../page.ts';
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

const STYLE = `
  .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.2rem; }
`;

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

type Series = readonly (readonly [step: number, value: number])[];

/** @returns a whole HTML document */
export function trainingReport({ title, metrics, steps, settings, findings, sheet }: TrainingReport): string {
  const series = seriesOf(metrics);
  const last = metrics.at(-1)?.step ?? 0;
  const known = CURVES.filter(([name]) => series.has(name));
  const others = [...series.keys()].filter((name) => name.startsWith('measured/'));
  const chance = chanceOf(metrics);
  const figures = [
    ...known.map(([name, caption]) =>
      curve(caption, series.get(name)!, name === 'loss' ? chance : undefined),
    ),
    ...others.map((name) => curve(name.slice('measured/'.length), series.get(name)!, undefined)),
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
  return htmlPage({ title, body, style: STYLE });
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

const [WIDTH, HEIGHT, LEFT, BOTTOM, EDGE] = [460, 220, 52, 26, 8];
/** Points of a curve: more cannot be seen. */
const MOST_POINTS = 800;

function curve(caption: string, series: Series, chance: number | undefined): string {
  const values = series.map(([, value]) => value);
  const last = series.at(-1)!;
  const limits = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const,
    [0, chance ?? 0] as readonly [number, number],
  );
  const [low, top] = [limits[0], limits[1] > limits[0] ? limits[0] + (limits[1] - limits[0]) * 1.05 : 1];
  const [first, end] = [series[0]![0], last[0]];
  const x = (step: number): string =>
    (LEFT + ((step - first) / Math.max(1, end - first)) * (WIDTH - LEFT - EDGE)).toFixed(1);
  const y = (value: number): string =>
    (EDGE + (1 - (value - low) / (top - low)) * (HEIGHT - BOTTOM - EDGE)).toFixed(1);
  const line = (points: Series, style: string): string =>
    `<polyline points="${thinned(points)
      .map(([step, value]) => `${x(step)},${y(value)}`)
      .join(' ')}" fill="none" stroke="var(--accent)" ${style}/>`;
  const ticks = [low, (low + top) / 2, top].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - EDGE}" y1="${y(value)}" y2="${y(value)}" stroke="var(--line)"/><text x="${LEFT - 6}" y="${y(value)}" dy=".35em" text-anchor="end">${short(value)}</text>`,
  );
  const chanceLine =
    chance === undefined
      ? ''
      : `<line x1="${LEFT}" x2="${WIDTH - EDGE}" y1="${y(chance)}" y2="${y(chance)}" stroke="currentColor" stroke-dasharray="5 5"/><text x="${WIDTH - EDGE}" y="${y(chance)}" dy="1.2em" text-anchor="end">chance</text>`;
  const smooth = smoothed(series);
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(caption)}: ${short(values[0]!)} at step ${first}, ${short(smooth.at(-1)![1])} at step ${end}" font-size="12" fill="currentColor">
${ticks.join('')}${chanceLine}
${line(series, 'stroke-opacity=".3"')}
${line(smooth, 'stroke-width="2"')}
<text x="${LEFT}" y="${HEIGHT - 6}">step ${first}</text><text x="${WIDTH - EDGE}" y="${HEIGHT - 6}" text-anchor="end">step ${end}</text>
</svg><figcaption>${escapeHtml(caption)}: <b>${short(smooth.at(-1)![1])}</b></figcaption></figure>`;
}

/** Means over a fiftieth of the curve. */
function smoothed(series: Series): Series {
  const span = Math.max(1, Math.round(series.length / 50));
  let sum = 0;
  return series.map(([step, value], i) => {
    sum += value;
    if (i >= span) sum -= series[i - span]![1];
    return [step, sum / Math.min(i + 1, span)];
  });
}

function thinned(series: Series): Series {
  const every = Math.ceil(series.length / MOST_POINTS);
  return series.filter((_, i) => i % every === 0 || i === series.length - 1);
}

function short(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 1000 || Math.abs(value) < 0.01 ? value.toPrecision(2) : value.toPrecision(3);
}
