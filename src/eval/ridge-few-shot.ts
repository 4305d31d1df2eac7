// A few embeddings of every class → a linear classifier by ridge regression, and the classes it gives to others.
// Features are whitened by the chosen rows, a constant feature is added and regularised like the rest, targets are
// −1 and 1. Reference: big_vision `evaluators/fewshot_lsr.py`. Its eigendecomposition serves to try many values of l2;
// here there is one, so the system is solved as it is, and in float64.
//
// Whitened features have mean 0, so they are orthogonal to the constant one. From this follows, without changing the
// result: the weights of the constant feature stand alone; constant parts of the targets do not reach the others, so
// that a target may as well be 2 for the own class and 0 elsewhere; and XᵀY is twice the sum of each class's rows.

import { ConfigError, DataError, ShapeError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { predictClasses } from './linear-predictions.ts';
import { createRidgeSystem } from './ridge-system.ts';
import { assertRows, fitWhitening, type Rows, type Whitening } from './whitening.ts';

/** What {@link ridgeFewShot} learns from. */
export interface RidgeFewShotOptions {
  /** The rows of `train` that are used, as `fewShotIndices` gives them. */
  readonly indices: ArrayLike<number>;
  /** C, how many classes there are; at least 2. */
  readonly classes: number;
  /** Strength of the regularisation, above 0; default 1024 as in big_vision. */
  readonly l2?: number;
  /** Value of the constant feature, at least 0; default 100 as in big_vision. */
  readonly bias?: number;
}

/** What {@link ridgeFewShot} has learned and predicts. */
export interface RidgeFewShot {
  /** [D + 1, C], row-major, for whitened features; the last row belongs to the constant feature. */
  readonly weights: Float64Array;
  /** The class of every row of `test`, 0 … C − 1. */
  readonly predictions: Int32Array;
}

const DOOR = 'ridgeFewShot';
/** Rows that are whitened at a time where not all are needed at once. */
const CHUNK = 128;

/**
 * W = (XᵀX + l2·I)⁻¹XᵀY of N chosen rows, and the argmax of every test row's scores. All of it is float64.
 *
 * @param train - [any, D], in big_vision the representation before the head
 * @param labels - the class of every row of `train`; those of rows that are not chosen are not looked at
 * @param test - [any, D]; whitened by the statistics of the chosen rows
 * @throws ConfigError, DataError, ShapeError
 * @example
 * const indices = fewShotIndices(labels, 1000, 10, 0);
 * const { predictions } = ridgeFewShot(train, labels, test, { indices, classes: 1000 });
 */
export function ridgeFewShot(
  train: Rows,
  labels: ArrayLike<number>,
  test: Rows,
  options: RidgeFewShotOptions,
): RidgeFewShot {
  const { indices, classes, l2, bias } = resolveOptions(options);
  assertRows(DOOR, 'train', train);
  assertRows(DOOR, 'test', test);
  if (train.dim !== test.dim) {
    throw new ShapeError(
      `${DOOR}: rows of train have ${train.dim} numbers, those of test ${test.dim}. Embed both with one model.`,
    );
  }
  const classOf = chosenClasses(train, labels, indices, classes);
  const whitening = fitWhitening(DOOR, train, indices);
  const { dim } = train;
  const fit = indices.length < dim ? fitByRows : fitByFeatures;
  const weights = new Float64Array((dim + 1) * classes);
  fit({ train, indices, classOf, classes, whitening, l2 }, weights);
  const own = new Float64Array(classes);
  for (const c of classOf) own[c]!++;
  const N = indices.length;
  weights.set(
    own.map((count) => (bias * (2 * count - N)) / (bias * bias * N + l2)),
    dim * classes,
  );
  const predictions = predictClasses({ dim, classes, weights, bias }, test.count, (from, size, rows) => {
    for (let i = 0; i < size; i++) whitening.write(test, from + i, rows, i * dim);
  });
  return { weights, predictions };
}

interface Fit {
  readonly train: Rows;
  readonly indices: ArrayLike<number>;
  readonly classOf: Int32Array;
  readonly classes: number;
  readonly whitening: Whitening;
  readonly l2: number;
}

/** Primal form, D unknowns: (XᵀX + l2·I)⁻¹ of twice the sums of classes. */
function fitByFeatures(
  { train, indices, classOf, classes, whitening, l2 }: Fit,
  weights: Float64Array,
): void {
  const { dim } = train;
  const { values, stride, first, addProduct, solve } = createRidgeSystem(dim, classes);
  const sums = weights.subarray(0, classes * dim); // [C, D] for now: fresh memory is slow
  const rows = new Float64Array(CHUNK * dim);
  for (let from = 0; from < indices.length; from += CHUNK) {
    const size = Math.min(CHUNK, indices.length - from);
    for (let i = 0; i < size; i++) {
      whitening.write(train, indices[from + i]!, rows, i * dim);
      addRow(sums, classOf[from + i]! * dim, rows, i * dim, dim);
    }
    addProduct(rows, { start: 0, depth: size, depthStride: dim, count: dim, stride: 1 });
  }
  writeTransposed(values.subarray(first), stride, sums, dim);
  solve(l2);
  for (let d = 0; d < dim; d++) {
    for (let c = 0; c < classes; c++) weights[d * classes + c] = 2 * values[d * stride + first + c]!;
  }
}

/** Dual form, N unknowns: twice the sums of classes of (XXᵀ + l2·I)⁻¹X. */
function fitByRows({ train, indices, classOf, classes, whitening, l2 }: Fit, weights: Float64Array): void {
  const { dim } = train;
  const count = indices.length;
  const { values, stride, first, addProduct, solve } = createRidgeSystem(count, dim);
  const rows = new Float64Array(count * dim);
  for (let i = 0; i < count; i++) {
    whitening.write(train, indices[i]!, rows, i * dim);
    values.set(rows.subarray(i * dim, (i + 1) * dim), i * stride + first);
  }
  addProduct(rows, { start: 0, depth: dim, depthStride: 1, count, stride: dim });
  solve(l2);
  const sums = new Float64Array(classes * dim);
  for (let i = 0; i < count; i++) addRow(sums, classOf[i]! * dim, values, i * stride + first, dim);
  for (let i = 0; i < sums.length; i++) sums[i]! *= 2;
  writeTransposed(weights, classes, sums, dim);
}

/** [C, dim] → [dim, C] with `stride` numbers a row, a few rows at a time for the sake of the cache. */
function writeTransposed(target: Float64Array, stride: number, source: Float64Array, dim: number): void {
  const few = 32;
  for (let from = 0; from < dim; from += few) {
    const to = Math.min(dim, from + few);
    for (let c = 0, at = 0; at < source.length; c++, at += dim) {
      for (let d = from; d < to; d++) target[d * stride + c] = source[at + d]!;
    }
  }
}

function addRow(sums: Float64Array, to: number, values: Float64Array, at: number, dim: number): void {
  for (let d = 0; d < dim; d++) sums[to + d]! += values[at + d]!;
}

/** The class of every chosen row. */
function chosenClasses(
  train: Rows,
  labels: ArrayLike<number>,
  indices: ArrayLike<number>,
  classes: number,
): Int32Array {
  if (labels.length !== train.count) {
    throw new ShapeError(
      `${DOOR}: expected a label for each of ${train.count} rows of train, got ${labels.length}.`,
    );
  }
  if (indices.length === 0) throw new DataError(`${DOOR}: indices: no rows of train are chosen.`);
  const classOf = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < train.count)) {
      throw new DataError(
        `${DOOR}: indices[${i}]: expected a row of train, 0 to ${train.count - 1}, got ${describeValue(index)}.`,
      );
    }
    const label = labels[index]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new DataError(
        `${DOOR}: labels[${index}]: expected a class from 0 to ${classes - 1}, got ${describeValue(label)}.`,
      );
    }
    classOf[i] = label;
  }
  return classOf;
}

function resolveOptions(options: RidgeFewShotOptions): Required<RidgeFewShotOptions> {
  refuseUnknown(DOOR, options, ['indices', 'classes', 'l2', 'bias']);
  const { indices, classes, l2 = 1024, bias = 100 } = options;
  if (!(typeof indices === 'object' && Number.isSafeInteger(indices?.length))) {
    throw new ConfigError(
      `${DOOR}: indices: expected a list of rows, as fewShotIndices() gives, got ${describeValue(indices)}.`,
    );
  }
  if (!(Number.isSafeInteger(classes) && classes >= 2)) {
    throw new ConfigError(
      `${DOOR}: classes: expected an integer of at least 2, got ${describeValue(classes)}.`,
    );
  }
  assertNumber(DOOR, 'l2', l2, 0, Infinity);
  if (l2 === 0) throw new ConfigError(`${DOOR}: l2: expected a number above 0, got 0.`);
  assertNumber(DOOR, 'bias', bias, 0, Infinity);
  return { indices, classes, l2, bias };
}
