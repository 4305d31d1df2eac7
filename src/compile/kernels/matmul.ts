// Matrix products: one node each. ONNX's MatMul has no transposes, ONNX Runtime's FusedMatMul takes them along for
// float32, which saves the copies that gradients would otherwise make.
// Batches are broadcast by numpy's rule; tfjs's cpu backend only gets those right where one side has no batch, or
// both have the same.

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.ts';
import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { currentCaller } from '../stack.ts';
import { refuseBool } from './conversion.ts';
import { fusedTail } from './fused-tail.ts';
import type { KernelCall, KernelTable } from './lowering.ts';
import { transpose } from './shape.ts';

export const matmulKernels: KernelTable = {
  BatchMatMul: product,
  _FusedMatMul: (call) => fusedTail(call, product(call)),
  Einsum({ inputs, attributes, build }) {
    const terms = Object.values(inputs);
    refuseBool('Einsum', ...terms);
    const equation: string = attributes.equation;
    const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, terms.length);
    const sizes = allDims.map((_, dim) => {
      const term = idDims.findIndex((dims) => dims.includes(dim));
      return terms[term]!.shape[idDims[term]!.indexOf(dim)]!;
    });
    // The letters of the result come first in allDims.
    const rank = equation.replaceAll(/\s/g, '').split('->')[1]!.length;
    const spec = { dtype: terms[0]!.dtype, shape: sizes.slice(0, rank) };
    return build.node('Einsum', terms, spec, { equation: { string: equation } });
  },
};

function product({ inputs, attributes, build }: KernelCall): Value {
  const a = inputs.a!;
  const b = inputs.b!;
  const { transposeA, transposeB } = attributes;
  refuseBool('BatchMatMul', a, b);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const spec = { dtype: a.dtype, shape: [...batch, rows, columns] };
  const inner = a.shape.at(transposeA ? -2 : -1);
  if (inner !== b.shape.at(transposeB ? -1 : -2)) {
    // tfjs leaves this to its kernels.
    const [left, right] = [a, b].map(({ shape }) => `[${shape.join(', ')}]`);
    throw new ShapeError(
      `matMul: expected equal inner sizes, got ${left}${transposeA ? 'ᵀ' : ''} · ${right}${transposeB ? 'ᵀ' : ''}.${currentCaller()}`,
    );
  }
  // A sum of nothing: FusedMatMul would leave whatever its memory held.
  if (inner === 0) return build.fill(spec.shape, 0, spec.dtype);
  if (!transposeA && !transposeB) return build.node('MatMul', [a, b], spec);
  if (a.dtype === 'float32') {
    return build.node('com.microsoft::FusedMatMul', [a, b], spec, {
      transA: { int: Number(transposeA) },
      transB: { int: Number(transposeB) },
    });
  }
  const left = transposeA ? swapLast(build, a) : a;
  const right = transposeB ? swapLast(build, b) : b;
  return build.node('MatMul', [left, right], spec);
}

function swapLast(build: GraphBuilder, x: Value): Value {
  const axes = [...x.shape.keys()];
  const [row, column] = axes.splice(-2) as [number, number]; // both factors are matrices
  return transpose(build, x, [...axes, column, row]);
}
