// Matrix products against tfjs cpu: transposes, batches, sizes of zero, integer types, fused biases and activations.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, expect, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, type Shape, sample } from './samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Shapes [..., rows, inner] and [..., inner, columns], before any transposing. */
const PRODUCTS: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 4],
    [4, 5],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [
    [0, 4],
    [4, 5],
  ],
  [
    [3, 0],
    [0, 5],
  ],
  [
    [2, 3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 0],
    [2, 0, 5],
  ],
  [
    [2, 3, 1, 4],
    [2, 3, 4, 2],
  ],
  [
    [1, 2, 1, 2, 3, 4],
    [1, 2, 1, 2, 4, 5],
  ],
];

/** Large enough for several tiles of a product; gradients would magnify its rounding. */
const LARGE: readonly [Shape, Shape] = [
  [37, 129],
  [129, 65],
];

/** The same with batches that broadcast, which have no gradient in tfjs. */
const BROADCASTS: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 4],
    [4, 5],
  ],
  [
    [1, 3, 4],
    [5, 4, 2],
  ],
  [
    [2, 3, 3, 4],
    [3, 4, 5],
  ],
];

const FLAGS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

describe.each(FLAGS)('BatchMatMul, transposeA %s, transposeB %s', (transposeA, transposeB) => {
  const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a, b, transposeA, transposeB);
  const factors = ([a, b]: readonly [Shape, Shape], dtype: 'float32' | 'int32' = 'float32'): tf.Tensor[] => [
    sample(transposeA ? swapped(a) : a, { seed: 1, from: -1, to: 2, dtype }),
    sample(transposeB ? swapped(b) : b, { seed: 2, from: -1, to: 2, dtype }),
  ];

  it.each(PRODUCTS)('%j × %j and its gradients', async (...shapes) => {
    await compareWithCpu(product, factors(shapes));
    await compareWithCpu(gradients(product), factors(shapes));
  });

  it.each([...BROADCASTS, LARGE])('%j × %j', async (...shapes) => {
    await compareWithCpu(product, factors(shapes));
  });

  it('int32', async () => {
    await compareWithCpu(
      product,
      factors(
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
        'int32',
      ),
    );
  });
});

describe('tf.dot and tf.outerProduct', () => {
  it.each([
    [[4], [4]],
    [[3, 4], [4]],
    [[4], [4, 3]],
  ])('%j · %j', async (a, b) => {
    await compareWithCpu((x, y) => tf.dot(x, y), [sample(a, { seed: 1 }), sample(b, { seed: 2 })]);
  });
});

describe('_FusedMatMul', () => {
  const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
  it.each(ACTIVATIONS)('bias and %s', async (activation) => {
    const slopes = activation === 'prelu' ? { preluActivationWeights: sample([5], { seed: 4 }) } : {};
    const layer = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
      tf.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.3, ...slopes });
    const inputs = [sample([2, 3, 4], { seed: 1 }), sample([2, 4, 5], { seed: 2 }), sample([5], { seed: 3 })];
    await compareWithCpu(layer, inputs);
  });

  it.each(['linear', 'relu'] as const)('gradients with %s', async (activation) => {
    const layer = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
      tf.fused.matMul({ a, b, bias, activation, transposeB: true });
    const inputs = [sample([3, 4], { seed: 1 }), sample([5, 4], { seed: 2 }), sample([5], { seed: 3 })];
    await compareWithCpu(gradients(layer), inputs);
  });
});

describe('Einsum', () => {
  it.each([
    ['ij->ji', [[3, 4]]],
    ['ij->i', [[3, 4]]],
    ['i->', [[3]]],
    [
      'ij,jk->ik',
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      ' i j , k j -> k i ',
      [
        [3, 4],
        [5, 4],
      ],
    ],
    ['i,j->ij', [[3], [4]]],
    [
      'bij,bjk->bik',
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
    ],
    [
      'bnhd,bmhd->bhnm',
      [
        [2, 3, 2, 4],
        [2, 5, 2, 4],
      ],
    ],
    [
      'ij,ij->',
      [
        [3, 4],
        [3, 4],
      ],
    ],
  ] as const)('%s', async (equation, shapes) => {
    const inputs = shapes.map((shape, seed) => sample([...shape], { seed }));
    await compareWithCpu((...terms) => tf.einsum(equation, ...terms), inputs);
    const integers = shapes.map((shape, seed) => sample([...shape], { seed, dtype: 'int32' }));
    await compareWithCpu((...terms) => tf.einsum(equation, ...terms), integers);
  });
});

it('refuses to multiply bools', async () => {
  const bools = sample([2, 2], { dtype: 'bool' });
  await expect(compareWithCpu((x) => tf.matMul(x, x), [bools])).rejects.toThrow(
    /BatchMatMul got a tensor of bools/,
  );
});

function swapped(shape: Shape): Shape {
  return [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}
