// A modality gap → a drawing of it: pictures and texts as points on the plane of their first two principal components,
// as one SVG that needs nothing from outside and follows light and dark. One unit is as long on both axes, so that
// distances can be compared by eye.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { escapeXml, lightDarkRules } from '../page.ts';
import { createRandom } from '../random.ts';
import { assertFiniteNumbers } from './finite-numbers.ts';
import type { ModalityGap } from './modality-gap.ts';

/** How {@link modalityGapFigure} names what it draws. */
export interface ModalityGapFigureOptions {
  /** Default `'Modality gap'`; cut after 60 characters. */
  readonly title?: string;
  /** What `a` and `b` are called, default pictures and texts; cut after 20 characters. */
  readonly labels?: readonly [string, string];
  /** Chooses the points where there are too many; an integer, default 0. */
  readonly seed?: number;
}

/** Of each kind: more hide each other, and make the file large. */
const MOST_POINTS = 2000;
/** The kinds take turns in this many layers, so that neither covers the other. */
const LAYERS = 16;
const [WIDTH, LEFT, TOP, EDGE] = [560, 62, 62, 14];
const INNER = WIDTH - LEFT - EDGE;
/** px below the plot, for numbers and the name of the axis, and of a line of the caption. */
const [BELOW, LINE] = [54, 17];

// The drawing brings its own paper, so that ink and paper fit on any page.
const STYLE = lightDarkRules('modality-gap', [
  ['.paper', 'fill', '#ffffff', '#16191d'],
  ['.ink', 'fill', '#1f2328', '#e6e9ed'],
  ['.soft', 'fill', '#5b6470', '#a4adb8'],
  ['.line', 'stroke', '#d8dbe0', '#3a3f47'],
  ['.halo', 'stroke', '#ffffff', '#16191d'],
  ['.a', 'stroke', '#0b63ce', '#6cb1ff'],
  ['.b', 'stroke', '#e0700c', '#ff9f45'],
]);

/**
 * The scatter of a modality gap: `a` blue, `b` orange, their centres ringed, the distance in the caption.
 *
 * @param result - what `modalityGap()` gives
 * @returns an SVG of at most 2,000 points of each kind, to be saved or set into a page
 * @throws ConfigError
 * @throws DataError for what is no such result
 * @example await writeFile('gap.svg', modalityGapFigure(modalityGap(pictures, texts)));
 */
export function modalityGapFigure(result: ModalityGap, options: ModalityGapFigureOptions = {}): string {
  const { title, labels, seed } = resolveFigureOptions(options);
  const { distance, pca } = result ?? {};
  if (distance === undefined || !Number.isFinite(distance)) {
    throw new DataError(
      `modalityGapFigure: expected what modalityGap() gives, got ${describeValue(result)} with the distance ${describeValue(distance)}.`,
    );
  }
  for (const name of ['explained', 'a', 'b'] as const) {
    assertFiniteNumbers('modalityGapFigure', `result.pca.${name}`, pca?.[name]);
    if (pca[name].length % 2 === 0) continue;
    throw new DataError(
      `modalityGapFigure: result.pca.${name}: expected pairs of numbers, got ${pca[name].length} numbers.`,
    );
  }

  const plane = createPlane([pca.a, pca.b]);
  const [drawnA, drawnB] = [sample(pca.a, seed), sample(pca.b, seed)];
  const [countA, countB] = [countOf(drawnA, pca.a), countOf(drawnB, pca.b)];
  const isSample = drawnA !== pca.a || drawnB !== pca.b;
  const captions = [
    `Gap ${distance.toFixed(3)}: the distance of the two centres (ringed) in all dimensions.`,
    `Points: ${countA} ${labels[0]}, ${countB} ${labels[1]}.`,
    ...(isSample
      ? [`They are a sample (seed ${seed}); the gap, centres and axes are those of all points.`]
      : []),
  ];
  const height = TOP + plane.height + BELOW + LINE * captions.length;
  const middle = TOP + plane.height / 2;
  const axis = (i: number, name: string): string =>
    `${name} component, ${(100 * pca.explained[i]!).toFixed(1)} % of the variance`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="modality-gap" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(`${title}. ${captions.join(' ')}`)}" font-family="system-ui, sans-serif" font-size="12">
<style>.modality-gap{color-scheme:light dark}${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
<text class="ink" x="${LEFT}" y="25" font-size="16" font-weight="600">${escapeXml(title)}</text>
<g class="soft">${legend(labels)}${plane.ticks}
<text x="${LEFT + INNER / 2}" y="${TOP + plane.height + 38}" text-anchor="middle">${axis(0, 'First')}</text>
<text transform="translate(15 ${middle}) rotate(-90)" text-anchor="middle">${axis(1, 'Second')}</text></g>
<g fill="none" stroke-linecap="round">
${layers(drawnA, drawnB, plane)}
${rings([pca.a, pca.b], plane)}</g>
<g class="ink">${captions.map((text, i) => `<text x="${LEFT}" y="${TOP + plane.height + BELOW + 8 + LINE * i}">${escapeXml(text)}</text>`).join('')}</g>
</svg>
`;
}

function resolveFigureOptions(options: ModalityGapFigureOptions): Required<ModalityGapFigureOptions> {
  refuseUnknown('modalityGapFigure', options, ['title', 'labels', 'seed']);
  const { title = 'Modality gap', labels = ['pictures', 'texts'], seed = 0 } = options;
  if (!Array.isArray(labels) || labels.length !== 2) {
    throw new ConfigError(
      `modalityGapFigure: labels: expected two texts, for a and b, got ${describeValue(labels)}.`,
    );
  }
  for (const [name, text] of [['title', title], ...labels.map((label) => ['labels', label])] as const) {
    if (typeof text === 'string') continue;
    throw new ConfigError(`modalityGapFigure: ${name}: expected text, got ${describeValue(text)}.`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(`modalityGapFigure: seed: expected an integer, got ${describeValue(seed)}.`);
  }
  return { title: cut(title, 60), labels: [cut(labels[0], 20), cut(labels[1], 20)], seed };
}

interface Plane {
  /** of the plot, px */
  readonly height: number;
  readonly ticks: string;
  x(value: number): string;
  y(value: number): string;
}

/** A plot as high as the points need, from half of its width to all of it. */
function createPlane(kinds: readonly Float64Array[]): Plane {
  const [spanX, spanY] = [limits(kinds, 0), limits(kinds, 1)];
  const span = Math.max(spanX.size, spanY.size) || 1; // px by 0 would follow where all points are equal
  const height = Math.round(Math.max(0.5, spanY.size / span) * INNER);
  const scale = 0.94 * Math.min(INNER / span, height / spanY.size);
  const toX = (value: number): number => LEFT + INNER / 2 + scale * (value - spanX.middle);
  const toY = (value: number): number => TOP + height / 2 - scale * (value - spanY.middle);
  const step = roundStep(INNER / scale / 8);
  const name = tickName(step);
  const columns = multiples(step, spanX.middle, INNER / scale / 2).map((value) => {
    const x = toX(value).toFixed(1);
    return `<path class="line" d="M${x} ${TOP}v${height}"/><text x="${x}" y="${TOP + height + 16}" text-anchor="middle">${name(value)}</text>`;
  });
  const rows = multiples(step, spanY.middle, height / scale / 2).map((value) => {
    const y = toY(value).toFixed(1);
    return `<path class="line" d="M${LEFT} ${y}h${INNER}"/><text x="${LEFT - 6}" y="${y}" dy=".35em" text-anchor="end">${name(value)}</text>`;
  });
  return {
    height,
    ticks: [...columns, ...rows].join(''),
    x: (value) => toX(value).toFixed(1),
    y: (value) => toY(value).toFixed(1),
  };
}

function limits(kinds: readonly Float64Array[], axis: 0 | 1): { middle: number; size: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const places of kinds) {
    for (let i = axis; i < places.length; i += 2) {
      low = Math.min(low, places[i]!);
      high = Math.max(high, places[i]!);
    }
  }
  return { middle: (low + high) / 2, size: high - low };
}

/** The nearest of 1, 2, 5, 10, … times a power of ten, from above. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least)!;
}

function multiples(step: number, middle: number, reach: number): number[] {
  const first = Math.ceil((middle - reach) / step);
  const last = Math.floor((middle + reach) / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function tickName(step: number): (value: number) => string {
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const isShort = step > 1e-4 && step < 1e4;
  return (value) => {
    if (value === 0) return '0';
    return (isShort ? value.toFixed(digits) : value.toExponential(1)).replace(/^-/, '−');
  };
}

function sample(places: Float64Array, seed: number): Float64Array {
  const count = places.length / 2;
  if (count <= MOST_POINTS) return places;
  const chosen = createRandom(seed, 'modality gap').permutation(count).subarray(0, MOST_POINTS);
  return Float64Array.from({ length: 2 * MOST_POINTS }, (_, i) => places[2 * chosen[i >> 1]! + (i & 1)]!);
}

/** Points are strokes of length 0 with round ends: the shortest that SVG has. */
function layers(a: Float64Array, b: Float64Array, plane: Plane): string {
  const size = Math.max(a.length, b.length) > 1000 ? 4 : 6; // px
  const dots = (name: string, places: Float64Array, layer: number): string => {
    let path = '';
    for (let i = 2 * layer; i < places.length; i += 2 * LAYERS) {
      path += `M${plane.x(places[i]!)} ${plane.y(places[i + 1]!)}h0`;
    }
    return path && `<path class="${name}" stroke-width="${size}" stroke-opacity=".55" d="${path}"/>\n`;
  };
  return Array.from({ length: LAYERS }, (_, i) => dots('a', a, i) + dots('b', b, i)).join('');
}

/** Of two sizes, so that both are seen where the centres coincide. */
function rings(kinds: readonly Float64Array[], plane: Plane): string {
  const circles = kinds.map((places, i) => {
    let [x, y] = [0, 0];
    for (let k = 0; k < places.length; k += 2) {
      x += places[k]!;
      y += places[k + 1]!;
    }
    const count = places.length / 2;
    return `cx="${plane.x(x / count)}" cy="${plane.y(y / count)}" r="${[9, 5.5][i]}"`;
  });
  const halos = circles.map((place) => `<circle class="halo" stroke-width="6" ${place}/>`);
  const inks = circles.map((place, i) => `<circle class="${'ab'[i]}" stroke-width="2.5" ${place}/>`);
  return [...halos, ...inks].join('');
}

function legend([a, b]: readonly [string, string]): string {
  const entry = (name: string, label: string, x: number): string =>
    `<path class="${name}" d="M${x} 44h0" stroke-width="9" stroke-linecap="round"/><text x="${x + 10}" y="44" dy=".35em">${escapeXml(label)}</text>`;
  return entry('a', a, LEFT + 5) + entry('b', b, LEFT + 36 + 7 * a.length);
}

function countOf(drawn: Float64Array, places: Float64Array): string {
  const all = (places.length / 2).toLocaleString('en');
  return drawn === places ? all : `${(drawn.length / 2).toLocaleString('en')} of ${all}`;
}

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
