// Kernels that only move elements, against tfjs cpu, in every rank and type.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../../src/shape.ts';
import { compareWithCpu } from '../compare.ts';
import { type DType, gradients, SHAPES, type Shape, sample } from './samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];

type Unary = (x: tf.Tensor) => tf.Tensor;

/** Name, the op, shapes it takes, and whether tfjs has its gradient. */
type Case = readonly [string, Unary, readonly Shape[], boolean?];
const CASES: readonly Case[] = [
  ['reshape to a row', (x) => tf.reshape(x, [1, sizeOf(x.shape)]), SHAPES],
  ['reshape with −1', (x) => tf.reshape(x, [-1, 1]), SHAPES.filter((shape) => sizeOf(shape) > 0)],
  ['reshape and back', (x) => tf.reshape(tf.reshape(x, [sizeOf(x.shape)]), x.shape), SHAPES],
  ['expandDims at the front', (x) => tf.expandDims(x, 0), SHAPES],
  ['expandDims at the end', (x) => tf.expandDims(x, -1), SHAPES.filter(({ length }) => length < 6)],
  ['squeeze', (x) => tf.squeeze(x), SHAPES],
  ['transpose', (x) => tf.transpose(x), SHAPES],
  ['transpose that turns the axes round by one', (x) => tf.transpose(x, rotated(x.rank)), SHAPES.slice(1)],
  [
    'tile by 1',
    (x) =>
      tf.tile(
        x,
        x.shape.map(() => 1),
      ),
    SHAPES.slice(1, 7),
  ],
  // The gradient ends at rank 4.
  [
    'tile by 2 and 3',
    (x) =>
      tf.tile(
        x,
        x.shape.map((_, axis) => 2 + (axis % 2)),
      ),
    SHAPES.slice(1, 7),
  ],
  [
    'tile by 2 beyond rank 4',
    (x) =>
      tf.tile(
        x,
        x.shape.map(() => 2),
      ),
    SHAPES.slice(7),
    false,
  ],
  [
    'tile by 0',
    (x) =>
      tf.tile(
        x,
        x.shape.map(() => 0),
      ),
    [[3], [2, 3]],
    false,
  ],
  ['broadcastTo', (x) => tf.broadcastTo(x, [2, 3, 4]), [[], [4], [3, 1], [2, 3, 4], [1, 1, 1]]],
  ['diag', (x) => tf.diag(x), [[4], [2, 3], [1], [2, 2, 2]], false],
  [
    'spaceToBatchND',
    (x) =>
      tf.spaceToBatchND(
        x,
        [2, 3],
        [
          [1, 1],
          [0, 2],
        ],
      ),
    [
      [2, 2, 4, 3],
      [1, 4, 1, 2],
      [2, 2, 4],
    ],
  ],
  [
    'batchToSpaceND',
    (x) =>
      tf.batchToSpaceND(
        x,
        [2, 3],
        [
          [1, 0],
          [0, 2],
        ],
      ),
    [
      [12, 2, 3, 3],
      [6, 1, 1, 2],
      [6, 2, 2],
    ],
  ],
];

describe.each(CASES.map(([name, op, shapes, hasGradient = true]) => ({ name, op, shapes, hasGradient })))(
  '$name',
  ({ op, shapes, hasGradient }) => {
    it.each(shapes.map((shape) => ({ shape })))('$shape', async ({ shape }) => {
      for (const dtype of DTYPES) await compareWithCpu(op, [sample(shape, { dtype })]);
      if (hasGradient) await compareWithCpu(gradients(op), [sample(shape)]);
    });
  },
);

it('broadcastArgs of known shapes', async () => {
  const shapes = (x: tf.Tensor): tf.Tensor => tf.add(tf.broadcastArgs([2, 1, 3], [4, 1]), x);
  await compareWithCpu(shapes, [tf.scalar(1, 'int32')]);
  const unknown = (x: tf.Tensor): tf.Tensor => tf.broadcastArgs(x as tf.Tensor1D, [4, 1]);
  await expect(compareWithCpu(unknown, [tf.tensor1d([2, 1], 'int32')])).rejects.toThrow(/known beforehand/);
});

it.each([{ shape: [2, 3, 2, 8] }, { shape: [1, 1, 1, 4] }])('depthToSpace $shape', async ({ shape }) => {
  await compareWithCpu((x) => tf.depthToSpace(x as tf.Tensor4D, 2), [sample(shape)]);
});

it('depthToSpace of channels first, which tfjs cpu does not have', async () => {
  const first = (x: tf.Tensor): tf.Tensor => tf.depthToSpace(x as tf.Tensor4D, 2, 'NCHW');
  const last = (x: tf.Tensor): tf.Tensor =>
    tf.transpose(tf.depthToSpace(tf.transpose(x as tf.Tensor4D, [0, 2, 3, 1]), 2), [0, 3, 1, 2]);
  const x = sample([2, 8, 3, 2]);
  await compareWithCpu((input) => (tf.getBackend() === 'cpu' ? last(input) : first(input)), [x]);
});

it('bandPart', async () => {
  await compareWithCpu((x) => tf.linalg.bandPart(x, 1, 2), [sample([2, 4, 5])]);
});

it('keeps NaN off the zeros around a diagonal', async () => {
  await compareWithCpu((x) => tf.diag(x), [tf.tensor1d([NaN, Infinity, 1])]);
});

function rotated(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis + 1) % rank);
}
