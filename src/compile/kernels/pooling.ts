// The largest or the mean of each window, and their gradients.

import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../../shape.ts';
import type { Attributes, Value } from '../graph.ts';
import {
  fromChannelsFirst,
  spreadWindows,
  toChannelsFirst,
  windowOf,
  withoutSpare,
  withSpare,
} from './convolution.ts';
import type { KernelCall, KernelTable } from './lowering.ts';

type Pool2DInfo = ReturnType<typeof tf.backend_util.computePool2DInfo>;

export const poolingKernels: KernelTable = {
  MaxPool: (call) => pool(call, 'MaxPool'),
  // Means count only what lies within the picture, which is ONNX's default too.
  AvgPool: (call) => pool(call, 'AveragePool'),
  MaxPoolGrad: maxGradient,
  AvgPoolGrad: meanGradient,
};

function infoOf({ attributes }: KernelCall, x: Value): Pool2DInfo {
  return tf.backend_util.computePool2DInfo(
    [...x.shape] as [number, number, number, number], // checked by tfjs
    attributes.filterSize,
    attributes.strides,
    1,
    attributes.pad,
    attributes.dimRoundingMode,
  );
}

function attributesOf(info: Pool2DInfo): Attributes {
  const { strides, pads } = windowOf(info);
  return {
    kernel_shape: { ints: [info.filterHeight, info.filterWidth] },
    strides: { ints: strides },
    pads: { ints: pads },
  };
}

function pooledShape(info: Pool2DInfo): number[] {
  return [info.batchSize, info.outChannels, info.outHeight, info.outWidth];
}

function pool(call: KernelCall, op: string): Value {
  const { inputs, build } = call;
  const { dtype } = inputs.x!;
  // ONNX has neither for int32; as floats integers are exact up to 2²⁴.
  const x = toChannelsFirst(build, build.cast(inputs.x!, 'float32'));
  const info = infoOf(call, inputs.x!);
  const reached = withoutSpare(build, x, windowOf(info));
  const y = build.node(op, [reached], { dtype: 'float32', shape: pooledShape(info) }, attributesOf(info));
  return build.cast(fromChannelsFirst(build, y), dtype);
}

/** Each gradient goes to the place of its window's first maximum, which MaxPool tells as an index into all of x. */
function maxGradient(call: KernelCall): Value {
  const { inputs, build } = call;
  const info = infoOf(call, inputs.input!);
  const window = windowOf(info);
  const x = withoutSpare(build, toChannelsFirst(build, build.cast(inputs.input!, 'float32')), window);
  const dy = toChannelsFirst(build, inputs.dy!);
  const shape = pooledShape(info);
  const [, places] = build.multi(
    'MaxPool',
    [x],
    [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ],
    attributesOf(info),
  ) as [Value, Value];
  const flat = { dtype: 'float32', shape: [sizeOf(x.shape)] } as const;
  const count = [sizeOf(shape)];
  const scattered = build.node(
    'ScatterElements',
    [build.fill(flat.shape, 0), build.reshape(places, count), build.reshape(dy, count)],
    flat,
    { axis: { int: 0 }, reduction: { string: 'add' } },
  );
  return fromChannelsFirst(build, withSpare(build, build.reshape(scattered, x.shape), window));
}

/** tfjs divides by the size of the whole window here, also where it reaches beyond the picture. */
function meanGradient(call: KernelCall): Value {
  const { inputs, build } = call;
  const info = infoOf(call, inputs.input!);
  const { filterHeight, filterWidth, batchSize, inChannels, inHeight, inWidth } = info;
  const weight = 1 / (filterHeight * filterWidth);
  // Channels as batches, so that one small filter serves all.
  const dy = toChannelsFirst(build, inputs.dy!);
  const planes = build.reshape(dy, [batchSize * inChannels, 1, info.outHeight, info.outWidth]);
  const filter = build.fill([1, 1, filterHeight, filterWidth], weight);
  const shape = [batchSize * inChannels, 1, inHeight, inWidth];
  const dx = spreadWindows(build, [planes, filter], shape, windowOf(info));
  return fromChannelsFirst(build, build.reshape(dx, [batchSize, inChannels, inHeight, inWidth]));
}
