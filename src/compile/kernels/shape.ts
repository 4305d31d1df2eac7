// Kernels that move elements without choosing or computing any: other shapes, other orders, repetitions, blocks.

import * as tf from '@tensorflow/tfjs-core';
import { CompileError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import { denseData, type GraphBuilder, ONNX_TYPE } from '../build.ts';
import { isConstant, type Value } from '../graph.ts';
import { axisOf } from './axis.ts';
import type { KernelCall, KernelTable } from './lowering.ts';
import { pad, slice } from './slicing.ts';

export const shapeKernels: KernelTable = {
  Reshape({ inputs, attributes, build }) {
    const x = inputs.x!;
    return build.reshape(x, tf.util.inferFromImplicitShape(attributes.shape, sizeOf(x.shape)));
  },
  ExpandDims({ inputs, attributes, build }) {
    const x = inputs.input!;
    return build.reshape(x, x.shape.toSpliced(axisOf(attributes.dim, x.shape.length + 1), 0, 1));
  },
  Transpose: ({ inputs, attributes, build }) => transpose(build, inputs.x!, attributes.perm),
  Tile: tile,
  Diag: diagonal,
  DepthToSpace: depthToSpace,
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  BroadcastArgs({ inputs, build }) {
    const [a, b] = [inputs.s0!, inputs.s1!].map(knownShape);
    const shape = Int32Array.from(tf.broadcast_util.assertAndGetBroadcastShape(a!, b!));
    return build.constant('int32', [shape.length], shape);
  },
};

/** x with its axes in another order; x itself where the order is the same. */
export function transpose(build: GraphBuilder, x: Value, perm: readonly number[]): Value {
  if (perm.every((axis, i) => axis === i)) return x;
  const shape = perm.map((axis) => x.shape[axis]!);
  return build.node('Transpose', [x], { dtype: x.dtype, shape }, { perm: { ints: perm } });
}

/** A shape that is data of the program. */
function knownShape(shape: Value): number[] {
  if (isConstant(shape)) return Array.from(denseData(shape), Number);
  throw new CompileError(
    'compile: tf.broadcastArgs got a shape that the function computes, but shapes must be known beforehand. Take them from tensor.shape.',
  );
}

function tile({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const reps: readonly number[] = attributes.reps;
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  if (reps.every((count) => count === 1)) return x;
  // Repeating single elements is broadcasting, which arithmetic does without a copy.
  const isBroadcast = reps.every((count, axis) => count === 1 || x.shape[axis] === 1);
  const [op, by] = isBroadcast ? ['Expand', shape] : ['Tile', reps];
  return build.node(op, [x, build.ints(by)], { dtype: x.dtype, shape });
}

/** A square of size² with x on its diagonal. */
function diagonal({ inputs, build }: KernelCall): Value {
  const x = inputs.x!;
  const size = sizeOf(x.shape);
  const square = { dtype: x.dtype, shape: [size, size] };
  const rows = build.node('Expand', [build.reshape(x, [size]), build.ints(square.shape)], square);
  // EyeLike knows no bools.
  const ones = { dtype: { int: ONNX_TYPE.float32 } };
  const zeros = build.fill(square.shape, 0);
  const isOn = build.cast(build.node('EyeLike', [zeros], zeros, ones), 'bool');
  const squared =
    x.dtype === 'bool'
      ? build.node('And', [isOn, rows], square)
      : build.node('Where', [isOn, rows, build.scalar(0, x.dtype)], square);
  return build.reshape(squared, [...x.shape, ...x.shape]);
}

function depthToSpace({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const block: number = attributes.blockSize;
  const isLast = attributes.dataFormat === 'NHWC';
  const [batch, ...sizes] = x.shape as readonly [number, number, number, number]; // checked by tfjs
  const [height, width, depth] = isLast ? sizes : [sizes[1], sizes[2], sizes[0]];
  const inner = depth / (block * block);
  const [tall, wide] = [height * block, width * block];
  if (isLast) {
    const parts = build.reshape(x, [batch, height, width, block, block, inner]);
    return build.reshape(transpose(build, parts, [0, 1, 3, 2, 4, 5]), [batch, tall, wide, inner]);
  }
  const parts = build.reshape(x, [batch, block, block, inner, height, width]);
  return build.reshape(transpose(build, parts, [0, 3, 4, 1, 5, 2]), [batch, inner, tall, wide]);
}

/** Both ways tfjs works out the shapes and orders in between. */
function spaceToBatch({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const block: number[] = attributes.blockShape;
  const rest = x.shape.slice(1 + block.length).map((): [number, number] => [0, 0]);
  const padded = pad(build, x, [[0, 0], ...attributes.paddings, ...rest], build.scalar(0, x.dtype));
  const shape = [...padded.shape];
  const split = tf.backend_util.getReshaped(shape, block, sizeOf(block), false);
  const perm = tf.backend_util.getPermuted(split.length, block.length, false);
  const joined = tf.backend_util.getReshapedPermuted(shape, block, sizeOf(block), false);
  return build.reshape(transpose(build, build.reshape(padded, split), perm), joined);
}

function batchToSpace({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const block: number[] = attributes.blockShape;
  const { crops } = attributes;
  const shape = [...x.shape];
  const split = tf.backend_util.getReshaped(shape, block, sizeOf(block));
  const perm = tf.backend_util.getPermuted(split.length, block.length);
  const joined = tf.backend_util.getReshapedPermuted(shape, block, sizeOf(block));
  const whole = build.reshape(transpose(build, build.reshape(x, split), perm), joined);
  // Those of the batch and the blocks; what follows stays whole.
  const given = tf.backend_util.getSliceBeginCoords(crops, block.length);
  const sizes = tf.backend_util.getSliceSize(joined, crops, block.length);
  const begin = joined.map((_, axis) => given[axis] ?? 0);
  const size = joined.map((length, axis) => sizes[axis] ?? length);
  const end = begin.map((start, axis) => start + size[axis]!);
  return slice(build, whole, begin, end, size);
}
