// Pictures [B, H, W, C] mirrored and at other sizes, and normalisations by and across channels. Resizing is linear in
// the picture and treats rows and columns alike, so that it is two products with small matrices, and its gradient the
// same with both transposed.

import type { GraphBuilder } from '../build.ts';
import type { Constant, Value } from '../graph.ts';
import { broadcastShape } from './broadcast.ts';
import type { KernelCall, KernelTable } from './lowering.ts';
import { BEFORE_START, slice } from './slicing.ts';

export const pictureKernels: KernelTable = {
  ResizeBilinear({ inputs, attributes, build }) {
    const x = build.cast(inputs.images!, 'float32');
    const [height, width] = attributes.size as [number, number];
    const rows = resizeMatrix(build, x.shape[1]!, height, bilinear, attributes);
    const columns = resizeMatrix(build, x.shape[2]!, width, bilinear, attributes);
    return multiply(build, x, rows, columns, false);
  },
  ResizeNearestNeighbor({ inputs, attributes, build }) {
    let x = inputs.images!;
    for (const axis of [1, 2]) {
      const size = x.shape[axis]!;
      const at = places(size, attributes.size[axis - 1], attributes);
      const chosen = build.ints(at.map((place) => nearest(place, size, attributes)));
      const shape = x.shape.with(axis, at.length);
      x = build.node('Gather', [x, chosen], { dtype: x.dtype, shape }, { axis: { int: axis } });
    }
    return x;
  },
  ResizeBilinearGrad: (call) => resizeGradient(call, bilinear),
  ResizeNearestNeighborGrad: (call) =>
    resizeGradient(call, (at, size, options) => ({ low: nearest(at, size, options), high: 0, share: 0 })),
  FlipLeftRight({ inputs, build }) {
    const x = inputs.image!;
    return slice(build, x, [0, 0, -1, 0], x.shape.with(2, BEFORE_START), x.shape, [1, 1, -1, 1]);
  },
  FusedBatchNorm: batchNorm,
  LRN({ inputs, attributes, build }) {
    const x = inputs.x!;
    return build.node('Mul', [x, power(build, localNorm(x, attributes, build), -attributes.beta)], x);
  },
  LRNGrad: localNormGradient,
};

/** tfjs's attributes of both ways of resizing. */
interface ResizeOptions {
  readonly alignCorners?: boolean;
  readonly halfPixelCenters?: boolean;
}

/** The place in the source, a fraction, of each of `target` places. */
function places(source: number, target: number, { alignCorners, halfPixelCenters }: ResizeOptions): number[] {
  const apart = alignCorners && target > 1 ? 1 : 0;
  const ratio = (source - apart) / (target - apart);
  return Array.from({ length: target }, (_, to) => ratio * (halfPixelCenters ? to + 0.5 : to));
}

function nearest(at: number, size: number, { alignCorners }: ResizeOptions): number {
  return Math.min(size - 1, alignCorners ? Math.round(at) : Math.floor(at));
}

/** Between which places one lies, and how much of it belongs to the higher. */
type Neighbours = (
  at: number,
  size: number,
  options: ResizeOptions,
) => { readonly low: number; readonly high: number; readonly share: number };

const bilinear: Neighbours = (at, size, { halfPixelCenters }) => {
  const place = halfPixelCenters ? at - 0.5 : at;
  const low = Math.max(0, Math.floor(place));
  return { low, high: Math.min(size - 1, Math.ceil(place)), share: place - low };
};

/** [target, source]: how much of every source place goes into every target place. */
function resizeMatrix(
  build: GraphBuilder,
  source: number,
  target: number,
  neighbours: Neighbours,
  options: ResizeOptions,
): Constant {
  const weights = new Float32Array(target * source);
  for (const [to, at] of places(source, target, options).entries()) {
    const { low, high, share } = neighbours(at, source, options);
    weights[to * source + low]! += 1 - share;
    weights[to * source + high]! += share;
  }
  return build.constant('float32', [target, source], weights);
}

/** rows · x · columnsᵀ for every picture and channel */
function multiply(build: GraphBuilder, x: Value, rows: Value, columns: Value, transposed: boolean): Value {
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number];
  const to = transposed ? 1 : 0;
  const [tall, wide] = [rows.shape[to]!, columns.shape[to]!];
  const product = (matrix: Value, y: Value, shape: readonly number[]): Value => {
    const spec = { dtype: 'float32', shape } as const;
    if (!transposed) return build.node('MatMul', [matrix, y], spec);
    return build.node('com.microsoft::FusedMatMul', [matrix, y], spec, { transA: { int: 1 } });
  };
  const lines = build.reshape(x, [batch, height, width * channels]);
  const shorter = product(rows, lines, [batch, tall, width * channels]);
  const pixels = build.reshape(shorter, [batch, tall, width, channels]);
  return product(columns, pixels, [batch, tall, wide, channels]);
}

/** tfjs's gradients do not look at halfPixelCenters. */
function resizeGradient({ inputs, attributes, build }: KernelCall, neighbours: Neighbours): Value {
  const dy = inputs.dy!;
  const [, height, width] = inputs.images!.shape;
  const options = { alignCorners: attributes.alignCorners };
  const rows = resizeMatrix(build, height!, dy.shape[1]!, neighbours, options);
  const columns = resizeMatrix(build, width!, dy.shape[2]!, neighbours, options);
  return multiply(build, dy, rows, columns, true);
}

/** (x − mean)·scale / √(variance + ε) + offset */
function batchNorm({ inputs, attributes, build }: KernelCall): Value {
  const { x, mean, variance, scale, offset } = inputs as Record<string, Value>;
  const binary = (op: string, a: Value, b: Value): Value =>
    build.node(op, [a, b], { dtype: 'float32', shape: broadcastShape(a, b) });
  const epsilon = build.scalar(attributes.varianceEpsilon ?? 1e-3);
  const shifted = binary('Add', variance!, epsilon);
  const deviation = build.node('Sqrt', [shifted], shifted);
  const centred = binary('Sub', x!, mean!);
  const scaled = scale === undefined ? centred : binary('Mul', centred, scale);
  const normal = binary('Div', scaled, deviation);
  return offset === undefined ? normal : binary('Add', normal, offset);
}

/** Sums over the channels within `radius`: x [..., C] times a band of ones [C, C]. */
function channelSums(build: GraphBuilder, x: Value, radius: number): Value {
  const channels = x.shape.at(-1)!;
  const band = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++) {
    const from = Math.max(0, i - radius);
    band.fill(1, i * channels + from, i * channels + Math.min(channels, i + radius + 1));
  }
  return build.node('MatMul', [x, build.constant('float32', [channels, channels], band)], x);
}

/** bias + alpha · the sum of squares nearby */
function localNorm(x: Value, attributes: KernelCall['attributes'], build: GraphBuilder): Value {
  const { depthRadius, bias, alpha } = attributes;
  const sums = channelSums(build, build.node('Mul', [x, x], x), depthRadius);
  const scaled = build.node('Mul', [sums, build.scalar(alpha)], x);
  return build.node('Add', [scaled, build.scalar(bias)], x);
}

function power(build: GraphBuilder, x: Value, exponent: number): Value {
  return build.node('Pow', [x, build.scalar(exponent)], x);
}

/** dy·norm^−β − 2αβ·x·sums(dy·y / norm) */
function localNormGradient({ inputs, attributes, build }: KernelCall): Value {
  const { x, y, dy } = inputs as Record<'x' | 'y' | 'dy', Value>;
  const { depthRadius, alpha, beta } = attributes;
  const binary = (op: string, a: Value, b: Value): Value => build.node(op, [a, b], x);
  const norm = localNorm(x, attributes, build);
  const direct = binary('Mul', dy, power(build, norm, -beta));
  const nearby = channelSums(build, binary('Div', binary('Mul', dy, y), norm), depthRadius);
  const indirect = binary('Mul', binary('Mul', x, nearby), build.scalar(2 * alpha * beta));
  return binary('Sub', direct, indirect);
}
