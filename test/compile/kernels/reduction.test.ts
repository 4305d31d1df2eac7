// Reductions against tfjs cpu: along every kind of axes, over nothing, of all element types, with gradients.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { compareWithCpu } from '../compare.ts';
import { type DType, gradients, onEach, SHAPES, sample, useCpu } from './samples.ts';

useCpu();
beforeAll(() => {
  // tfjs's gradient of a product is written with this method, which tfjs-layers does not bring.
  Object.assign(tf.Tensor.prototype, {
    reshape(this: tf.Tensor, shape: number[]) {
      return tf.reshape(this, shape);
    },
  });
});

/** null for all of them */
type Axes = number | number[] | null;
type Reduction = (x: tf.Tensor, axes?: Axes, keepDims?: boolean) => tf.Tensor;

const NUMERIC: readonly (readonly [string, Reduction])[] = [
  ['sum', (x, axes, keepDims) => tf.sum(x, orAll(axes), keepDims)],
  ['mean', (x, axes, keepDims) => tf.mean(x, orAll(axes), keepDims)],
  ['max', (x, axes, keepDims) => tf.max(x, orAll(axes), keepDims)],
  ['min', (x, axes, keepDims) => tf.min(x, orAll(axes), keepDims)],
  ['prod', (x, axes, keepDims) => tf.prod(x, orAll(axes), keepDims)],
];
const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];

/** Every shape with every kind of axes it has. */
const CASES = SHAPES.flatMap((shape) => {
  const axes: Axes[] = [null, []];
  if (shape.length > 0) axes.push(0, -1);
  if (shape.length > 2) axes.push([0, 2], [-1, 1]);
  return axes.map((axis) => ({ shape, axis }));
});

function inputs(dtype: DType): tf.Tensor[] {
  return CASES.map(({ shape }, seed) => sample(shape, { seed, from: -2, to: 3, dtype }));
}

describe.each(NUMERIC)('%s', (name, reduce) => {
  it.each(DTYPES)('of %s', async (dtype) => {
    for (const keepDims of [false, true]) {
      await compareWithCpu((...xs) => xs.map((x, i) => reduce(x, CASES[i]!.axis, keepDims)), inputs(dtype));
    }
  });
  it('gradients', async () => {
    // tfjs's gradient of a product wants axes counted from the start, one at least.
    const cases = CASES.filter(({ axis }) => name !== 'prod' || axis === null || isPlain([axis].flat()));
    // Small, because the cosine of a large product upstream would magnify its last digit.
    const xs = cases.map(({ shape }, seed) => sample(shape, { seed, from: -1.2, to: 1.2 }));
    for (const keepDims of [false, true]) {
      const along = (x: tf.Tensor, i: number): tf.Tensor[] =>
        gradients((y) => reduce(y, cases[i]!.axis, keepDims))(x);
      await compareWithCpu((...ys) => ys.flatMap(along), xs);
    }
  });
  it('long rows', async () => {
    const x = sample([3, 1000], { from: 0.99, to: 1.01 });
    await compareWithCpu((y) => [reduce(y, 0), reduce(y, 1), reduce(y)], [x]);
  });
});

it.each([
  ['all', tf.all],
  ['any', tf.any],
] as const)('%s', async (_, reduce) => {
  for (const keepDims of [false, true]) {
    await compareWithCpu(
      (...xs) => xs.map((x, i) => reduce(x, orAll(CASES[i]!.axis), keepDims)),
      inputs('bool'),
    );
  }
});

it('infinities', async () => {
  const x = tf.tensor2d([
    [Infinity, 1, -2],
    [-Infinity, -Infinity, -Infinity],
    [1, Infinity, -Infinity],
  ]);
  for (const [, reduce] of NUMERIC) await compareWithCpu((y) => [reduce(y, 1), reduce(y, 0)], [x]);
});

it.each(NUMERIC.filter(([name]) => !['max', 'min'].includes(name)))('%s of NaN is NaN', async (_, reduce) => {
  const x = tf.tensor(
    Float32Array.from({ length: 600 }, (_, i) => (i % 37 === 5 ? NaN : 1)),
    [3, 20, 10],
  );
  await compareWithCpu((y) => [reduce(y), reduce(y, 0), reduce(y, 1), reduce(y, 2)], [x]);
});

describe.each([
  ['argMax', tf.argMax],
  ['argMin', tf.argMin],
] as const)('%s', (_, find) => {
  it.each(DTYPES)('of %s: the first of equals', async (dtype) => {
    const lists = SHAPES.filter((shape) => shape.length > 0);
    const xs = lists.map((shape, seed) => sample(shape, { seed, from: 0, to: 3, dtype }));
    const rounded = xs.map((x) => (dtype === 'float32' ? tf.round(x) : x));
    await compareWithCpu(
      onEach((x) => [find(x, 0), find(x, -1)]),
      rounded,
    );
  });
});

function isPlain(axes: readonly number[]): boolean {
  return axes.length > 0 && axes.every((axis) => axis >= 0);
}

function orAll(axes: Axes | undefined): number | number[] | undefined {
  return axes ?? undefined;
}
