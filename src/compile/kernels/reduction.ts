// Many elements → one: along some axes, or along one axis step by step.
// Axes of size zero are answered here, since ONNX Runtime refuses most of them: what is left of nothing is known.

import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { axisOf } from './axis.ts';
import { counted } from './conversion.ts';
import type { KernelTable, Lowering } from './lowering.ts';

export const reductionKernels: KernelTable = {
  Sum: ({ inputs, attributes, build }) =>
    reduce(build, 'ReduceSum', counted(build, inputs.x!), attributes, 0),
  Prod: ({ inputs, attributes, build }) =>
    reduce(build, 'ReduceProd', counted(build, inputs.x!), attributes, 1),
  Mean: ({ inputs, attributes, build }) =>
    reduce(build, 'ReduceMean', build.cast(inputs.x!, 'float32'), attributes, 0),
  Max: ({ inputs, attributes: { reductionIndices, keepDims }, build }) =>
    extreme(build, 'ReduceMax', inputs.x!, { axis: reductionIndices, keepDims }),
  Min: ({ inputs, attributes, build }) => extreme(build, 'ReduceMin', inputs.x!, attributes),
  All: ({ inputs, attributes, build }) => extreme(build, 'ReduceMin', inputs.x!, attributes),
  Any: ({ inputs, attributes, build }) => extreme(build, 'ReduceMax', inputs.x!, attributes),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
};

interface Reduction {
  readonly axis?: number | readonly number[] | null;
  readonly keepDims?: boolean;
}

/** @param empty - the result over no elements */
function reduce(
  build: GraphBuilder,
  op: string,
  x: Value,
  { axis, keepDims = false }: Reduction,
  empty: number,
): Value {
  const axes = tf.util.parseAxisParam((axis ?? null) as number | number[], [...x.shape]);
  if (axes.length === 0) return x;
  const shape = x.shape.flatMap((size, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [size]));
  if (axes.some((i) => x.shape[i] === 0)) return build.fill(shape, empty, x.dtype);
  const spec = { dtype: x.dtype, shape };
  const keepdims = { int: keepDims ? 1 : 0 };
  // Operator set 17 has the axes of sums as an input and those of the others as an attribute.
  if (op === 'ReduceSum') return build.node(op, [x, build.ints(axes)], spec, { keepdims });
  return build.node(op, [x], spec, { axes: { ints: axes }, keepdims });
}

/** Largest or smallest, for bools whether any or all are true. ONNX Runtime may pass over NaNs, tfjs returns them. */
function extreme(build: GraphBuilder, op: string, x: Value, reduction: Reduction): Value {
  const empty = x.dtype === 'float32' ? Number.NaN : 0;
  if (x.dtype !== 'bool') return reduce(build, op, x, reduction, empty);
  return build.cast(reduce(build, op, build.cast(x, 'uint8'), reduction, empty), 'bool');
}

/** The first place of the largest or smallest. Where there are NaNs, which tfjs skips, any place may come. */
function argument(op: string): Lowering {
  return ({ inputs, attributes, build }) => {
    const x = counted(build, inputs.x!);
    const axis = axisOf([attributes.axis].flat()[0], x.shape.length);
    const shape = x.shape.filter((_, i) => i !== axis);
    if (x.shape[axis] === 0) return build.fill(shape, 0, 'int32');
    const attrs = { axis: { int: axis }, keepdims: { int: 0 } };
    return build.cast(build.node(op, [x], { dtype: 'int64', shape }, attrs), 'int32');
  };
}
