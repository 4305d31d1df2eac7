// Convolutions against tfjs cpu: paddings, strides that leave a rest, dilations, both layouts, gradients.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { beforeAll, describe, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { gradients, type Shape, sample } from './samples.ts';

type Padding = 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;

interface Case {
  readonly x: Shape;
  readonly filter: Shape;
  readonly strides?: number | [number, number];
  readonly pad?: Padding;
  readonly dilations?: number | [number, number];
}

const CASES: readonly Case[] = [
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 4] },
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 4], pad: 'same' },
  { x: [2, 7, 6, 3], filter: [2, 3, 3, 4], pad: 'same', strides: 2 },
  { x: [2, 8, 6, 3], filter: [3, 2, 3, 4], strides: [3, 2] },
  { x: [1, 7, 7, 1], filter: [1, 1, 1, 1], strides: 3 },
  { x: [1, 8, 8, 2], filter: [4, 4, 2, 3], strides: 4 },
  { x: [2, 5, 5, 2], filter: [3, 3, 2, 2], pad: 1, strides: 2 },
  // tfjs has as many windows along the width as would fit if they were as wide as high.
  { x: [2, 6, 7, 2], filter: [4, 1, 2, 2], pad: 1 },
  { x: [2, 6, 7, 2], filter: [3, 2, 2, 2], pad: 0, strides: [2, 1] },
  {
    x: [2, 5, 4, 2],
    filter: [3, 2, 2, 2],
    pad: [
      [0, 0],
      [2, 1],
      [0, 1],
      [0, 0],
    ],
  },
  { x: [2, 9, 8, 2], filter: [3, 2, 2, 2], dilations: 2 },
  { x: [2, 9, 8, 2], filter: [3, 3, 2, 2], dilations: [3, 2], pad: 'same' },
];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function inputsOf(x: Shape, filter: Shape): tf.Tensor[] {
  return [sample(x, { seed: 1, from: -1, to: 1 }), sample(filter, { seed: 2, from: -1, to: 1 })];
}

describe('Conv2D', () => {
  it.each(CASES)('%j', async ({ x, filter, strides = 1, pad = 'valid', dilations = 1 }) => {
    const conv = (input: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
      tf.conv2d(input as tf.Tensor4D, weights as tf.Tensor4D, strides, pad, 'NHWC', dilations);
    await compareWithCpu(conv, inputsOf(x, filter));
    // tfjs has no gradient of dilated convolutions.
    if (dilations === 1) await compareWithCpu(gradients(conv), inputsOf(x, filter));
  });

  it('channels first', async () => {
    const conv = (input: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
      tf.conv2d(input as tf.Tensor4D, weights as tf.Tensor4D, 2, 'same', 'NCHW');
    await compareWithCpu(conv, inputsOf([2, 3, 7, 6], [3, 2, 3, 4]));
    await compareWithCpu(gradients(conv), inputsOf([2, 3, 7, 6], [3, 2, 3, 4]));
  });

  it.each(['ceil', 'floor', 'round'] as const)('outputs rounded by %s', async (rounding) => {
    const conv = (input: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
      tf.conv2d(input as tf.Tensor4D, weights as tf.Tensor4D, 3, 1, 'NHWC', 1, rounding);
    await compareWithCpu(conv, inputsOf([1, 6, 7, 2], [3, 3, 2, 2]));
  });

  it('conv1d', async () => {
    const conv = (input: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
      tf.conv1d(input as tf.Tensor3D, weights as tf.Tensor3D, 2, 'same');
    await compareWithCpu(conv, inputsOf([2, 7, 3], [3, 3, 4]));
    await compareWithCpu(gradients(conv), inputsOf([2, 7, 3], [3, 3, 4]));
  });
});

it.each([
  [2, 'same', [2, 8, 6, 3]],
  [2, 'valid', [2, 9, 7, 3]],
  [3, 'valid', [2, 13, 11, 3]],
] as const)('conv2dTranspose by %d, %s, and its gradients', async (stride, pad, shape) => {
  const up = (dy: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
    tf.conv2dTranspose(dy as tf.Tensor4D, filter as tf.Tensor4D, [...shape], stride, pad);
  await compareWithCpu(up, inputsOf([2, 4, 3, 5], [3, 3, 3, 5]));
  await compareWithCpu(gradients(up), inputsOf([2, 4, 3, 5], [3, 3, 3, 5]));
});

describe('DepthwiseConv2dNative', () => {
  it.each(CASES)('%j', async ({ x, filter, strides = 1, pad = 'valid', dilations = 1 }) => {
    // Strides and dilations at once are not allowed.
    const conv = (input: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
      tf.depthwiseConv2d(input as tf.Tensor4D, weights as tf.Tensor4D, strides, pad, 'NHWC', dilations);
    await compareWithCpu(conv, inputsOf(x, filter));
    if (dilations === 1) await compareWithCpu(gradients(conv), inputsOf(x, filter));
  });

  it('separable', async () => {
    const conv = (input: tf.Tensor, deep: tf.Tensor, point: tf.Tensor): tf.Tensor =>
      tf.separableConv2d(input as tf.Tensor4D, deep as tf.Tensor4D, point as tf.Tensor4D, 1, 'same');
    const inputs = [...inputsOf([2, 5, 6, 3], [3, 3, 3, 2]), sample([1, 1, 6, 4], { seed: 3 })];
    await compareWithCpu(conv, inputs);
    await compareWithCpu(gradients(conv), inputs);
  });
});

describe.each(['conv2d', 'depthwiseConv2d'] as const)('fused %s', (op) => {
  it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)(
    '%s',
    async (activation) => {
      const outer = op === 'conv2d' ? 4 : 6;
      const slopes =
        activation === 'prelu' ? { preluActivationWeights: sample([1, 1, outer], { seed: 4 }) } : {};
      const layer = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
        tf.fused[op]({
          x: x as tf.Tensor4D,
          filter: filter as tf.Tensor4D,
          strides: 1,
          pad: 'same',
          bias,
          activation,
          leakyreluAlpha: 0.3,
          ...slopes,
        });
      const filter = [3, 3, 3, op === 'conv2d' ? 4 : 2];
      await compareWithCpu(layer, [...inputsOf([2, 5, 6, 3], filter), sample([outer], { seed: 3 })]);
      // The activations of which tfjs has the gradient when fused.
      if (activation !== 'linear' && activation !== 'relu') return;
      await compareWithCpu(gradients(layer), [
        ...inputsOf([2, 5, 6, 3], filter),
        sample([outer], { seed: 3 }),
      ]);
    },
  );
});
