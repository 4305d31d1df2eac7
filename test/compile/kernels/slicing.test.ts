// Cutting and joining against tfjs cpu: bounds, masks, steps, empty parts, types.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { type DType, gradients, SHAPES, type Shape, sample } from './samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];
/** Those with axes and elements along each. */
const CUTTABLE = SHAPES.filter((shape) => shape.length > 0);

type Unary = (x: tf.Tensor) => tf.Tensor;

/** Name, the op, shapes it takes, and whether tfjs has its gradient. */
type Case = readonly [string, Unary, readonly Shape[], boolean?];
const CASES: readonly Case[] = [
  [
    'slice of everything',
    (x) =>
      tf.slice(
        x,
        x.shape.map(() => 0),
      ),
    CUTTABLE,
  ],
  [
    'slice of nothing',
    (x) =>
      tf.slice(
        x,
        x.shape.map(() => 0),
        x.shape.map(() => 0),
      ),
    CUTTABLE,
  ],
  [
    'slice from the last on',
    (x) =>
      tf.slice(
        x,
        x.shape.map((size) => Math.max(0, size - 1)),
      ),
    CUTTABLE,
  ],
  ['slice of a middle row', (x) => tf.slice(x, [1], [1]), [[3], [3, 5], [2, 3, 4], [2, 1, 2, 3, 1, 2]]],
  ['reverse', (x) => tf.reverse(x), SHAPES],
  ['reverse of the last axis', (x) => tf.reverse(x, -1), CUTTABLE],
  [
    'pad by 1 and 2',
    (x) =>
      tf.pad(
        x,
        x.shape.map(() => [1, 2]),
      ),
    CUTTABLE,
  ],
  [
    'pad of the first axis',
    (x) =>
      tf.pad(
        x,
        x.shape.map((_, axis) => [0, axis === 0 ? 3 : 0]),
        1,
      ),
    CUTTABLE,
  ],
  [
    'pad by 0',
    (x) =>
      tf.pad(
        x,
        x.shape.map(() => [0, 0]),
      ),
    CUTTABLE,
  ],
  [
    'mirrorPad symmetric',
    (x) =>
      tf.mirrorPad(
        x,
        x.shape.map((size) => [size, 1]),
        'symmetric',
      ),
    [[3], [2, 3], [1, 4, 2]],
  ],
  [
    'mirrorPad reflect',
    (x) =>
      tf.mirrorPad(
        x,
        x.shape.map((size) => [size - 1, 1]),
        'reflect',
      ),
    [[3], [2, 3], [2, 4, 2]],
  ],
  [
    'mirrorPad of one axis',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [0, 2],
        ],
        'reflect',
      ),
    [[2, 3]],
  ],
  ['concat with itself', (x) => tf.concat([x, x], 0), CUTTABLE],
  ['concat along the last axis', (x) => tf.concat([x, x, x], -1), CUTTABLE],
  ['concat with an empty tensor', (x) => tf.concat([tf.slice(x, [0], [0]), x], 0), CUTTABLE],
  ['stack', (x) => tf.stack([x, x]), SHAPES],
  ['stack at the end', (x) => tf.stack([x, x, x], x.rank), SHAPES.filter(({ length }) => length < 6)],
  ['stack of one', (x) => tf.stack([x]), SHAPES],
  [
    'split, swapped',
    (x) => tf.concat(tf.split(x, 2, 1).reverse(), 1),
    [
      [3, 4],
      [2, 6, 1],
    ],
  ],
  ['split into sizes', (x) => tf.concat(tf.split(x, [1, 0, 3], -1).reverse(), -1), [[4], [2, 4]]],
  ['split into one', (x) => tf.split(x, 1)[0]!, [[4], [2, 4]], false],
  [
    'unstack',
    (x) => tf.addN(tf.unstack(x)),
    [
      [3, 5],
      [2, 3, 4],
    ],
  ],
  // tfjs's gradients of parts want more than one part.
  ['unstack of one', (x) => tf.unstack(x)[0]!, [[1, 4]], false],
  [
    'unstack of the last axis',
    (x) => tf.addN(tf.unstack(x, -1)),
    [
      [3, 5],
      [2, 3, 4],
      [1, 4],
    ],
  ],
];

describe.each(CASES.map(([name, op, shapes, hasGradient = true]) => ({ name, op, shapes, hasGradient })))(
  '$name',
  ({ name, op, shapes, hasGradient }) => {
    it.each(shapes.map((shape) => ({ shape })))('$shape', async ({ shape }) => {
      for (const dtype of DTYPES) {
        // Unstacked parts are added up, bools are not.
        if (name.startsWith('unstack') && dtype === 'bool') continue;
        await compareWithCpu(op, [sample(shape, { dtype })]);
      }
      if (hasGradient) await compareWithCpu(gradients(op), [sample(shape)]);
    });
  },
);

it('concat of different parts and its gradients', async () => {
  const parts = [sample([2, 1, 3], { seed: 1 }), sample([2, 4, 3], { seed: 2 }), sample([2, 0, 3])];
  const joined = (...xs: tf.Tensor[]): tf.Tensor => tf.concat(xs, 1);
  await compareWithCpu(joined, parts);
  await compareWithCpu(gradients(joined), parts);
});

describe('StridedSlice', () => {
  interface Range {
    readonly shape: Shape;
    readonly begin: number[];
    readonly end: number[];
    readonly strides?: number[];
    /** begin, end, ellipsis, new axis, shrink axis */
    readonly masks?: [number, number, number, number, number];
  }
  const RANGES: readonly Range[] = [
    { shape: [6], begin: [1], end: [5] },
    { shape: [6], begin: [0], end: [6], strides: [2] },
    { shape: [6], begin: [-1], end: [-7], strides: [-1] },
    { shape: [6], begin: [4], end: [0], strides: [-2] },
    { shape: [6], begin: [3], end: [3] },
    { shape: [6], begin: [3], end: [100], strides: [2] },
    { shape: [6], begin: [3], end: [4], masks: [0, 0, 0, 0, 1] },
    { shape: [6], begin: [3], end: [4], strides: [-1], masks: [1, 1, 0, 0, 0] },
    { shape: [3, 5], begin: [1, -4], end: [3, -1], strides: [1, 2] },
    { shape: [3, 5], begin: [2, 4], end: [-4, -6], strides: [-1, -1] },
    { shape: [3, 5], begin: [0, 0], end: [0, 0], masks: [3, 3, 0, 0, 0] },
    { shape: [3, 5], begin: [-1, 2], end: [0, 3], masks: [0, 0, 0, 0, 1] },
    { shape: [3, 5], begin: [1, 2], end: [2, 3], masks: [0, 0, 0, 0, 3] },
    { shape: [3, 5], begin: [0, 1], end: [0, 3], masks: [0, 0, 0, 1, 0] },
    { shape: [2, 3, 4], begin: [0, 1], end: [0, 3], masks: [0, 0, 1, 0, 0] },
    { shape: [2, 3, 4], begin: [1, 0, 2], end: [2, 0, 4], masks: [0, 0, 2, 0, 1] },
    { shape: [2, 3, 4], begin: [0, 0, 0], end: [0, 0, 4], strides: [1, 1, 3], masks: [0, 0, 1, 2, 0] },
    { shape: [2, 3, 4, 2], begin: [0, 2, 3, 0], end: [2, 0, 0, 2], strides: [1, -1, -2, 1] },
    { shape: [2, 0, 4], begin: [0, 0, 1], end: [2, 0, 3], strides: [1, 1, 1] },
    { shape: [2, 3], begin: [1], end: [2] },
  ];
  it.each(RANGES)('$shape from $begin to $end by $strides, masks $masks', async (range) => {
    const { shape, begin, end, strides, masks = [0, 0, 0, 0, 0] } = range;
    const cut = (x: tf.Tensor): tf.Tensor => tf.stridedSlice(x, begin, end, strides, ...masks);
    for (const dtype of DTYPES) await compareWithCpu(cut, [sample(shape, { dtype })]);
  });
});
