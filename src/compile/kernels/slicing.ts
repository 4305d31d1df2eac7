// Kernels that cut tensors and put them together. Bounds are int64 inputs of their nodes, never attributes, so that a
// dimension can stay free.

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.ts';
import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { currentCaller } from '../stack.ts';
import { axisOf } from './axis.ts';
import type { KernelCall, KernelTable } from './lowering.ts';

/** Before every axis: the end of a slice that runs backwards to the first element. */
export const BEFORE_START = -(2 ** 31);

export const slicingKernels: KernelTable = {
  Slice({ inputs, attributes, build }) {
    const x = inputs.x!;
    const given = tf.slice_util.parseSliceParams(infoOf(x), attributes.begin, attributes.size);
    const [begin, size] = given as [number[], number[]]; // number[][] in tfjs's types
    tf.slice_util.assertParamsValid(infoOf(x), begin, size);
    const end = begin.map((start, axis) => start + size[axis]!);
    return slice(build, x, begin, end, size);
  },
  StridedSlice: stridedSlice,
  Reverse({ inputs, attributes, build }) {
    const x = inputs.x!;
    const axes = tf.util.parseAxisParam(attributes.dims, [...x.shape]);
    const isBack = x.shape.map((_, axis) => axes.includes(axis));
    // −1 is the last element, whatever the size.
    const begin = isBack.map((back) => (back ? -1 : 0));
    const end = x.shape.map((size, axis) => (isBack[axis] ? BEFORE_START : size));
    const strides = isBack.map((back) => (back ? -1 : 1));
    return slice(build, x, begin, end, x.shape, strides);
  },
  Concat: ({ inputs, attributes, build }) => concat(build, Object.values(inputs), attributes.axis),
  Pack({ inputs, attributes, build }) {
    const parts = Object.values(inputs);
    const axis = axisOf(attributes.axis, parts[0]!.shape.length + 1);
    const widened = parts.map((part) => build.reshape(part, part.shape.toSpliced(axis, 0, 1)));
    return concat(build, widened, axis);
  },
  SplitV({ inputs, attributes, build }) {
    const x = inputs.x!;
    const axis = axisOf(attributes.axis, x.shape.length);
    const sizes = tf.backend_util.prepareSplitSize(infoOf(x), attributes.numOrSizeSplits, axis);
    return split(build, x, sizes, axis);
  },
  Unpack({ inputs, attributes, build }) {
    const x = inputs.value!;
    const axis = axisOf(attributes.axis, x.shape.length);
    const sizes = new Array<number>(x.shape[axis]!).fill(1);
    const shape = x.shape.toSpliced(axis, 1);
    return split(build, x, sizes, axis).map((part) => build.reshape(part, shape));
  },
  PadV2({ inputs, attributes, build }) {
    const x = inputs.x!;
    return pad(build, x, attributes.paddings, build.scalar(attributes.constantValue, x.dtype));
  },
  MirrorPad: mirrorPad,
};

/** x from `begin` to before `end` along every axis, which gives `shape`. */
export function slice(
  build: GraphBuilder,
  x: Value,
  begin: readonly number[],
  end: readonly number[],
  shape: readonly number[],
  strides?: readonly number[],
): Value {
  const strideOf = (axis: number): number => strides?.[axis] ?? 1;
  // Axes taken whole are left out, a free batch among them.
  const axes = [...shape.keys()].filter(
    (axis) => begin[axis] !== 0 || end[axis] !== x.shape[axis] || strideOf(axis) !== 1,
  );
  if (axes.length === 0) return x;
  const [starts, ends] = [begin, end].map((list) => build.ints(axes.map((axis) => list[axis]!)));
  const steps = axes.map(strideOf);
  const inputs = [x, starts!, ends!, build.ints(axes)];
  if (steps.some((step) => step !== 1)) inputs.push(build.ints(steps));
  return build.node('Slice', inputs, { dtype: x.dtype, shape });
}

/** x with `filler` around it, so much before and after each axis. */
export function pad(
  build: GraphBuilder,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  filler: Value,
): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const pads = build.ints([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  return build.node('Pad', [x, pads, filler], { dtype: x.dtype, shape });
}

function concat(build: GraphBuilder, parts: readonly Value[], givenAxis: number): Value {
  const [first] = parts as readonly [Value]; // tfjs refuses to join nothing
  const axis = axisOf(givenAxis, first.shape.length);
  if (parts.length === 1) return first;
  // tfjs leaves this to its kernels.
  for (const { shape } of parts) {
    if (
      shape.length === first.shape.length &&
      shape.every((size, i) => i === axis || size === first.shape[i])
    )
      continue;
    throw new ShapeError(
      `concat: expected equal sizes but along axis ${axis}, got [${first.shape.join(', ')}] and [${shape.join(', ')}].${currentCaller()}`,
    );
  }
  const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const spec = { dtype: first.dtype, shape: first.shape.with(axis, length) };
  return build.node('Concat', parts, spec, { axis: { int: axis } });
}

function split(build: GraphBuilder, x: Value, sizes: readonly number[], axis: number): Value[] {
  if (sizes.length <= 1) return sizes.map(() => x);
  const specs = sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(axis, size) }));
  return build.multi('Split', [x, build.ints(sizes)], specs, { axis: { int: axis } });
}

/** tfjs resolves all masks and negative bounds; what remains is a slice and a reshape. */
function stridedSlice({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const { begin, end, strides, finalShapeSparse, finalShape } = tf.slice_util.sliceInfo(
    [...x.shape],
    attributes.begin,
    attributes.end,
    attributes.strides,
    attributes.beginMask,
    attributes.endMask,
    attributes.ellipsisMask,
    attributes.newAxisMask,
    attributes.shrinkAxisMask,
  );
  const bounds = end.map((stop) => (stop < 0 ? BEFORE_START : stop));
  const size =
    finalShapeSparse.length === x.shape.length
      ? finalShapeSparse
      : tf.slice_util.computeOutShape(begin, end, strides);
  return build.reshape(slice(build, x, begin, bounds, size, strides), finalShape);
}

/**
 * Each axis in turn: the first elements backwards, all, the last backwards. `reflect` leaves out the outermost.
 * ONNX's Pad knows no symmetric mode.
 */
function mirrorPad({ inputs, attributes, build }: KernelCall): Value {
  const offset = attributes.mode === 'reflect' ? 1 : 0;
  let x = inputs.x!;
  for (const [axis, [before, after]] of attributes.paddings.entries()) {
    const size = x.shape[axis]!;
    const backwards = (from: number, count: number): Value => {
      const begin = x.shape.map((_, i) => (i === axis ? from : 0));
      const end = x.shape.with(axis, from - count < 0 ? BEFORE_START : from - count);
      const strides = x.shape.map((_, i) => (i === axis ? -1 : 1));
      return slice(build, x, begin, end, x.shape.with(axis, count), strides);
    };
    const parts = [x];
    if (before > 0) parts.unshift(backwards(before - 1 + offset, before));
    if (after > 0) parts.push(backwards(size - 1 - offset, after));
    x = concat(build, parts, axis);
  }
  return x;
}

/** tfjs's utilities ask for tensors, of which they read the shape only. */
function infoOf({ shape }: Value): tf.Tensor {
  return { shape: [...shape], rank: shape.length } as tf.Tensor;
}
