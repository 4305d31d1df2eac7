// Embeddings of pictures and of texts → how far apart the two kinds lie, and where each point lies on the plane that
// shows most of both. Everything in float64, and nothing by chance.
// Reference: Liang et al. 2022, "Mind the Gap: Understanding the Modality Gap in Multi-modal Contrastive Representation
// Learning" (arXiv 2203.02053): the gap is the distance between the two centres.

import type { Embeddings } from '../embeddings.ts';
import { DataError, ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { assertFiniteNumbers } from './finite-numbers.ts';
import { largestEigenpairs } from './symmetric-eigen.ts';

/** How far two sets of vectors lie apart, and along which axes. */
export interface ModalityGap {
  /** ‖mean of a − mean of b‖ */
  readonly distance: number;
  /** The principal components of all points of both, each point counting once. */
  readonly pca: {
    /** [2, D] row-major, of length 1; the entry of largest magnitude is positive. Zeros where no variance is left. */
    readonly components: Float64Array;
    /** The share of the variance that lies along each of the two, 0 … 1. */
    readonly explained: number[];
    /** [a.count, 2] row-major: places on the plane, seen from the centre of all points. */
    readonly a: Float64Array;
    /** [b.count, 2] */
    readonly b: Float64Array;
  };
}

/** Less variance than this share of the whole is rounding of the float32 that came in. */
const NOTHING = 1e-12;

/**
 * The modality gap of Liang et al., and the first two principal components of both kinds together.
 *
 * Figures compare with those of papers when all rows have length 1, as `encode…` gives them; rows of any length are
 * taken as they are. A component along which nothing varies (all points on a line, all equal, D = 1) is zeros.
 *
 * @param a - pictures, one at least
 * @param b - texts, one at least
 * @throws ShapeError when the vectors differ in size
 * @throws DataError for no vectors, and for numbers that are not finite
 * @example
 * const gap = modalityGap(await model.encodeImages(pictures), await model.encodeText(captions));
 * console.log(gap.distance);
 */
export function modalityGap(a: Embeddings, b: Embeddings): ModalityGap {
  assertPoints('a', a);
  assertPoints('b', b);
  if (a.dim !== b.dim) {
    throw new ShapeError(
      `modalityGap: the vectors have ${a.dim} and ${b.dim} numbers. Encode both with the same model.`,
    );
  }
  const D = a.dim;
  // Seen from one of the points, so that points which are all equal have differences of 0, not of rounding.
  const origin = Float64Array.from(a.row(0));
  const [meanA, meanB] = [meanFrom(origin, a), meanFrom(origin, b)];
  const share = a.count / (a.count + b.count);
  const centre = origin.map((value, k) => value + share * meanA[k]! + (1 - share) * meanB[k]!);

  const scatter = new Float64Array(D * D);
  addScatter(scatter, a, centre);
  addScatter(scatter, b, centre);
  let total = 0;
  for (let k = 0; k < D; k++) total += scatter[k * D + k]!;
  const pairs = total === 0 ? [] : largestEigenpairs(scatter, D, Math.min(2, D));
  const real = pairs.filter(({ value }) => value > NOTHING * total);
  const components = new Float64Array(2 * D);
  for (const [i, { vector }] of real.entries()) components.set(turned(vector), i * D);
  return {
    distance: Math.sqrt(meanA.reduce((sum, value, k) => sum + (value - meanB[k]!) ** 2, 0)),
    pca: {
      components,
      explained: [0, 1].map((i) => Math.min(1, (real[i]?.value ?? 0) / (total || 1))),
      a: project(a, centre, components),
      b: project(b, centre, components),
    },
  };
}

function assertPoints(name: string, points: Embeddings): void {
  if (!(points?.data instanceof Float32Array) || points.data.length !== points.count * points.dim) {
    throw new ShapeError(
      `modalityGap: ${name}: expected embeddings as createEmbeddings() makes them, got ${describeValue(points)}.`,
    );
  }
  if (points.count === 0) throw new DataError(`modalityGap: ${name}: expected one vector or more, got none.`);
  assertFiniteNumbers('modalityGap', `${name}.data`, points.data);
}

function meanFrom(origin: Float64Array, { data, count, dim }: Embeddings): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = 0, o = 0; i < count; i++, o += dim) {
    for (let k = 0; k < dim; k++) mean[k]! += data[o + k]! - origin[k]!;
  }
  return mean.map((sum) => sum / count);
}

/** scatter += Σ x·xᵀ up to the diagonal, x the points seen from the centre. */
function addScatter(scatter: Float64Array, { data, count, dim }: Embeddings, centre: Float64Array): void {
  // Four points at a time, as reading and writing the sums costs more than adding to them.
  const [x0, x1, x2, x3] = [0, 1, 2, 3].map(() => new Float64Array(dim)) as Quartet;
  for (let first = 0; first < count; first += 4) {
    for (const [i, x] of [x0, x1, x2, x3].entries()) {
      const o = (first + i) * dim;
      if (first + i >= count) x.fill(0);
      else for (let k = 0; k < dim; k++) x[k] = data[o + k]! - centre[k]!;
    }
    for (let row = 0, o = 0; row < dim; row++, o += dim) {
      const [r0, r1, r2, r3] = [x0[row]!, x1[row]!, x2[row]!, x3[row]!];
      for (let k = 0; k <= row; k++) {
        scatter[o + k]! += r0 * x0[k]! + r1 * x1[k]! + (r2 * x2[k]! + r3 * x3[k]!);
      }
    }
  }
}

type Quartet = [Float64Array, Float64Array, Float64Array, Float64Array];

/** Whether a vector or its opposite is found is chance: the first entry of largest magnitude becomes positive. */
function turned(vector: Float64Array): Float64Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Entries that differ by rounding only are equally large, or rounding would choose the sign.
  const decisive = vector.find((value) => Math.abs(value) > (1 - 1e-9) * largest)!;
  return decisive < 0 ? vector.map((value) => -value) : vector;
}

/** @returns [count, 2] */
function project(
  { data, count, dim }: Embeddings,
  centre: Float64Array,
  components: Float64Array,
): Float64Array {
  const places = new Float64Array(2 * count);
  for (let i = 0, o = 0; i < count; i++, o += dim) {
    let [x, y] = [0, 0];
    for (let k = 0; k < dim; k++) {
      const value = data[o + k]! - centre[k]!;
      x += value * components[k]!;
      y += value * components[dim + k]!;
    }
    places[2 * i] = x;
    places[2 * i + 1] = y;
  }
  return places;
}
