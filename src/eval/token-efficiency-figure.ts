// The result of tokenEfficiency → a figure and a table. The figure has a row a language and a mark a method, since names
// of a hundred languages can be read beside rows and not below columns; marks differ in colour and in shape.
// One SVG without any outside file, readable in light and dark. Reference: figure 3 of the CLIPPO paper.

import { ConfigError } from '../errors.ts';
import { escapeXml, htmlPage, lightDarkRules, tableHtml } from '../page.ts';
import type { LanguageEfficiency, TokenEfficiency } from './token-efficiency.ts';

/** Colours in light and dark; of the methods (`m0` is CLIPPO) such as can be told apart by those who see fewer. */
const STYLE = lightDarkRules('token-efficiency', [
  ['.paper', 'fill', '#ffffff', '#16191d'],
  ['text', 'fill', '#24292f', '#e6e9ed'],
  ['.soft', 'fill', '#5b6470', '#a4adb8'],
  ['.line', 'stroke', '#d8dbe0', '#31363d'],
  ['.span', 'stroke', '#aab1ba', '#59616b'],
  ['.m0', 'color', '#0b63ce', '#6cb1ff'],
  ['.m1', 'color', '#c2570c', '#ffab66'],
  ['.m2', 'color', '#1a7f4b', '#5fd39a'],
  ['.m3', 'color', '#a3348c', '#f08bdc'],
  ['.m4', 'color', '#8a6d00', '#e3c85b'],
  ['.m5', 'color', '#5a6270', '#b3bcc8'],
]);

/** Around the origin; CLIPPO's is filled, the others are open. */
const MARKS = [
  '<circle r="5" fill="currentColor"/>',
  '<path d="M-4.5-4.5h9v9h-9z" fill="none" stroke="currentColor" stroke-width="2"/>',
  '<path d="M0-5.5 5.5 4.5h-11z" fill="none" stroke="currentColor" stroke-width="2"/>',
  '<path d="M0-6 6 0 0 6-6 0z" fill="none" stroke="currentColor" stroke-width="2"/>',
  '<path d="M-4.5-4.5l9 9m0-9l-9 9" fill="none" stroke="currentColor" stroke-width="2"/>',
  '<path d="M-6 0h12m-6-6v12" fill="none" stroke="currentColor" stroke-width="2"/>',
];

const [WIDTH, EDGE, ROW, LEGEND_ROW] = [720, 16, 22, 20];
/** px a character of the 12 px font takes at most, nearly. */
const CHARACTER = 7;

/**
 * Mean lengths as a dot plot: a row a language, sorted by CLIPPO's length.
 *
 * @returns an SVG document
 * @throws ConfigError for more than five tokenizers, which nobody could tell apart
 */
export function tokenEfficiencyFigure({ methods, languages }: TokenEfficiency): string {
  if (methods.length > MARKS.length) {
    const most = MARKS.length - 1;
    throw new ConfigError(
      `tokenEfficiencyFigure: ${methods.length - 1} tokenizers, at most ${most} can be told apart. Draw several figures.`,
    );
  }
  const sorted = [...languages].sort((a, b) => a.lengths[0]!.mean - b.lengths[0]!.mean);
  const longest = Math.max(...sorted.flatMap(({ lengths }) => lengths.map(({ mean }) => mean)));
  const step = tickStep(longest);
  const last = Math.ceil(longest / step) * step;
  const left =
    EDGE + CHARACTER * Math.min(24, Math.max(...sorted.map(({ language }) => language.length))) + 12;
  const legend = legendOf(methods);
  const top = EDGE + legend.height + 10;
  const bottom = top + ROW * sorted.length;
  const height = bottom + 46;
  const x = (length: number): string => (left + (length / last) * (WIDTH - left - 2 * EDGE)).toFixed(1);

  const grid = Array.from({ length: Math.round(last / step) + 1 }, (_, i) => {
    const at = x(i * step);
    const line = `<line class="line" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>`;
    return `${line}<text class="soft" x="${at}" y="${bottom + 16}" text-anchor="middle">${i * step}</text>`;
  });
  const rows = sorted.map((each, i) => row(each, { x, y: top + ROW * (i + 0.5), left, methods }));
  const axis = `<text class="soft" x="${WIDTH - 2 * EDGE}" y="${bottom + 36}" text-anchor="end">mean length of a text, in patches or tokens</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="token-efficiency" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12" aria-label="${escapeXml(`Mean length of a text in ${sorted.length} languages: ${methods.join(', ')}`)}">
<style>.token-efficiency{color-scheme:light dark}${STYLE}</style><rect class="paper" width="${WIDTH}" height="${height}"/>
${legend.svg}
${grid.join('\n')}
${rows.join('\n')}
${axis}
</svg>
`;
}

interface Place {
  readonly x: (length: number) => string;
  readonly y: number;
  readonly left: number;
  readonly methods: readonly string[];
}

function row({ language, lengths }: LanguageEfficiency, { x, y, left, methods }: Place): string {
  const means = lengths.map(({ mean }) => mean);
  const span = `<line class="span" x1="${x(Math.min(...means))}" x2="${x(Math.max(...means))}" y1="${y}" y2="${y}"/>`;
  // CLIPPO's mark comes last, on top of the others.
  const marks = means.map((mean, method) => {
    const title = `${language}, ${methods[method]}: ${mean.toFixed(1)}`;
    return `<g class="m${method}" transform="translate(${x(mean)} ${y})"><title>${escapeXml(title)}</title>${MARKS[method]}</g>`;
  });
  const name = language.length > 24 ? `${language.slice(0, 23)}…` : language;
  const label = `<text x="${left - 12}" y="${y}" dy=".35em" text-anchor="end">${escapeXml(name)}</text>`;
  return label + span + marks.reverse().join('');
}

/** Marks with their names, in as many lines as they need. */
function legendOf(methods: readonly string[]): { svg: string; height: number } {
  let [at, line] = [EDGE, 0];
  const entries = methods.map((method, i) => {
    const size = 16 + CHARACTER * method.length + 20;
    if (at > EDGE && at + size > WIDTH - EDGE) [at, line] = [EDGE, line + 1];
    const place = `translate(${at + 6} ${EDGE + LEGEND_ROW * (line + 0.5)})`;
    at += size;
    return `<g class="m${i}" transform="${place}">${MARKS[i]}<text x="14" dy=".35em">${escapeXml(method)}</text></g>`;
  });
  return { svg: entries.join(''), height: LEGEND_ROW * (line + 1) };
}

/** 1, 2 or 5 times a power of ten, so that there are four to ten steps. */
function tickStep(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest / 4));
  return Math.max(1, [5, 2, 1].map((factor) => factor * power).find((step) => longest / step >= 4) ?? power);
}

/**
 * The result as a table in Markdown: a row a language, mean lengths with their ratio to CLIPPO's.
 *
 * @example console.log(tokenEfficiencyTable(await tokenEfficiency({ texts })));
 */
export function tokenEfficiencyTable(result: TokenEfficiency): string {
  const [head = [], ...rows] = cellsOf(result);
  rows.at(-1)![0] = '**mean**';
  const rule = ['---', ...head.slice(1).map(() => '--:')];
  const lines = [head.map(cell), rule, ...rows.map((row) => row.map(cell))];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

/** The figure and the table as a whole HTML page. */
export function tokenEfficiencyReport(result: TokenEfficiency): string {
  const title = `Length of a text in ${result.languages.length} languages`;
  const body = `<p class="soft">Patches of CLIPPO beside tokens; in brackets, in units of CLIPPO’s length.</p>
<figure>${tokenEfficiencyFigure(result)}</figure>
${tableHtml(cellsOf(result))}`;
  return htmlPage({ title, body });
}

/** A head, a row a language, the means. */
function cellsOf({ methods, languages, means }: TokenEfficiency): string[][] {
  const head = ['language', 'texts', 'characters', ...methods, 'off the canvas'];
  const lengthCell = ({ mean, ratio }: { mean: number; ratio: number }, method: number): string =>
    method === 0 ? mean.toFixed(1) : `${mean.toFixed(1)} (${ratio.toFixed(2)} ×)`;
  const rows = languages.map(({ language, texts, characters, lengths, overflow }) => [
    ...[language, String(texts), characters.toFixed(1)],
    ...lengths.map(lengthCell),
    `${(100 * overflow).toFixed(1)} %`,
  ]);
  return [head, ...rows, ['mean', '', '', ...means.map(lengthCell), '']];
}

/** Names come from outside. */
function cell(text: string): string {
  return text.replace(/[|\\]/g, '\\$&').replace(/\s+/g, ' ');
}
