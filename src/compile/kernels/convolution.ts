// Convolutions and their gradients. ONNX has channels first, tfjs's default is channels last: what differs is
// transposed around one Conv or ConvTranspose. The gradient of a filter is itself a convolution, of the picture with
// the gradient, in which the channels take the place of the batch and strides that of dilations.

import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../build.ts';
import type { Attributes, Value } from '../graph.ts';
import { fusedTail } from './fused-tail.ts';
import type { KernelCall, KernelTable } from './lowering.ts';
import { transpose } from './shape.ts';
import { pad, slice } from './slicing.ts';

type Conv2DInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

export const convolutionKernels: KernelTable = {
  Conv2D: (call) => forward(call, false),
  FusedConv2D: (call) => fusedTail(call, forward(call, false)),
  DepthwiseConv2dNative: (call) => forward(call, true),
  FusedDepthwiseConv2D: (call) => fusedTail(call, forward(call, true)),
  Conv2DBackpropInput: (call) => inputGradient(call, false),
  DepthwiseConv2dNativeBackpropInput: (call) => inputGradient(call, true),
  Conv2DBackpropFilter: (call) => filterGradient(call, false),
  DepthwiseConv2dNativeBackpropFilter: (call) => filterGradient(call, true),
};

/** How a window moves: everything per axis, height then width. */
export interface Window {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right: just so much that the last window fits */
  readonly pads: readonly number[];
  /** rows and columns at the bottom and right that no window reaches */
  readonly rest: readonly [number, number];
}

export function windowOf(info: Conv2DInfo): Window {
  const strides = [info.strideHeight, info.strideWidth] as const;
  const before = [info.padInfo.top, info.padInfo.left];
  const kernel = [info.effectiveFilterHeight, info.effectiveFilterWidth];
  const sizes = [info.inHeight, info.inWidth];
  const missing = [info.outHeight, info.outWidth].map(
    (out, axis) => (out - 1) * strides[axis]! + kernel[axis]! - sizes[axis]! - before[axis]!,
  ) as [number, number]; // two axes in, two out
  return {
    strides,
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [...before, ...missing.map((size) => Math.max(0, size))],
    rest: [Math.max(0, -missing[0]), Math.max(0, -missing[1])],
  };
}

const CHANNELS_LAST_TO_FIRST = [0, 3, 1, 2];
const CHANNELS_FIRST_TO_LAST = [0, 2, 3, 1];

/** [B, H, W, C] → [B, C, H, W]; what has its channels first already stays. */
export function toChannelsFirst(build: GraphBuilder, x: Value, isLast = true): Value {
  return isLast ? transpose(build, x, CHANNELS_LAST_TO_FIRST) : x;
}

export function fromChannelsFirst(build: GraphBuilder, x: Value, isLast = true): Value {
  return isLast ? transpose(build, x, CHANNELS_FIRST_TO_LAST) : x;
}

/**
 * The rest where another window fits into it: with padding by a number tfjs counts windows along the width by the
 * height and the stride of the window, ONNX Runtime by the room there is.
 */
function spareOf({ strides, rest }: Window): [number, number] {
  return rest.map((left, axis) => (left >= strides[axis]! ? left : 0)) as [number, number]; // two axes in, two out
}

/** x [B, C, H, W] without what ONNX Runtime must not see. */
export function withoutSpare(build: GraphBuilder, x: Value, window: Window): Value {
  const spare = [0, 0, ...spareOf(window)];
  const shape = x.shape.map((size, axis) => size - spare[axis]!);
  return slice(build, x, [0, 0, 0, 0], shape, shape);
}

/** The gradient of {@link withoutSpare}: nothing comes from there. */
export function withSpare(build: GraphBuilder, dx: Value, window: Window): Value {
  const spare = [0, 0, ...spareOf(window)];
  const paddings = spare.map((size) => [0, size] as const);
  return pad(build, dx, paddings, build.scalar(0, dx.dtype));
}

/** The gradient dx [B, C, H, W] of windows that were moved over x, each times dy's element for it. */
export function spreadWindows(
  build: GraphBuilder,
  [dy, filter]: readonly [Value, Value],
  shape: readonly number[],
  window: Window,
  group = 1,
): Value {
  const spare = spareOf(window);
  const reached = shape.map((size, axis) => size - (spare[axis - 2] ?? 0));
  const rest = window.rest.map((left, axis) => left - spare[axis]!);
  const attributes = attributesOf(window, group, { output_padding: { ints: rest } });
  const dx = build.node('ConvTranspose', [dy, filter], { dtype: 'float32', shape: reached }, attributes);
  return withSpare(build, dx, window);
}

function infoOf(
  { attributes }: KernelCall,
  inShape: readonly number[],
  filterShape: readonly number[],
  isDepthwise: boolean,
): Conv2DInfo {
  type Four = [number, number, number, number];
  return tf.backend_util.computeConv2DInfo(
    [...inShape] as Four, // checked by tfjs
    [...filterShape] as Four,
    attributes.strides,
    attributes.dilations ?? 1,
    attributes.pad,
    attributes.dimRoundingMode,
    isDepthwise,
    tf.backend_util.convertConv2DDataFormat(attributes.dataFormat ?? 'NHWC'),
  );
}

function attributesOf(
  { strides, dilations, pads }: Window,
  group: number,
  more: Attributes = {},
): Attributes {
  return {
    strides: { ints: strides },
    dilations: { ints: dilations },
    pads: { ints: pads },
    group: { int: group },
    ...more,
  };
}

/** [KH, KW, I, O] → [O, I, KH, KW]; of depthwise filters [KH, KW, I, M] → [I·M, 1, KH, KW]. */
function filterFirst(build: GraphBuilder, filter: Value, isDepthwise: boolean): Value {
  const [height, width, inner, outer] = filter.shape as readonly [number, number, number, number];
  if (!isDepthwise) return transpose(build, filter, [3, 2, 0, 1]);
  return build.reshape(transpose(build, filter, [2, 3, 0, 1]), [inner * outer, 1, height, width]);
}

function forward(call: KernelCall, isDepthwise: boolean): Value {
  const { inputs, build } = call;
  const x = inputs.x!;
  const filter = inputs.filter!;
  const info = infoOf(call, x.shape, filter.shape, isDepthwise);
  const isLast = info.dataFormat === 'channelsLast';
  const window = windowOf(info);
  const y = build.node(
    'Conv',
    [withoutSpare(build, toChannelsFirst(build, x, isLast), window), filterFirst(build, filter, isDepthwise)],
    { dtype: 'float32', shape: [info.batchSize, info.outChannels, info.outHeight, info.outWidth] },
    attributesOf(window, isDepthwise ? info.inChannels : 1),
  );
  return fromChannelsFirst(build, y, isLast);
}

function inputGradient(call: KernelCall, isDepthwise: boolean): Value {
  const { inputs, attributes, build } = call;
  const info = infoOf(call, attributes.inputShape, inputs.filter!.shape, isDepthwise);
  const isLast = info.dataFormat === 'channelsLast';
  const dy = toChannelsFirst(build, inputs.dy!, isLast);
  const filter = filterFirst(build, inputs.filter!, isDepthwise);
  const shape = [info.batchSize, info.inChannels, info.inHeight, info.inWidth];
  const dx = spreadWindows(build, [dy, filter], shape, windowOf(info), isDepthwise ? info.inChannels : 1);
  return fromChannelsFirst(build, dx, isLast);
}

function filterGradient(call: KernelCall, isDepthwise: boolean): Value {
  const { inputs, attributes, build } = call;
  const info = infoOf(call, inputs.x!.shape, attributes.filterShape, isDepthwise);
  const isLast = info.dataFormat === 'channelsLast';
  const { strides, dilations, pads, rest } = windowOf(info);
  const { batchSize, inChannels, inHeight, inWidth, outChannels, filterHeight, filterWidth } = info;
  // x as [I, B, H, W] and dy as [O, B, OH, OW]; depthwise, x as [1, I·B, H, W], a group for each channel.
  const swap = [1, 0, 2, 3];
  let x = transpose(build, toChannelsFirst(build, inputs.x!, isLast), swap);
  const dy = transpose(build, toChannelsFirst(build, inputs.dy!, isLast), swap);
  if (isDepthwise) x = build.reshape(x, [1, inChannels * batchSize, inHeight, inWidth]);
  const rows = isDepthwise ? 1 : inChannels;
  const sizes = [filterHeight, filterWidth];
  // Where windows leave a rest, the filter seems larger by it.
  const reached = sizes.map((size, axis) => size + Math.floor(rest[axis]! / dilations[axis]!));
  const found = build.node(
    'Conv',
    [x, dy],
    { dtype: 'float32', shape: [rows, outChannels, ...reached] },
    attributesOf({ strides: dilations, dilations: strides, pads, rest }, isDepthwise ? inChannels : 1),
  );
  const shape = [rows, outChannels, ...sizes];
  const dw = slice(build, found, [0, 0, 0, 0], shape, shape);
  if (!isDepthwise) return transpose(build, dw, [2, 3, 0, 1]);
  const parts = build.reshape(dw, [inChannels, outChannels / inChannels, ...sizes]);
  return transpose(build, parts, [2, 3, 0, 1]);
}
