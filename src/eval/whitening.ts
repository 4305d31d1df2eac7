// Rows of embeddings → the same with mean 0 and deviation 1 in every feature, by the statistics of some chosen rows.
// Reference: big_vision `evaluators/fewshot_lsr.py`: x ← (x − mean) / (deviation + 1e-5), of the population.
// A feature that is the same in all chosen rows becomes 0 there, and large elsewhere: its weights are 0 too.

import { DataError, ShapeError } from '../errors.ts';
import { describeValue } from '../options.ts';

/** Vectors of numbers, as `Embeddings` are; these may have float64. */
export interface Rows {
  /** count · dim numbers, row-major */
  readonly data: Float32Array | Float64Array;
  readonly count: number;
  readonly dim: number;
}

export interface Whitening {
  /** Puts row `index` of `rows`, whitened, at `target[at]` …. @throws DataError for a row with NaN or infinities */
  write(rows: Rows, index: number, target: Float64Array, at: number): void;
}

const EPSILON = 1e-5;

/**
 * @param door - the function that was called, as it stands in messages
 * @param indices - the rows that count, each of them a row of `rows`
 * @throws DataError for a row with NaN or infinities
 */
export function fitWhitening(door: string, rows: Rows, indices: ArrayLike<number>): Whitening {
  const { data, dim } = rows;
  // One pass, by differences from the first row: they are at most √N deviations, so hardly a digit is lost.
  const origin = Float64Array.from(data.subarray(indices[0]! * dim, (indices[0]! + 1) * dim));
  const sums = new Float64Array(dim);
  const squares = new Float64Array(dim);
  for (let i = 1; i < indices.length; i++) {
    for (let d = 0, at = indices[i]! * dim; d < dim; d++, at++) {
      const difference = data[at]! - origin[d]!;
      sums[d]! += difference;
      squares[d]! += difference * difference;
    }
  }
  const N = indices.length;
  const mean = origin.map((value, d) => value + sums[d]! / N);
  const factor = squares.map(
    (square, d) => 1 / (Math.sqrt(Math.max(0, square / N - (sums[d]! / N) ** 2)) + EPSILON),
  );
  // Whatever is not finite has made a sum not finite, and its factor NaN or 0.
  if (!factor.every((value) => value > 0)) {
    for (let i = 0; i < N; i++) refuseUnlessFinite(door, 'train', rows, indices[i]!);
    throw new DataError(`${door}: train: the numbers are too large to be squared and added up.`);
  }

  function write(rows: Rows, index: number, target: Float64Array, at: number): void {
    const { data } = rows;
    let sum = 0;
    for (let d = 0, from = index * dim; d < dim; d++, from++) {
      const value = (data[from]! - mean[d]!) * factor[d]!;
      target[at + d] = value;
      sum += value;
    }
    if (!Number.isFinite(sum)) {
      refuseUnlessFinite(door, 'test', rows, index);
      throw new DataError(`${door}: test: row ${index} is too far from the rows of train to be whitened.`);
    }
  }

  return { write };
}

function refuseUnlessFinite(door: string, what: string, { data, dim }: Rows, index: number): void {
  const wrong = data.subarray(index * dim, (index + 1) * dim).findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new DataError(
    `${door}: ${what}: row ${index} has ${data[index * dim + wrong]} as feature ${wrong}, expected finite numbers. ` +
      'Look at what was embedded there, or leave the row out.',
  );
}

/** @throws ShapeError unless there are as many numbers as rows need, and at least one row */
export function assertRows(door: string, what: string, rows: Rows): void {
  const { data, count, dim } = rows ?? {};
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new ShapeError(
      `${door}: ${what}: expected { data, count, dim } with data in a Float32Array or Float64Array, ` +
        `as createEmbeddings() gives, got ${describeValue(data === undefined ? rows : data)}.`,
    );
  }
  if (![count, dim].every((n) => Number.isSafeInteger(n) && n >= 1) || data.length !== count * dim) {
    throw new ShapeError(
      `${door}: ${what}: expected at least one row and feature, and count · dim numbers; ` +
        `got count ${count}, dim ${dim} and ${data.length} numbers.`,
    );
  }
}
