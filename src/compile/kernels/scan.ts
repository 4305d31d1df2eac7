// What is left of many elements step by step along one axis: running sums and products, and counts by number.

import { sizeOf } from '../../shape.ts';
import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { axisOf } from './axis.ts';
import { counted, refuseBool } from './conversion.ts';
import type { KernelCall, KernelTable } from './lowering.ts';

export const scanKernels: KernelTable = {
  Cumsum({ inputs, attributes, build }) {
    const x = counted(build, inputs.x!);
    const axis = axisOf(attributes.axis, x.shape.length);
    return build.node('CumSum', [x, build.scalar(axis, 'int64')], x, {
      exclusive: { int: attributes.exclusive ? 1 : 0 },
      reverse: { int: attributes.reverse ? 1 : 0 },
    });
  },
  Cumprod: cumprod,
  Bincount({ inputs, attributes, build }) {
    const flat = { ...inputs, x: build.reshape(inputs.x!, [sizeOf(inputs.x!.shape)]) };
    return countAlongLast({ inputs: flat, attributes, build });
  },
  DenseBincount: countAlongLast,
};

/**
 * log₂ n times the product with itself, moved by 1, 2, 4 … places (Hillis and Steele's scan): ONNX has no operator.
 * Products far out of range may overflow where those in a row would not, and the other way round.
 */
function cumprod({ inputs, attributes, build }: KernelCall): Value {
  let x = counted(build, inputs.x!);
  const axis = axisOf(attributes.axis, x.shape.length);
  const size = x.shape[axis]!;
  const moved = (by: number): Value => shift(build, x, axis, attributes.reverse ? -by : by);
  if (attributes.exclusive && size > 0) x = moved(1);
  for (let by = 1; by < size; by *= 2) x = build.node('Mul', [x, moved(by)], x);
  return x;
}

/** x moved along an axis by at most its size; ones come in where elements leave. */
function shift(build: GraphBuilder, x: Value, axis: number, by: number): Value {
  const size = x.shape[axis]!;
  const ones = build.fill(x.shape.with(axis, Math.abs(by)), 1, x.dtype);
  const range = by > 0 ? [0, size - by] : [-by, size];
  const bounds = [...range, axis].map((bound) => build.ints([bound]));
  const kept = build.node('Slice', [x, ...bounds], {
    dtype: x.dtype,
    shape: x.shape.with(axis, size - Math.abs(by)),
  });
  return build.node('Concat', by > 0 ? [ones, kept] : [kept, ones], x, { axis: { int: axis } });
}

/**
 * How often 0, 1 … size − 1 occur, or the sum of their weights, along the last axis. Numbers out of range go to a
 * place behind the last that is cut off; negative ones too, where tfjs throws.
 */
function countAlongLast({ inputs, attributes, build }: KernelCall): Value {
  const [x, weights] = [inputs.x!, inputs.weights!];
  const { size, binaryOutput } = attributes;
  const { dtype } = weights;
  refuseBool('Bincount', weights);
  const before = x.shape.slice(0, -1);
  const axis = before.length;
  const isPresence = binaryOutput && axis > 0; // tfjs counts in a single list all the same
  const bounds = [build.scalar(-1, 'int32'), build.scalar(size, 'int32')];
  const places = build.node('Clip', [build.cast(x, 'int32'), ...bounds], { dtype: 'int32', shape: x.shape });
  const isWeighted = weights.shape.every((n) => n > 0) && !isPresence;
  const added = isWeighted ? build.reshape(weights, x.shape) : build.fill(x.shape, 1, dtype);
  const counts = build.node(
    'ScatterElements',
    [build.fill([...before, size + 1], 0, dtype), places, added],
    { dtype, shape: [...before, size + 1] },
    { axis: { int: axis }, reduction: { string: isPresence ? 'none' : 'add' } },
  );
  const cut = [build.ints([0]), build.ints([size]), build.ints([axis])];
  return build.node('Slice', [counts, ...cut], { dtype, shape: [...before, size] });
}
