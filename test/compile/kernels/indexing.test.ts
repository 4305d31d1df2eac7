// Choosing and placing by indices against tfjs cpu: repeated indices, batches, ties, types, and what is refused.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js'; // which gather's gradient uses
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { sizeOf } from '../../../src/shape.ts';
import { compareWithCpu } from '../compare.ts';
import { type DType, gradients, type Shape, sample } from './samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];

/** Integers in [0, below). */
function indices(shape: Shape, below: number, seed = 9): tf.Tensor {
  const random = createRandom(seed, 'indices');
  return tf.tensor(
    Array.from({ length: sizeOf(shape) }, () => random.integer(below)),
    shape,
    'int32',
  );
}

describe('GatherV2', () => {
  /** Shape of x, shape of the indices, axis, batch dimensions. */
  const CASES: readonly (readonly [Shape, Shape, number, number])[] = [
    [[5], [3], 0, 0],
    [[5], [], 0, 0],
    [[5], [0], 0, 0],
    [[5], [2, 3], 0, 0],
    [[4, 3], [6], 0, 0],
    [[4, 3], [2, 2], 1, 0],
    [[2, 3, 4], [5], -1, 0],
    [[2, 3, 4], [2, 1, 2], 1, 0],
    [[2, 4, 1, 2, 3], [3], 1, 0],
    [[2, 5], [2, 3], 1, 1],
    [[2, 5, 3], [2, 4], 1, 1],
    [[2, 3, 5], [2, 4], 2, 1],
    [[2, 3, 5, 2], [2, 4, 2], 2, 1],
    [[2, 3, 5, 2], [2, 3, 4], 2, 2],
    [[2, 3, 4, 5], [2, 3, 2], 3, 2],
    [[2, 3, 5], [2, 3], 2, 2],
  ];
  it.each(CASES)('%j at %j along %d with %d batch dimensions', async (shape, at, axis, batchDims) => {
    const size = shape.at(axis)!;
    const gather = (x: tf.Tensor, i: tf.Tensor): tf.Tensor => tf.gather(x, i as tf.Tensor1D, axis, batchDims);
    for (const dtype of DTYPES) await compareWithCpu(gather, [sample(shape, { dtype }), indices(at, size)]);
    // tfjs's gradient is right for scalars, without a batch, and with a batch of one dimension in front.
    if (batchDims > 1 || (batchDims === 1 && axis !== 1)) return;
    if (sizeOf(at) === 0 || at.length === 0) return;
    const places = indices(at, size);
    await compareWithCpu(
      gradients((x) => gather(x, places)),
      [sample(shape)],
    );
  });

  it('fails, as tfjs does, for an index that is too large', async () => {
    const inputs = [sample([3]), tf.tensor1d([3], 'int32')];
    await expect(compareWithCpu((x, i) => tf.gather(x, i as tf.Tensor1D), inputs)).rejects.toThrow(
      /ONNX Runtime failed/,
    );
  });
});

describe('GatherNd', () => {
  it.each([
    [[5], [3, 1]],
    [
      [3, 3],
      [4, 2],
    ],
    [
      [3, 3],
      [4, 1],
    ],
    [
      [3, 3, 2],
      [2, 2, 2],
    ],
    [
      [3, 3, 3, 2],
      [0, 3],
    ],
    [[3], [1]],
  ])('%j at %j', async (shape, at) => {
    for (const dtype of DTYPES) {
      await compareWithCpu((x, i) => tf.gatherND(x, i), [sample(shape, { dtype }), indices(at, 3)]);
    }
  });
});

/** Shapes of the result, of the indices and of the updates. */
const SCATTERED: readonly (readonly [Shape, Shape, Shape])[] = [
  [[5], [7, 1], [7]],
  [[3, 3], [9, 2], [9]],
  [
    [3, 4],
    [6, 1],
    [6, 4],
  ],
  [
    [3, 3, 2],
    [2, 4, 2],
    [2, 4, 2],
  ],
  [[3, 2], [0, 2], [0]],
  [
    [3, 3, 0],
    [4, 2],
    [4, 0],
  ],
];

describe('ScatterNd', () => {
  it.each(SCATTERED)('%j at %j', async (shape, at, updates) => {
    for (const dtype of ['float32', 'int32'] as const) {
      const inputs = [indices(at, 3), sample(updates, { dtype })];
      await compareWithCpu((i, x) => tf.scatterND(i, x, shape), inputs);
    }
  });

  it('adds up many updates of one place, on several threads', async () => {
    const count = 20_000;
    const at = indices([count, 1], 3);
    const ones = tf.ones([count, 4]);
    await compareWithCpu((i, x) => tf.scatterND(i, x, [3, 4]), [at, ones], { threads: 4 });
  });
});

describe('TensorScatterUpdate', () => {
  it.each(SCATTERED)('%j at %j, the last of several', async (shape, at, updates) => {
    for (const dtype of DTYPES) {
      const inputs = [sample(shape, { seed: 1, dtype }), indices(at, 2), sample(updates, { seed: 2, dtype })];
      // tfjs cpu writes into the tensor it was given, hence the copy.
      await compareWithCpu((x, i, u) => tf.tensorScatterUpdate(tf.concat([x], 0), i, u), inputs);
    }
  });
});

describe('SparseToDense', () => {
  it.each(DTYPES)('%s', async (dtype) => {
    const fallback = sample([], { dtype, seed: 3 });
    const values = sample([3], { dtype, seed: 1 });
    const dense = (shape: Shape) => (i: tf.Tensor, x: tf.Tensor, y: tf.Tensor) =>
      tf.sparseToDense(i, x, shape, y as tf.Scalar);
    await compareWithCpu(dense([6]), [tf.tensor1d([1, 3, 4], 'int32'), values, fallback]);
    await compareWithCpu(dense([6]), [tf.tensor2d([1, 3, 4], [3, 1], 'int32'), values, fallback]);
    await compareWithCpu(dense([2, 3]), [tf.tensor2d([0, 1, 1, 0, 0, 1], [3, 2], 'int32'), values, fallback]);
    const one = sample([], { dtype, seed: 1 });
    await compareWithCpu(dense([6]), [tf.tensor1d([1, 3, 4], 'int32'), one, fallback]);
  });
});

describe('UnsortedSegmentSum', () => {
  it.each([
    [[7], 3],
    [[7, 2], 3],
    [[5, 2, 3], 4],
    [[6, 1], 1],
    [[0, 2], 3],
  ])('%j in %d segments', async (shape, segments) => {
    const ids = indices([shape[0]!], segments);
    for (const dtype of ['float32', 'int32'] as const) {
      const sum = (x: tf.Tensor, i: tf.Tensor): tf.Tensor =>
        tf.unsortedSegmentSum(x, i as tf.Tensor1D, segments);
      await compareWithCpu(sum, [sample(shape, { dtype }), ids]);
    }
    const sum = (x: tf.Tensor): tf.Tensor => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, segments);
    if (shape[0]! > 0) await compareWithCpu(gradients(sum), [sample(shape)]);
  });

  it('leaves rows out whose segment does not exist', async () => {
    const ids = tf.tensor1d([0, -1, 5, 1, 3], 'int32');
    const rows = tf.tensor2d([1, NaN, Infinity, 2, 3], [5, 1]);
    await compareWithCpu(
      (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 3),
      [tf.tensor1d([1, 2, 3, 4, 5]), ids],
    );
    // Unlike tfjs cpu, which multiplies by zero, also where they are not finite.
    const finite = tf.tensor2d([1, 2, 0], [3, 1]);
    await compareWithCpu(
      (x, i, y) => (tf.getBackend() === 'cpu' ? tf.clone(y) : tf.unsortedSegmentSum(x, i as tf.Tensor1D, 3)),
      [rows, ids, finite],
    );
  });
});

describe('OneHot', () => {
  it.each([[[4]], [[]], [[2, 3]], [[0]], [[2, 1, 2, 1, 2]]])('%j', async (shape) => {
    await compareWithCpu((i) => tf.oneHot(i, 4), [indices(shape, 4)]);
    await compareWithCpu((i) => tf.oneHot(i, 4, 0.5, -2, 'float32'), [indices(shape, 4)]);
    await compareWithCpu((i) => tf.oneHot(i, 4, 1, 0, 'bool'), [indices(shape, 4)]);
  });

  it('is off everywhere for an index out of range', async () => {
    await compareWithCpu((i) => tf.oneHot(i, 3), [tf.tensor1d([-1, 0, 3, -3, 2], 'int32')]);
  });
});

describe('TopK', () => {
  it.each([
    [[5], 2],
    [[5], 5],
    [[5], 0],
    [[3, 7], 3],
    [[2, 3, 4], 1],
    [[0, 4], 2],
  ])('%j, the largest %d', async (shape, k) => {
    const top = (x: tf.Tensor): tf.Tensor[] => Object.values(tf.topk(x, k));
    await compareWithCpu(top, [sample(shape)]);
    await compareWithCpu(top, [sample(shape, { dtype: 'int32' })]);
  });

  it('takes the first of equals', async () => {
    await compareWithCpu((x) => tf.topk(x, 4).indices, [tf.tensor1d([1, 3, 3, 1, 3, 0])]);
  });
});

describe('SearchSorted', () => {
  it.each(['left', 'right'] as const)('%s', async (side) => {
    const search = (edges: tf.Tensor, x: tf.Tensor): tf.Tensor => tf.searchSorted(edges, x, side);
    await compareWithCpu(search, [tf.tensor1d([-1, 3, 3, 9, 10]), tf.tensor1d([0, 3, 10, 12, -5, 3.5])]);
    const rows = [
      tf.tensor2d([0, 3, 8, 9, 1, 2, 3, 3], [2, 4], 'int32'),
      tf.tensor2d([9, 2, 0, 3], [2, 2], 'int32'),
    ];
    await compareWithCpu(search, rows);
  });
});

it('refuses tf.unique, whose shape depends on the data', async () => {
  await expect(compareWithCpu((x) => tf.unique(x).values, [sample([3])])).rejects.toThrow(
    /shape of tf\.unique depends on the data/,
  );
});
