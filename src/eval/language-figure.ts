// One or several numbers a language → a drawing: a row for each language, a dot for each series.

import { escapeHtml } from '../page.ts';

export interface LanguageFigure {
  readonly title: string;
  readonly languages: readonly string[];
  /** At most three; shares from 0 to 1, one a language. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const [WIDTH, LEFT, RIGHT, TOP, ROW] = [640, 70, 60, 34, 18];
const COLOURS = ['var(--accent)', 'var(--other)', 'var(--soft)'];

/** @returns HTML: a figure of a page of ours; languages with the largest first value stand first */
export function languageFigure({ title, languages, series }: LanguageFigure): string {
  const [main] = series;
  const order = languages.map((_, i) => i).sort((a, b) => main!.values[b]! - main!.values[a]!);
  const top = Math.max(0.01, ...series.flatMap(({ values }) => values));
  const limit = Math.min(1, Math.ceil(top * 10) / 10);
  const x = (value: number): number => LEFT + (value / limit) * (WIDTH - LEFT - RIGHT);
  const height = TOP + languages.length * ROW + 24;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * limit);
  const grid = ticks.map(
    (value) =>
      `<line x1="${x(value)}" x2="${x(value)}" y1="${TOP - 6}" y2="${height - 24}" stroke="var(--line)"/><text x="${x(value)}" y="${height - 6}" text-anchor="middle">${Math.round(1000 * value) / 10} %</text>`,
  );
  const rows = order.map((place, row) => {
    const y = TOP + row * ROW + ROW / 2;
    const dots = series.map(
      ({ values }, k) =>
        `<circle cx="${x(values[place]!).toFixed(1)}" cy="${y}" r="4.5" fill="${COLOURS[k]}"/>`,
    );
    return `<text x="${LEFT - 10}" y="${y}" dy=".35em" text-anchor="end">${escapeHtml(languages[place]!)}</text>${dots.join('')}`;
  });
  const legend = series.map(
    ({ name }, k) =>
      `<circle cx="${LEFT + k * 170}" cy="12" r="4.5" fill="${COLOURS[k]}"/><text x="${LEFT + 10 + k * 170}" y="12" dy=".35em">${escapeHtml(name)}</text>`,
  );
  return `<h2>${escapeHtml(title)}</h2><figure><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}" font-size="12" fill="currentColor">${grid.join('')}${legend.join('')}${rows.join('')}</svg></figure>`;
}
