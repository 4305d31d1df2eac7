// Outline → coverage. Curves are flattened to straight edges, edges are cut into sub-scanlines, and the
// nonzero winding rule says what is inside. Along a sub-scanline coverage is exact, across rows it is the
// mean of 16 samples; so outlines that lie on the pixel grid come out as exactly 0 and 255.

import { FontError } from '../errors.ts';

/** Commands of an outline in font units, y upwards. An open contour counts as closed. */
export type PathCommand =
  | { readonly type: 'M'; readonly x: number; readonly y: number }
  | { readonly type: 'L'; readonly x: number; readonly y: number }
  | { readonly type: 'Q'; readonly x1: number; readonly y1: number; readonly x: number; readonly y: number }
  | {
      readonly type: 'C';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly type: 'Z' };

/** Straight edges in pixels, y downwards. */
export interface Edges {
  /** x0, y0, x1, y1 of each edge */
  readonly points: readonly number[];
  /** Extent of the ink in px; 0 and 0 when there is none. */
  readonly left: number;
  readonly right: number;
}

const SUBROWS = 16;
/** px; a flattened curve strays less from the true one */
const TOLERANCE = 0.005;
const MAX_SEGMENTS = 256;

/**
 * @param scale - px per font unit
 * @param baseline - px from the top of the cell to y = 0
 * @throws FontError when a coordinate is not a finite number
 */
export function flattenPath(commands: readonly PathCommand[], scale: number, baseline: number): Edges {
  const points: number[] = [];
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let startX = 0;
  let startY = baseline;
  let x = startX;
  let y = startY;

  function lineTo(toX: number, toY: number): void {
    if (toX === x && toY === y) return;
    points.push(x, y, toX, toY);
    left = Math.min(left, x, toX);
    right = Math.max(right, x, toX);
    x = toX;
    y = toY;
  }

  for (const command of commands) {
    if (command.type === 'Z') {
      lineTo(startX, startY);
      continue;
    }
    const endX = command.x * scale;
    const endY = baseline - command.y * scale;
    if (!Number.isFinite(endX + endY)) throw new FontError('outline: a coordinate is not a finite number.');
    if (command.type === 'M') {
      lineTo(startX, startY);
      startX = x = endX;
      startY = y = endY;
    } else if (command.type === 'L') {
      lineTo(endX, endY);
    } else {
      // A quadratic curve is the cubic whose control points lie 2/3 of the way to its own.
      const cubic = command.type === 'C';
      const c1x = command.x1 * scale;
      const c1y = baseline - command.y1 * scale;
      const c2x = cubic ? command.x2 * scale : endX + ((c1x - endX) * 2) / 3;
      const c2y = cubic ? baseline - command.y2 * scale : endY + ((c1y - endY) * 2) / 3;
      const ax = cubic ? c1x : x + ((c1x - x) * 2) / 3;
      const ay = cubic ? c1y : y + ((c1y - y) * 2) / 3;
      if (!Number.isFinite(ax + ay + c2x + c2y)) {
        throw new FontError('outline: a coordinate is not a finite number.');
      }
      const fromX = x;
      const fromY = y;
      const steps = segments(fromX, fromY, ax, ay, c2x, c2y, endX, endY);
      for (let i = 1; i < steps; i++) {
        const t = i / steps;
        const s = 1 - t;
        const w0 = s * s * s;
        const w1 = 3 * s * s * t;
        const w2 = 3 * s * t * t;
        const w3 = t * t * t;
        lineTo(w0 * fromX + w1 * ax + w2 * c2x + w3 * endX, w0 * fromY + w1 * ay + w2 * c2y + w3 * endY);
      }
      lineTo(endX, endY);
    }
  }
  lineTo(startX, startY);
  return right > left ? { points, left, right } : { points: [], left: 0, right: 0 };
}

/** A chord of a cubic strays at most |second derivative| / 8n², and that derivative is at most 6·bend. */
function segments(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  x3: number,
  y3: number,
): number {
  const bend = Math.max(
    Math.hypot(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2),
    Math.hypot(x1 - 2 * x2 + x3, y1 - 2 * y2 + y3),
  );
  return Math.min(Math.max(Math.ceil(Math.sqrt((0.75 * bend) / TOLERANCE)), 1), MAX_SEGMENTS);
}

/**
 * @param shift - px added to every x
 * @returns `width * height` values, 0 = outside, 255 = inside; what lies outside the cell is cut off
 */
export function fillEdges(edges: Edges, shift: number, width: number, height: number): Uint8Array {
  const { points } = edges;
  const rows = height * SUBROWS;
  // First count the crossings of each sub-scanline, then sort them in: one array, no lists.
  const starts = new Int32Array(rows + 1);
  for (let i = 0; i < points.length; i += 4) {
    const [from, to] = subrowsOf(points[i + 1]!, points[i + 3]!, rows);
    for (let row = from; row < to; row++) starts[row + 1]!++;
  }
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const crossings = new Float64Array(starts[rows]!);
  const directions = new Int8Array(crossings.length);
  const filled = starts.slice(0, rows);
  for (let i = 0; i < points.length; i += 4) {
    const y0 = points[i + 1]!;
    const y1 = points[i + 3]!;
    const x0 = points[i]! + shift;
    const slope = (points[i + 2]! + shift - x0) / (y1 - y0);
    const direction = y1 > y0 ? 1 : -1;
    const [from, to] = subrowsOf(y0, y1, rows);
    for (let row = from; row < to; row++) {
      const x = x0 + ((row + 0.5) / SUBROWS - y0) * slope;
      // Insertion sort: a glyph has a handful of crossings in a row.
      let at = filled[row]!++;
      const first = starts[row]!;
      while (at > first && crossings[at - 1]! > x) {
        crossings[at] = crossings[at - 1]!;
        directions[at] = directions[at - 1]!;
        at--;
      }
      crossings[at] = x;
      directions[at] = direction;
    }
  }

  const sums = new Float64Array(width * height);
  for (let row = 0; row < rows; row++) {
    const line = Math.floor(row / SUBROWS) * width;
    let winding = 0;
    let begin = 0;
    for (let i = starts[row]!; i < starts[row + 1]!; i++) {
      const before = winding;
      winding += directions[i]!;
      if (before === 0) begin = crossings[i]!;
      else if (winding === 0) addSpan(sums, line, width, begin, crossings[i]!);
    }
  }
  const coverage = new Uint8Array(sums.length);
  for (let i = 0; i < sums.length; i++) coverage[i] = Math.min(Math.round((sums[i]! * 255) / SUBROWS), 255);
  return coverage;
}

/** The sub-scanlines whose middle lies between two heights, within the cell. */
function subrowsOf(y0: number, y1: number, rows: number): [from: number, to: number] {
  const from = Math.ceil(Math.min(y0, y1) * SUBROWS - 0.5);
  const to = Math.ceil(Math.max(y0, y1) * SUBROWS - 0.5);
  return [Math.min(Math.max(from, 0), rows), Math.min(Math.max(to, 0), rows)];
}

/** Adds the part of each pixel that [from, to) covers. */
function addSpan(sums: Float64Array, line: number, width: number, from: number, to: number): void {
  const begin = Math.max(from, 0);
  const end = Math.min(to, width);
  if (end <= begin) return;
  const first = Math.floor(begin);
  const last = Math.floor(end);
  if (first === last) {
    sums[line + first]! += end - begin;
    return;
  }
  sums[line + first]! += first + 1 - begin;
  for (let x = first + 1; x < last; x++) sums[line + x]! += 1;
  if (last < width) sums[line + last]! += end - last;
}
