// What becomes one operator of ONNX Runtime, and what only looks as if it could.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../src/compile/index.ts';
import { attention, gelu, layerNorm } from '../../src/ops/index.ts';
import '../support/backends.ts';
import { compareWithCpu } from './compare.ts';
import { readOnnx } from './onnx-file.ts';

type Fn = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

/** Operators of the graph, how often each. */
function countOps(fn: Fn, inputs: readonly tf.Tensor[]): Record<string, number> {
  const { graph } = readOnnx(exportOnnx(fn, { inputs: inputs.map(({ shape }) => ({ shape })) }));
  const counts: Record<string, number> = {};
  for (const { op_type } of graph.node ?? []) counts[op_type] = (counts[op_type] ?? 0) + 1;
  return counts;
}

let seed = 0;
function normal(...shape: number[]): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, 'float32', ++seed);
}

/** A matrix that is no input: a constant of the graph. */
function known(rows: number, columns: number): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(1 + i)),
    [rows, columns],
  );
}

const HEADS = 2;
const SPLIT = [0, 2, 1, 3];

/** Tokens [B, N, D] as heads [B, A, N, d]. */
function split(tokens: tf.Tensor, heads = HEADS, perm = SPLIT): tf.Tensor4D {
  const [batch, count, width] = tokens.shape as [number, number, number];
  return tf.transpose(tf.reshape(tokens, [batch, count, heads, width / heads]), perm) as tf.Tensor4D; // of 4 axes
}

function attend(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.transpose(attention(split(query), split(key), split(value)), SPLIT);
}

/** Attention of plain tfjs; each part may be done otherwise. */
function spelledOut(
  [query, key, value]: [tf.Tensor, tf.Tensor, tf.Tensor],
  { scale = 0.5, weigh = (scores: tf.Tensor): tf.Tensor => tf.softmax(scores), merge = SPLIT } = {},
): tf.Tensor {
  const scores = tf.matMul(tf.mul(query, scale), key, false, true);
  return tf.transpose(tf.matMul(weigh(scores), value), merge);
}

const tokens = (): tf.Tensor[] => [normal(3, 4, 8), normal(3, 5, 8), normal(3, 5, 8)];

const FUSED: Record<string, { fn: Fn; inputs: () => tf.Tensor[]; ops: Record<string, number> }> = {
  'the attention of ops/': {
    fn: (q, k, v) => attend(q!, k!, v!),
    inputs: tokens,
    ops: { MultiHeadAttention: 1 },
  },
  'attention of plain tfjs': {
    fn: (q, k, v) => spelledOut([split(q!), split(k!), split(v!)]),
    inputs: tokens,
    ops: { MultiHeadAttention: 1 },
  },
  'attention without a factor': {
    fn: (q, k, v) => spelledOut([split(q!), split(k!), split(v!)], { scale: 1 }),
    inputs: tokens,
    ops: { MultiHeadAttention: 1 },
  },
  'two attentions, one upon the other': {
    fn: (x) => {
      const y = tf.tanh(tf.reshape(attend(x!, x!, x!), x!.shape));
      return attend(y, x!, y);
    },
    inputs: () => [normal(2, 5, 8)],
    ops: { MultiHeadAttention: 2 },
  },
  'a layer norm': {
    fn: (x, scale, bias) => layerNorm(x!, scale!, bias!),
    inputs: () => [normal(2, 3, 8), normal(8), normal(8)],
    ops: { LayerNormalization: 1 },
  },
  'a GELU': { fn: (x) => gelu(x!), inputs: () => [normal(5, 7)], ops: { FastGelu: 1 } },
  'a product and its bias': {
    fn: (x, b) => tf.add(tf.matMul(x!, known(3, 5)), b!),
    inputs: () => [normal(4, 3), normal(5)],
    ops: { Gemm: 1 },
  },
  'a bias and its product': {
    fn: (x, b) => tf.add(b!, tf.matMul(x!, known(3, 5))),
    inputs: () => [normal(4, 3), normal(5)],
    ops: { Gemm: 1 },
  },
  'a product and a bias that is the same everywhere': {
    fn: (x) => tf.add(tf.matMul(x!, known(3, 5)), tf.fill([5], 0.5)),
    inputs: () => [normal(4, 3)],
    ops: { Gemm: 1 },
  },
  'a product with the left side transposed': {
    fn: (x, k) => tf.matMul(tf.transpose(x!), k!),
    inputs: () => [normal(3, 4), normal(3, 5)],
    ops: { FusedMatMul: 1 },
  },
  'a product with both sides transposed': {
    fn: (x, k) => tf.matMul(tf.transpose(x!), tf.transpose(k!)),
    inputs: () => [normal(3, 4), normal(5, 3)],
    ops: { FusedMatMul: 1 },
  },
};

describe('one operator', () => {
  it.each(Object.entries(FUSED))('%s', async (_, { fn, inputs, ops }) => {
    const given = inputs();
    const found = countOps(fn, given);
    expect(found).toMatchObject(ops);
    for (const part of ['Softmax', 'MatMul', 'Transpose']) expect(found).not.toHaveProperty(part);
    await compareWithCpu(fn, given);
    tf.dispose(given);
  });
});

/** `parts` must stand on their own. */
const APART: Record<string, { fn: Fn; inputs: () => tf.Tensor[]; parts: string[] }> = {
  'attention whose gradient is taken': {
    fn: (...inputs) => tf.grads((...args: tf.Tensor[]) => attend(args[0]!, args[1]!, args[2]!))(inputs),
    inputs: tokens,
    parts: ['Softmax'],
  },
  'attention and its gradient': {
    fn: (x) => {
      const { value, grad } = tf.valueAndGrad((y) => tf.sum(tf.square(attend(y, y, y))))(x!);
      return [value, grad];
    },
    inputs: () => [normal(2, 5, 8)],
    parts: ['Softmax'],
  },
  'weights over the queries': {
    fn: (q, k, v) => {
      const swap = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 1, 3, 2]);
      const weigh = (scores: tf.Tensor): tf.Tensor => swap(tf.softmax(swap(scores)));
      return spelledOut([split(q!), split(k!), split(v!)], { weigh });
    },
    inputs: tokens,
    parts: ['Softmax'],
  },
  'weights that are returned': {
    fn: (q, k, v) => {
      let weights: tf.Tensor | undefined;
      const weigh = (scores: tf.Tensor): tf.Tensor => {
        weights = tf.softmax(scores);
        return weights;
      };
      return [spelledOut([split(q!), split(k!), split(v!)], { weigh }), weights!];
    },
    inputs: tokens,
    parts: ['Softmax'],
  },
  'scores that are returned': {
    fn: (q, k, v) => {
      let seen: tf.Tensor | undefined;
      const weigh = (scores: tf.Tensor): tf.Tensor => {
        seen = tf.clone(scores);
        return tf.softmax(scores);
      };
      return [spelledOut([split(q!), split(k!), split(v!)], { weigh }), seen!];
    },
    inputs: tokens,
    parts: ['Softmax'],
  },
  'scores with a mask': {
    fn: (q, k, v, mask) => {
      const weigh = (scores: tf.Tensor): tf.Tensor => tf.softmax(tf.add(scores, mask!));
      return spelledOut([split(q!), split(k!), split(v!)], { weigh });
    },
    inputs: () => [...tokens(), normal(4, 5)],
    parts: ['Softmax'],
  },
  'heads merged in another order': {
    fn: (q, k, v) => spelledOut([split(q!), split(k!), split(v!)], { merge: [2, 0, 1, 3] }),
    inputs: tokens,
    parts: ['Softmax'],
  },
  'heads split in another order': {
    fn: (q, k, v) => {
      const perm = [2, 0, 1, 3];
      return spelledOut([split(q!, HEADS, perm), split(k!, HEADS, perm), split(v!, HEADS, perm)]);
    },
    inputs: tokens,
    parts: ['Softmax'],
  },
  'one query for the whole batch': {
    fn: (q, k, v) => spelledOut([split(q!), split(k!), split(v!)]),
    inputs: () => [normal(1, 4, 8), normal(3, 5, 8), normal(3, 5, 8)],
    parts: ['Softmax'],
  },
  'attention that weighs all alike, since the operator takes 0 for no scale': {
    fn: (q, k, v) => spelledOut([split(q!), split(k!), split(v!)], { scale: 0 }),
    inputs: tokens,
    parts: ['Softmax'],
  },
  'a scale for each head': {
    fn: (q, k, v, scale) => spelledOut([tf.mul(split(q!), scale!), split(k!), split(v!)], { scale: 1 }),
    inputs: () => [...tokens(), normal(HEADS, 1, 1)],
    parts: ['Softmax'],
  },
  'a bias for each row': {
    fn: (x, b) => tf.add(tf.matMul(x!, known(3, 5)), b!),
    inputs: () => [normal(4, 3), normal(4, 1)],
    parts: ['MatMul', 'Add'],
  },
  'a bias for each element': {
    fn: (x, b) => tf.add(tf.matMul(x!, known(3, 5)), b!),
    inputs: () => [normal(4, 3), normal(4, 5)],
    parts: ['MatMul', 'Add'],
  },
  'a bias that stretches the product': {
    fn: (x, b) => tf.add(tf.matMul(x!, known(3, 1)), b!),
    inputs: () => [normal(4, 3), normal(5)],
    parts: ['MatMul', 'Add'],
  },
  'a product that is returned too': {
    fn: (x, b) => {
      const product = tf.matMul(x!, known(3, 5));
      return [product, tf.add(product, b!)];
    },
    inputs: () => [normal(4, 3), normal(5)],
    parts: ['MatMul', 'Add'],
  },
  'a product with a matrix that may change': {
    fn: (x, k, b) => tf.add(tf.matMul(x!, k!), b!),
    inputs: () => [normal(4, 3), normal(3, 5), normal(5)],
    parts: ['MatMul', 'Add'],
  },
  'products of stacks of matrices': {
    fn: (x, k, b) => tf.add(tf.matMul(x!, k!), b!),
    inputs: () => [normal(2, 4, 3), normal(2, 3, 5), normal(5)],
    parts: ['MatMul', 'Add'],
  },
};

describe('several operators', () => {
  it.each(Object.entries(APART))('%s', async (_, { fn, inputs, parts }) => {
    const given = inputs();
    const ops = countOps(fn, given);
    for (const part of parts) expect(ops).toHaveProperty(part);
    for (const fused of ['MultiHeadAttention', 'Gemm']) expect(ops).not.toHaveProperty(fused);
    await compareWithCpu(fn, given);
    tf.dispose(given);
  });
});
