// Features and targets → a linear head by ridge regression: the closed form, so that it takes seconds and gives the same
// on every run. Labels are told by indicators of 0 and 1, of which the largest counts; scores and shares as they are.
// Features are whitened as in few-shot classification; the mean of the targets is added and not regularised.

import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { ConfigError, DataError, ShapeError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import type { FitHead, TargetKind } from '../tasks/index.ts';
import { createRidgeSystem } from './ridge-system.ts';
import { assertRows, fitWhitening } from './whitening.ts';

/** How strongly {@link ridgeHead} is held down. */
export interface RidgeHeadOptions {
  /** Strength of the regularisation, above 0; default 1024 as in big_vision's few-shot evaluation. */
  readonly l2?: number;
}

const DOOR = 'ridgeHead';
/** Rows that are whitened at a time. */
const CHUNK = 128;

/**
 * A trainer for `evaluateGlue` and its like. Nothing in it is drawn at random.
 *
 * @throws ConfigError; the trainer throws ShapeError, and DataError for targets that are none
 * @example await evaluateGlue({ model, train, dev, fitHead: ridgeHead({ l2: 100 }) });
 */
export function ridgeHead(options: RidgeHeadOptions = {}): FitHead {
  refuseUnknown(DOOR, options, ['l2']);
  const { l2 = 1024 } = options;
  assertNumber(DOOR, 'l2', l2, 0, Number.MAX_VALUE);
  if (l2 === 0) throw new ConfigError(`${DOOR}: l2: expected a number above 0, got 0.`);

  return async (features, targets, { targets: kind, signal }) => {
    assertRows(DOOR, 'features', features);
    const { count, dim } = features;
    const goals = goalsOf(kind, targets, count);
    const outputs = goals.length / count;
    const means = new Float64Array(outputs);
    for (let i = 0; i < goals.length; i++) means[i % outputs]! += goals[i]! / count;

    const whitening = fitWhitening(
      DOOR,
      features,
      Uint32Array.from({ length: count }, (_, i) => i),
    );
    const { values, stride, first, addProduct, solve } = createRidgeSystem(dim, outputs);
    const rows = new Float64Array(CHUNK * dim);
    for (let from = 0; from < count; from += CHUNK) {
      const size = Math.min(CHUNK, count - from);
      for (let i = 0; i < size; i++) {
        whitening.write(features, from + i, rows, i * dim);
        for (let d = 0; d < dim; d++) {
          const x = rows[i * dim + d]!;
          for (let k = 0; k < outputs; k++) {
            values[d * stride + first + k]! += x * goals[(from + i) * outputs + k]!;
          }
        }
      }
      addProduct(rows, { start: 0, depth: size, depthStride: dim, count: dim, stride: 1 });
      if (from % (64 * CHUNK) === 0) await new Promise((resolve) => setTimeout(resolve)); // for the page
      signal?.throwIfAborted();
    }
    solve(l2);
    const weights = new Float64Array(dim * outputs); // [D, L]; the system's own memory is large
    for (let d = 0; d < dim; d++) {
      for (let k = 0; k < outputs; k++) weights[d * outputs + k] = values[d * stride + first + k]!;
    }
    const row = new Float64Array(dim);

    function predict(others: Embeddings): Embeddings {
      if (others.dim !== dim) {
        throw new ShapeError(
          `${DOOR}: learned from rows of ${dim} numbers, asked about rows of ${others.dim}. Embed both with one model.`,
        );
      }
      const scores = new Float32Array(others.count * outputs);
      for (let i = 0; i < others.count; i++) {
        whitening.write(others, i, row, 0);
        for (let k = 0; k < outputs; k++) {
          let sum = means[k]!;
          for (let d = 0; d < dim; d++) sum += row[d]! * weights[d * outputs + k]!;
          scores[i * outputs + k] = sum;
        }
      }
      return createEmbeddings(scores, outputs);
    }
    return { predict };
  };
}

/** @returns [N, L] */
function goalsOf(kind: TargetKind, targets: ArrayLike<number>, count: number): Float64Array {
  const labels = kind.kind === 'regression' ? 1 : kind.labels.length;
  const expected = kind.kind === 'multi-label' ? count * labels : count;
  if (targets.length !== expected) {
    throw new ShapeError(
      `${DOOR}: expected ${expected} targets for ${count} rows of features, got ${targets.length}.`,
    );
  }
  const wrong = Array.prototype.findIndex.call(targets, (value: number) => {
    if (kind.kind === 'classes') return !(Number.isInteger(value) && value >= 0 && value < labels);
    return !(Number.isFinite(value) && (kind.kind === 'regression' || (value >= 0 && value <= 1)));
  });
  if (wrong >= 0) {
    const range = kind.kind === 'classes' ? `a label from 0 to ${labels - 1}` : 'a share from 0 to 1';
    const what = kind.kind === 'regression' ? 'a finite number' : range;
    throw new DataError(
      `${DOOR}: targets[${wrong}]: expected ${what}, got ${describeValue(targets[wrong])}.`,
    );
  }
  if (kind.kind !== 'classes') return Float64Array.from(targets);
  const goals = new Float64Array(count * labels);
  for (let i = 0; i < count; i++) goals[i * labels + targets[i]!] = 1;
  return goals;
}
