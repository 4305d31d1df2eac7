// Kernels whose nodes hold sizes, recorded with a free batch and run at two: nothing of the recording's own batch may
// stay in them.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, sample } from './samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const weights = sample([4, 5], { seed: 1, from: -1, to: 1 });
const filter = sample([3, 3, 4, 2], { seed: 2, from: -1, to: 1 }) as tf.Tensor4D;

/** Numbers of rows, all of them 0, that follow the batch. */
function firstOf(x: tf.Tensor): tf.Tensor1D {
  return tf.zeros([x.shape[0]!], 'int32');
}

interface Case {
  readonly name: string;
  readonly op: (x: tf.Tensor) => tf.Tensor;
  /** sizes after the batch */
  readonly rest: number[];
  /** where tfjs has none, the op is one, or the number of its steps is that of the batch */
  readonly noGradient?: true;
}

const picture = [5, 6, 4];
const CASES: readonly Case[] = [
  { name: 'matMul', op: (x) => tf.matMul(x, weights), rest: [3, 4] },
  { name: 'matMul of all pairs', op: (x) => tf.matMul(x, x, false, true), rest: [4] },
  { name: 'einsum', op: (x) => tf.einsum('bij,jk->bik', x, weights), rest: [3, 4], noGradient: true },
  { name: 'transpose', op: (x) => tf.transpose(x), rest: [3, 4] },
  { name: 'tile', op: (x) => tf.tile(x, [1, 2]), rest: [3] },
  {
    name: 'tile to the batch',
    op: (x) => tf.mul(tf.tile(tf.slice(x, 0, 1), [x.shape[0]!, 1]), x),
    rest: [3],
    noGradient: true,
  },
  { name: 'diag', op: (x) => tf.diag(tf.reshape(x, [-1])), rest: [1], noGradient: true },
  {
    name: 'depthToSpace',
    op: (x) => tf.depthToSpace(x as tf.Tensor4D, 2),
    rest: [2, 3, 4],
    noGradient: true,
  },
  { name: 'spaceToBatchND', op: (x) => tf.spaceToBatchND(x, [2], [[0, 0]]), rest: [4, 3] },
  { name: 'slice of columns', op: (x) => tf.slice(x, [0, 1], [-1, 2]), rest: [4] },
  { name: 'slice of rows', op: (x) => tf.slice(x, [1, 1], [-1, 2]), rest: [4] },
  {
    name: 'stridedSlice',
    op: (x) => tf.stridedSlice(x, [0, 3], [0, 0], [1, -1], 1, 1),
    rest: [4],
    noGradient: true,
  },
  { name: 'reverse', op: (x) => tf.reverse(x, 0), rest: [4] },
  { name: 'concat', op: (x) => tf.concat([x, x], 0), rest: [4] },
  { name: 'stack', op: (x) => tf.stack([x, x], 1), rest: [4] },
  { name: 'split', op: (x) => tf.split(x, 2, 1)[1]!, rest: [4] },
  { name: 'unstack', op: (x) => tf.unstack(x, 1)[1]!, rest: [4] },
  {
    name: 'pad',
    op: (x) =>
      tf.pad(x, [
        [1, 0],
        [1, 2],
      ]),
    rest: [4],
  },
  {
    name: 'mirrorPad',
    op: (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 2],
        ],
        'reflect',
      ),
    rest: [4],
  },
  { name: 'gather of columns', op: (x) => tf.gather(x, [0, 2, 2], 1), rest: [4] },
  { name: 'gather of rows', op: (x) => tf.gather(x, firstOf(x)), rest: [4] },
  { name: 'unsortedSegmentSum', op: (x) => tf.unsortedSegmentSum(x, firstOf(x), 3), rest: [4] },
  { name: 'oneHot', op: (x) => tf.oneHot(tf.cast(x, 'int32'), x.shape[0]!), rest: [2], noGradient: true },
  { name: 'topk', op: (x) => tf.topk(x, 2).values, rest: [4], noGradient: true },
  { name: 'conv2d', op: (x) => tf.conv2d(x as tf.Tensor4D, filter, 2, 'same'), rest: picture },
  {
    name: 'the gradient of a filter',
    op: (x) => tf.grad((f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 2, 'same'))(filter),
    rest: picture,
    noGradient: true,
  },
  {
    name: 'depthwiseConv2d',
    op: (x) => tf.depthwiseConv2d(x as tf.Tensor4D, filter, 1, 'same'),
    rest: picture,
  },
  {
    name: 'the gradient of a depthwise filter',
    op: (x) => tf.grad((f) => tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 2, 'same'))(filter),
    rest: picture,
    noGradient: true,
  },
  { name: 'maxPool', op: (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'), rest: picture },
  { name: 'avgPool', op: (x) => tf.avgPool(x as tf.Tensor4D, 3, 2, 'same'), rest: picture },
  { name: 'resizeBilinear', op: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [7, 3]), rest: [5, 5, 4] },
  {
    name: 'resizeNearestNeighbor',
    op: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [7, 3]),
    rest: picture,
    noGradient: true,
  },
  { name: 'batchNorm', op: (x) => tf.batchNorm(x, [1, 2], [1, 2], [0, 1], [2, 3]), rest: [3, 3, 2] },
  {
    name: 'localResponseNormalization',
    op: (x) => tf.localResponseNormalization(x as tf.Tensor4D),
    rest: [3, 3, 2],
  },
];

describe.each(CASES)('$name', ({ op, rest, noGradient }) => {
  it.each([2, 6])('with a batch of %d', async (batch) => {
    const x = sample([batch, ...rest], { from: -1, to: 1 });
    const inputs = [{ shape: ['batch', ...rest] as const }];
    await compareWithCpu(op, [x], { inputs });
    if (!noGradient) await compareWithCpu(gradients(op), [x], { inputs });
  });
});
