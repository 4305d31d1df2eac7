// Products with constant weights in 8 bits: weights are rounded once, with one scale per output channel; activations
// at every call, with one scale per tensor. ONNX Runtime's DynamicQuantizeMatMul does both at once.
// Reference: ONNX Runtime's dynamic quantisation; Jacob et al. 2018. Weights are symmetric, without zero points.

import type * as tf from '@tensorflow/tfjs-core';
import { denseData } from './build.ts';
import { type Attributes, type Constant, type Graph, isConstant, type Node, type Value } from './graph.ts';

/** The graph with every product of activations [..., I] and float weights [I, O] in 8 bits. */
export function quantizeWeights(graph: Graph): Graph {
  const upright = new Map<Value, Constant>();
  const quantized = new Map<Value, { weights: Constant; scales: Constant }>();
  const nodes = graph.nodes.map((node): Node => {
    const [x, given, bias = null] = node.inputs;
    if (!x || isConstant(x) || !isConstant(given) || !isProduct(node, given)) return node;
    const kernel = node.op === 'FusedMatMul' ? (upright.get(given) ?? transposed(given)) : given;
    if (kernel !== given) upright.set(given, kernel);
    const { weights, scales } = quantized.get(kernel) ?? quantizeColumns(kernel);
    quantized.set(kernel, { weights, scales });
    return {
      op: 'DynamicQuantizeMatMul',
      domain: 'com.microsoft',
      inputs: [x, weights, scales, null, bias],
      outputs: node.outputs,
      attributes: {},
    };
  });
  return { ...graph, nodes };
}

/** MatMul, FusedMatMul with the kernel transposed, or Gemm of nothing transposed or scaled and one bias per column. */
function isProduct(node: Node, kernel: Constant): boolean {
  if (kernel.dtype !== 'float32' || kernel.shape.length !== 2) return false;
  if (node.op === 'MatMul' && node.domain === '') return true;
  if (node.op === 'FusedMatMul') {
    const { transB, ...others } = node.attributes;
    return transB !== undefined && 'int' in transB && transB.int === 1 && isPlain(others);
  }
  if (node.op !== 'Gemm') return false;
  const bias = node.inputs[2] ?? null;
  return isPlain(node.attributes) && (bias === null || bias.shape.join() === String(kernel.shape[1]));
}

/** Factors of 1 and flags of 0. */
function isPlain(attributes: Attributes): boolean {
  return Object.values(attributes).every((attribute) =>
    'float' in attribute ? attribute.float === 1 : !('int' in attribute) || attribute.int === 0,
  );
}

/** [O, I] → [I, O] */
function transposed(kernel: Constant): Constant {
  const [rows, columns] = kernel.shape as [number, number];
  const dense = denseData(kernel) as Float32Array; // of a float32 constant
  const data = dense.map((_, i) => dense[(i % rows) * columns + Math.floor(i / rows)]!);
  return { ...kernel, shape: [columns, rows], data };
}

/** round(w / s) with s = max|w| / 127 for each column. */
function quantizeColumns(kernel: Constant): { weights: Constant; scales: Constant } {
  const [rows, columns] = kernel.shape as [number, number];
  const dense = denseData(kernel) as Float32Array; // of a float32 constant
  const scales = new Float32Array(columns);
  for (let i = 0; i < dense.length; i++) {
    const column = i % columns;
    scales[column] = Math.max(scales[column]!, Math.abs(dense[i]!));
  }
  // A column of zeros has any scale.
  for (let column = 0; column < columns; column++) scales[column] = (scales[column]! || 127) / 127;
  const data = new Int8Array(rows * columns);
  for (let i = 0; i < data.length; i++) data[i] = Math.round(dense[i]! / scales[i % columns]!);
  return {
    weights: { dtype: 'int8', shape: kernel.shape, data },
    scales: { dtype: 'float32', shape: [columns], data: scales },
  };
}

/** Mean cosine of the rows (last axis) of two results. */
export function meanCosine(a: tf.TypedArray, b: tf.TypedArray, width: number): number {
  let total = 0;
  const rows = a.length / width;
  for (let row = 0; row < rows; row++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) {
      const [x, y] = [a[i]!, b[i]!];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    total += aa === 0 && bb === 0 ? 1 : ab / Math.sqrt(aa * bb || 1);
  }
  return a.length === 0 ? 1 : total / rows;
}
