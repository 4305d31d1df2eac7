// Rows of embedding vectors as one plain Float32Array, and what people do with them: compare and search.

import { ShapeError } from './errors.ts';

/** `count` vectors of `dim` numbers, one after the other. */
export interface Embeddings {
  /** count · dim values, row-major */
  readonly data: Float32Array;
  readonly count: number;
  readonly dim: number;
  /** Vector `i` as a view of `data`. */
  row(i: number): Float32Array;
}

/** @throws ShapeError unless `data` holds a whole number of vectors of `dim` */
export function createEmbeddings(data: Float32Array, dim: number): Embeddings {
  const count = data.length / dim;
  if (!Number.isInteger(dim) || dim < 1 || !Number.isInteger(count)) {
    throw new ShapeError(`embeddings: ${data.length} values cannot be split into vectors of ${dim}.`);
  }
  function row(i: number): Float32Array {
    if (!(Number.isInteger(i) && i >= 0 && i < count)) {
      throw new ShapeError(`embeddings.row: expected an index from 0 to ${count - 1}, got ${i}.`);
    }
    return data.subarray(i * dim, (i + 1) * dim);
  }
  return { data, count, dim, row };
}

/** Rows `start` (inclusive) to `end` (exclusive) as a view. */
export function sliceRows({ data, dim }: Embeddings, start: number, end: number): Embeddings {
  return createEmbeddings(data.subarray(start * dim, end * dim), dim);
}

/** Scales every row to length 1, in place, as big_vision does: x / (‖x‖ + 1e-8). */
export function normalizeRows(data: Float32Array, dim: number): void {
  for (let start = 0; start < data.length; start += dim) {
    let squares = 0;
    for (let i = start; i < start + dim; i++) squares += data[i]! * data[i]!;
    const norm = Math.sqrt(squares) + 1e-8;
    for (let i = start; i < start + dim; i++) data[i]! /= norm;
  }
}

/**
 * One vector a class: the mean over its rows, scaled to length 1 again as in big_vision.
 *
 * @param classOf - class of each row, 0 … classes - 1
 * @param options - `normalize: false` leaves the mean as it is, as CLIPPO's colab does
 * @throws ShapeError unless every row has a class and every class a row
 */
export function meanPerClass(
  rows: Embeddings,
  classOf: ArrayLike<number>,
  classes: number,
  { normalize = true }: { readonly normalize?: boolean } = {},
): Embeddings {
  const { count, dim } = rows;
  const sums = new Float64Array(classes * dim);
  const counts = new Uint32Array(classes);
  for (let i = 0; i < count; i++) {
    const k = classOf[i]!;
    if (!(k >= 0 && k < classes)) {
      throw new ShapeError(`meanPerClass: row ${i}: expected a class from 0 to ${classes - 1}, got ${k}.`);
    }
    counts[k]!++;
    for (let j = 0; j < dim; j++) sums[k * dim + j]! += rows.data[i * dim + j]!;
  }
  const without = counts.indexOf(0);
  if (without >= 0) throw new ShapeError(`meanPerClass: class ${without} has no row.`);
  const data = Float32Array.from(sums, (sum, i) => sum / counts[Math.floor(i / dim)]!);
  if (normalize) normalizeRows(data, dim);
  return createEmbeddings(data, dim);
}

/**
 * Dot products of every row of `a` with every row of `b`: cosines, if the rows have length 1.
 *
 * @returns row-major [a.count, b.count]
 * @throws ShapeError when the vectors differ in size
 */
export function similarityMatrix(
  a: Embeddings,
  b: Embeddings,
): { data: Float32Array; shape: [number, number] } {
  if (a.dim !== b.dim) {
    throw new ShapeError(
      `similarity: the vectors have ${a.dim} and ${b.dim} numbers. Encode both with the same model.`,
    );
  }
  const data = new Float32Array(a.count * b.count);
  for (let i = 0, o = 0; i < a.count; i++) {
    for (let j = 0; j < b.count; j++, o++) data[o] = dot(a.data, i * a.dim, b.data, j * b.dim, a.dim);
  }
  return { data, shape: [a.count, b.count] };
}

/** Place of the largest number, the first where several are. */
export function argMax(row: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k]! > row[best]!) best = k;
  return best;
}

/** One result of {@link topK}. */
export interface Hit {
  /** row of the searched embeddings */
  readonly index: number;
  /** dot product with the query */
  readonly score: number;
}

/**
 * The `k` rows of `corpus` most similar to `query`, best first; of equal scores the lower row comes first.
 *
 * @example topK((await model.encodeText(['a cat'])).row(0), pictures, 5)
 */
export function topK(query: Float32Array, corpus: Embeddings, k: number): Hit[] {
  if (query.length !== corpus.dim) {
    throw new ShapeError(
      `topK: the query has ${query.length} numbers, the corpus ${corpus.dim}. Use one model.`,
    );
  }
  const hits = Array.from({ length: corpus.count }, (_, index) => ({
    index,
    score: dot(query, 0, corpus.data, index * corpus.dim, corpus.dim),
  }));
  return hits.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, Math.max(0, k));
}

/** Four running sums, so that the engine need not wait for one addition before the next. */
function dot(a: Float32Array, i: number, b: Float32Array, j: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += a[i + k]! * b[j + k]!;
    s1 += a[i + k + 1]! * b[j + k + 1]!;
    s2 += a[i + k + 2]! * b[j + k + 2]!;
    s3 += a[i + k + 3]! * b[j + k + 3]!;
  }
  for (; k < length; k++) s0 += a[i + k]! * b[j + k]!;
  return s0 + s1 + (s2 + s3);
}
