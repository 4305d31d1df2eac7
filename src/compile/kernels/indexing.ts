// Kernels that choose, place or find elements by indices. Indices out of range are an error both in tfjs's cpu
// backend and in ONNX Runtime, but Gather and GatherND take −1 for the last. Scattering goes row by row through
// ScatterElements, which keeps the order of the updates; ScatterND adds to the same place from several threads at
// once and loses some.

import { CompileError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import type { GraphBuilder } from '../build.ts';
import type { Value } from '../graph.ts';
import { axisOf } from './axis.ts';
import { refuseBool } from './conversion.ts';
import type { KernelCall, KernelTable } from './lowering.ts';
import { transpose } from './shape.ts';

export const indexingKernels: KernelTable = {
  GatherV2: gather,
  GatherNd({ inputs, build }) {
    const x = inputs.params!;
    const indices = inputs.indices!;
    const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(indices.shape.at(-1))];
    return build.node('GatherND', [x, build.cast(indices, 'int64')], { dtype: x.dtype, shape });
  },
  ScatterNd({ inputs, attributes, build }) {
    const updates = inputs.updates!;
    refuseBool('ScatterNd', updates);
    const zeros = build.fill(attributes.shape, 0, updates.dtype);
    return scatter(build, zeros, inputs.indices!, updates, 'add');
  },
  TensorScatterUpdate: ({ inputs, build }) =>
    scatter(build, inputs.tensor!, inputs.indices!, inputs.updates!, 'none'),
  SparseToDense({ inputs, attributes, build }) {
    const indices = inputs.sparseIndices!;
    const values = inputs.sparseValues!;
    const shape: number[] = attributes.outputShape;
    const spread = (x: Value, to: readonly number[]): Value =>
      build.node('Expand', [x, build.ints(to)], { dtype: x.dtype, shape: to });
    const count = indices.shape.length > 1 ? indices.shape.slice(0, 1) : [sizeOf(indices.shape)];
    const base = spread(inputs.defaultValue!, shape);
    return scatter(build, base, indices, spread(values, count), 'none');
  },
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  TopK: largest,
  SearchSorted({ inputs, attributes, build }) {
    const sequence = inputs.sortedSequence!;
    const values = inputs.values!;
    const [batch, length] = sequence.shape as readonly [number, number]; // tfjs makes both 2-d
    const [, count] = values.shape as readonly [number, number];
    // The place of a value is the number of elements before it.
    const op = attributes.side === 'left' ? 'Less' : 'LessOrEqual';
    const row = build.reshape(sequence, [batch, 1, length]);
    const column = build.reshape(values, [batch, count, 1]);
    const isBefore = build.node(op, [row, column], { dtype: 'bool', shape: [batch, count, length] });
    const spec = { dtype: 'int32', shape: [batch, count] } as const;
    const keepdims = { int: 0 };
    return build.node('ReduceSum', [build.cast(isBefore, 'int32'), build.ints([2])], spec, { keepdims });
  },
  Unique() {
    throw new CompileError(
      'compile: the shape of tf.unique depends on the data, but a compiled function has shapes known beforehand. Call it outside and hand its results in as inputs.',
    );
  },
};

function largest({ inputs, attributes, build }: KernelCall): readonly Value[] {
  const x = inputs.x!;
  refuseBool('TopK', x);
  const { k } = attributes;
  const shape = x.shape.with(-1, k);
  const specs = [
    { dtype: x.dtype, shape },
    { dtype: 'int64', shape },
  ] as const;
  // ONNX Runtime's TopK ends the process when there is nothing to find.
  if (sizeOf(shape) === 0) return [build.fill(shape, 0, x.dtype), build.fill(shape, 0, 'int32')];
  // Always sorted: `sorted: false` allows any order, and tfjs's is an accident of its algorithm.
  const [values, places] = build.multi('TopK', [x, build.ints([k])], specs) as [Value, Value];
  return [values, build.cast(places, 'int32')];
}

function gather({ inputs, attributes, build }: KernelCall): Value {
  const x = inputs.x!;
  const indices = inputs.indices!;
  const axis = axisOf(attributes.axis, x.shape.length);
  const batchDims = axisOf(attributes.batchDims ?? 0, indices.shape.length);
  if (batchDims === 0) {
    const spec = { dtype: x.dtype, shape: x.shape.toSpliced(axis, 1, ...indices.shape) };
    return build.node('Gather', [x, indices], spec, { axis: { int: axis } });
  }
  // GatherND chooses right after the batch, so axes between the two move behind and back again.
  const axes = [...x.shape.keys()];
  const batch = axes.slice(0, batchDims);
  const moved = transpose(build, x, [
    ...batch,
    axis,
    ...axes.slice(batchDims, axis),
    ...axes.slice(axis + 1),
  ]);
  const shape = [...indices.shape, ...moved.shape.slice(batchDims + 1)];
  const places = build.reshape(build.cast(indices, 'int64'), [...indices.shape, 1]);
  const chosen = build.node(
    'GatherND',
    [moved, places],
    { dtype: x.dtype, shape },
    {
      batch_dims: { int: batchDims },
    },
  );
  const order = [...shape.keys()];
  const end = indices.shape.length;
  const between = order.slice(end, end + axis - batchDims);
  return transpose(build, chosen, [
    ...batch,
    ...between,
    ...order.slice(batchDims, end),
    ...order.slice(end + between.length),
  ]);
}

/**
 * `base` with updates put in or added at `indices` [..., d], each of which names the first d coordinates of a slice.
 * Of several updates of one place the last stays, or all add up.
 */
function scatter(
  build: GraphBuilder,
  base: Value,
  indices: Value,
  updates: Value,
  reduction: 'add' | 'none',
): Value {
  const depth = indices.shape.length > 1 ? indices.shape.at(-1)! : 1;
  if (sizeOf(base.shape) === 0 || sizeOf(updates.shape) === 0) return base;
  const outer = base.shape.slice(0, depth);
  const width = sizeOf(base.shape.slice(depth));
  const count = sizeOf(updates.shape) / width;
  const rows = [sizeOf(outer), width];
  let places = build.reshape(build.cast(indices, 'int64'), [count, depth]);
  if (depth > 1) {
    // The number of a row: its coordinates times the rows that each step skips.
    const strides = outer.map((_, axis) => sizeOf(outer.slice(axis + 1)));
    const skipped = build.node('Mul', [places, build.ints(strides)], places);
    const spec = { dtype: 'int64', shape: [count, 1] } as const;
    places = build.node('ReduceSum', [skipped, build.ints([1])], spec, { keepdims: { int: 1 } });
  }
  const all = [count, width];
  const spread = build.node('Expand', [places, build.ints(all)], { dtype: 'int64', shape: all });
  const scattered = build.node(
    'ScatterElements',
    [build.reshape(base, rows), spread, build.reshape(updates, all)],
    { dtype: base.dtype, shape: rows },
    { axis: { int: 0 }, reduction: { string: reduction } },
  );
  return build.reshape(scattered, base.shape);
}

/** Rows of x added up by segment; those whose id is out of range count for none, in tfjs and here. */
function segmentSum({ inputs, attributes, build }: KernelCall): Value {
  const x = build.cast(inputs.x!, 'float32'); // of which tfjs's results are, whatever x is
  const ids = inputs.segmentIds!;
  const segments: number = attributes.numSegments;
  const [count] = ids.shape as readonly [number]; // 1-d
  const flags = { dtype: 'bool', shape: ids.shape } as const;
  const isHere = build.node(
    'And',
    [
      build.node('GreaterOrEqual', [ids, build.scalar(0, 'int32')], flags),
      build.node('Less', [ids, build.scalar(segments, 'int32')], flags),
    ],
    flags,
  );
  const places = build.node('Where', [isHere, ids, build.scalar(0, 'int32')], ids);
  const column = build.reshape(isHere, [count, ...x.shape.slice(1).map(() => 1)]);
  const updates = build.node('Where', [column, x, build.scalar(0)], x);
  return scatter(build, build.fill([segments, ...x.shape.slice(1)], 0), places, updates, 'add');
}

/** ONNX's OneHot wraps negative indices around, tfjs's does not: compare with 0, 1, … instead. */
function oneHot({ inputs, attributes, build }: KernelCall): Value {
  const indices = build.cast(inputs.indices!, 'int32');
  const { depth, dtype, onValue, offValue } = attributes;
  const [start, limit, delta] = [0, depth, 1].map((value) => build.scalar(value, 'int32'));
  const places = build.node('Range', [start!, limit!, delta!], { dtype: 'int32', shape: [depth] });
  const shape = [...indices.shape, depth];
  const column = build.reshape(indices, [...indices.shape, 1]);
  const isHot = build.node('Equal', [column, places], { dtype: 'bool', shape });
  if (onValue === 1 && offValue === 0) return build.cast(isHot, dtype);
  // ONNX Runtime's Where chooses between no bools.
  const chosen = dtype === 'bool' ? 'int32' : dtype;
  const choices = [isHot, build.scalar(onValue, chosen), build.scalar(offValue, chosen)];
  return build.cast(build.node('Where', choices, { dtype: chosen, shape }), dtype);
}
