// Numbers step by step → a curve, as an SVG within a page.

import { escapeHtml } from '../page.ts';

export type Series = readonly (readonly [step: number, value: number])[];

/** Rules for a page with `<div class="curves">` around the figures. */
export const CURVES_STYLE = `
  .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.2rem; }
`;

const [WIDTH, HEIGHT, LEFT, BOTTOM, EDGE] = [460, 220, 52, 26, 8];
/** Points of a curve: more cannot be seen. */
const MOST_POINTS = 800;

/**
 * @param series - at least one point, in the order of the steps
 * @param chance - where a line is drawn for what is reached without knowing anything
 * @returns HTML: the values faintly, their running mean over them
 */
export function curveFigure(caption: string, series: Series, chance?: number): string {
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
  const only = `<circle cx="${x(first)}" cy="${y(last[1])}" r="3" fill="var(--accent)"/>`; // a line has two ends
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(caption)}: ${short(values[0]!)} at step ${first}, ${short(smooth.at(-1)![1])} at step ${end}" font-size="12" fill="currentColor">
${ticks.join('')}${chanceLine}
${line(series, 'stroke-opacity=".3"')}
${series.length > 1 ? line(smooth, 'stroke-width="2"') : only}
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
