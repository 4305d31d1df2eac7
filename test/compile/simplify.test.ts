// Every rewrite of algebra.ts and fold.ts once, what they must leave alone, and that no bit changes on the way.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createGraphBuilder, type GraphBuilder } from '../../src/compile/build.ts';
import { type DType, type Graph, isConstant, type Value } from '../../src/compile/graph.ts';
import { compile, exportOnnx } from '../../src/compile/index.ts';
import { simplify } from '../../src/compile/simplify.ts';
import { createRandom } from '../../src/random.ts';
import { roundToBfloat16 } from '../../src/train/adafactor-rule.ts';
import '../support/backends.ts';
import { compareWithCpu, runtime } from './compare.ts';
import { graphOf, port, value } from './onnx-cases.ts';

type Build = (build: GraphBuilder, x: Value) => Value | Value[];

/** The simplified graph of what is built on x [2, 3]. */
function simplified(make: Build, x: Value = value('float32', [2, 3])): Graph {
  const build = createGraphBuilder();
  const results = [make(build, x)].flat();
  return simplify(
    graphOf(
      [port('x', x)],
      build.nodes,
      results.map((result, i) => port(`y${i}`, result)),
    ),
  );
}

function opsOf({ nodes }: Graph): string[] {
  return nodes.map(({ op }) => op);
}

const perm = (...axes: number[]) => ({ perm: { ints: axes } });
const spec = (shape: number[], dtype: DType = 'float32') => ({ dtype, shape });
const two = (op: string, left: number | null, right: number | null): Build => {
  return (build, x) => {
    const operand = (number: number | null): Value => (number === null ? x : build.fill([2, 3], number));
    return build.node(op, [operand(left), operand(right)], x);
  };
};

const REWRITTEN: [what: string, make: Build, left: string[]][] = [
  ['Identity', (build, x) => build.node('Identity', [x], x), []],
  ['x + −0', two('Add', null, -0), []],
  ['−0 + x', two('Add', -0, null), []],
  ['x − 0', two('Sub', null, 0), []],
  ['x · 1', two('Mul', null, 1), []],
  ['1 · x', two('Mul', 1, null), []],
  ['x / 1', two('Div', null, 1), []],
  ['Cast to its own type', (build, x) => build.node('Cast', [x], x, { to: { int: 1 } }), []],
  ['Expand to its own shape', (build, x) => build.node('Expand', [x, build.ints([2, 3])], x), []],
  ['Tile once', (build, x) => build.node('Tile', [x, build.ints([1, 1])], x), []],
  [
    'Slice of all',
    (build, x) => build.node('Slice', [x, build.ints([0]), build.ints([2]), build.ints([0])], x),
    [],
  ],
  ['Pad by nothing', (build, x) => build.node('Pad', [x, build.ints([0, 0, 0, 0])], x), []],
  ['Reshape to its own shape', (build, x) => build.node('Reshape', [x, build.ints([2, 3])], x), []],
  ['Reshape there and back', (build, x) => build.reshape(build.reshape(x, [6]), [2, 3]), []],
  ['Reshape twice', (build, x) => build.reshape(build.reshape(x, [6]), [3, 2]), ['Reshape']],
  [
    'Transpose there and back',
    (build, x) => build.node('Transpose', [build.node('Transpose', [x], spec([3, 2]))], x, perm(1, 0)),
    [],
  ],
  ['Transpose to the same order', (build, x) => build.node('Transpose', [x], x, perm(0, 1)), []],
  [
    'Transpose twice',
    (build, x) => {
      const cube = build.node('Expand', [x, build.ints([4, 2, 3])], spec([4, 2, 3]));
      const once = build.node('Transpose', [cube], spec([2, 3, 4]), perm(1, 2, 0));
      return build.node('Transpose', [once], spec([3, 4, 2]), perm(1, 2, 0));
    },
    ['Expand', 'Transpose'],
  ],
  [
    'Transpose of axes of size 1',
    (build, x) => build.node('Transpose', [build.reshape(x, [1, 2, 3])], spec([2, 1, 3]), perm(1, 0, 2)),
    ['Reshape'],
  ],
  ['Concat of one', (build, x) => build.node('Concat', [x], x, { axis: { int: 0 } }), []],
  ['Sum of one', (build, x) => build.node('Sum', [x], x), []],
  ['Sum of x and −0', (build, x) => build.node('Sum', [x, build.fill([2, 3], -0)], x), []],
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin'].map((op): [string, Build, string[]] => [
    `${op} over an axis of size 1`,
    (build, x) => build.node(op, [build.reshape(x, [2, 1, 3]), build.ints([1])], x),
    [],
  ]),
  [
    'Where of all',
    (build, x) => build.node('Where', [build.fill([2, 3], 1, 'bool'), x, build.scalar(7)], x),
    [],
  ],
  ['Where of none', (build, x) => build.node('Where', [build.scalar(0, 'bool'), build.scalar(7), x], x), []],
  [
    'what nobody reads',
    (build, x) => [build.node('Neg', [x], x), build.node('Exp', [x], x)].slice(0, 1),
    ['Neg'],
  ],
  [
    'what is computed twice',
    (build, x) => {
      const branch = (): Value => build.node('Exp', [build.node('Max', [x, build.scalar(Number.NaN)], x)], x);
      return [branch(), branch()];
    },
    ['Max', 'Exp'],
  ],
];

const KEPT: [what: string, make: Build][] = [
  ['x + 0, which makes 0 of −0', two('Add', null, 0)],
  ['x − −0, the same', two('Sub', null, -0)],
  ['0 − x', two('Sub', 0, null)],
  ['1 / x', two('Div', 1, null)],
  ['x · 0, which is NaN for ∞', two('Mul', null, 0)],
  ['Sum with 0', (build, x) => build.node('Sum', [x, build.scalar(0)], x)],
  [
    'an addition that stretches',
    (build, x) => build.node('Add', [x, build.fill([4, 2, 3], -0)], spec([4, 2, 3])),
  ],
  ['a cast', (build, x) => build.cast(x, 'int32')],
  [
    'a slice backwards',
    (build, x) => build.node('Slice', [x, ...[[1], [-3], [0], [-1]].map((part) => build.ints(part))], x),
  ],
  ['pads that cancel', (build, x) => build.node('Pad', [x, build.ints([1, 0, -1, 0])], x)],
  [
    'a transpose without elements',
    (build) => {
      const none = value('float32', [0, 1, 3]);
      return build.node('Transpose', [none], spec([1, 0, 3]), perm(1, 0, 2));
    },
  ],
  [
    'Where that stretches',
    (build, x) => build.node('Where', [build.scalar(1, 'bool'), build.scalar(7), x], x),
  ],
];

describe('algebra', () => {
  it.each(REWRITTEN)('%s', (_, make, left) => {
    const graph = simplified(make);
    expect(opsOf(graph)).toEqual(left);
    if (left.length === 0) expect(graph.outputs[0]!.value).toBe(graph.inputs[0]!.value);
  });

  it.each(KEPT)('keeps %s', (_, make) => expect(simplified(make).nodes).toHaveLength(1));

  it('keeps constants apart that compare as equal, and attributes that JSON takes for equal', () => {
    const pair = (op: string, first: number, second: number): Build => {
      return (build, x) => [first, second].map((number) => build.node(op, [x, build.scalar(number)], x));
    };
    expect(simplified(pair('Max', 0, -0)).nodes).toHaveLength(2);
    expect(simplified(pair('Max', 3, 3)).nodes).toHaveLength(1);
    const leaky = (alpha: number) => ({ alpha: { float: alpha } });
    const both: Build = (build, x) =>
      [Number.NaN, Infinity].map((alpha) => build.node('LeakyRelu', [x], x, leaky(alpha)));
    expect(simplified(both).nodes).toHaveLength(2);
  });

  it('keeps the shape of what PRelu stretches its slope to', async () => {
    const fn = (slope: tf.Tensor): tf.Tensor => tf.pad(tf.prelu(tf.fill([3], -1), slope), [[1, 0]]);
    const slope = tf.tensor1d([1, 2, 3]);
    await compareWithCpu(fn, [slope]);
    slope.dispose();
  });

  it('keeps draws of random numbers apart', () => {
    const noise: Build = (build, x) => [0, 1].map(() => build.node('RandomNormalLike', [x], x));
    expect(simplified(noise).nodes).toHaveLength(2);
  });
});

/** Operator, numbers it is given, the number it gives; whether that is a bool. */
const FOLDED: [op: string, given: number[], expected: number, dtype?: DType][] = [
  ['Add', [1.5, 2], 3.5],
  ['Sub', [1.5, 2], -0.5],
  ['Mul', [-1.5, 0], -0],
  ['Mul', [Infinity, 0], Number.NaN],
  ['Div', [1, -0], -Infinity],
  ['Pow', [2, 10], 1024],
  ['Max', [1, Number.NaN], Number.NaN],
  ['Min', [2, 1], 1],
  ['Sum', [1, 2, 4], 7],
  ['Neg', [0], -0],
  ['Abs', [-2], 2],
  ['Exp', [0], 1],
  ['Log', [1], 0],
  ['Sqrt', [9], 3],
  ['Reciprocal', [4], 0.25],
  ['Sigmoid', [0], 0.5],
  ['Tanh', [0], 0],
  ['Relu', [-3], 0],
  ['Floor', [-1.5], -2],
  ['Ceil', [1.5], 2],
  ['Cast', [3], 3, 'int32'],
  ['Cast', [Number.NaN], 1, 'bool'],
  ['Not', [1], 0, 'bool'],
  ['And', [1, 0], 0, 'bool'],
  ['Or', [1, 0], 1, 'bool'],
  ['Equal', [2, 2], 1, 'bool'],
  ['Less', [1, 2], 1, 'bool'],
  ['LessOrEqual', [2, 1], 0, 'bool'],
  ['Greater', [1, 2], 0, 'bool'],
  ['GreaterOrEqual', [2, 2], 1, 'bool'],
  ['Where', [0, 5, 6], 6],
  ['ReduceSum', [2], 12],
  ...['Identity', 'Reshape', 'Expand', 'Transpose', 'Squeeze', 'Unsqueeze', 'Tile', 'Slice', 'Gather'].map(
    (op): [string, number[], number] => [op, [7], 7],
  ),
  ...['Flatten', 'ReduceMean', 'ReduceMax', 'ReduceMin'].map((op): [string, number[], number] => [
    op,
    [7],
    7,
  ]),
];

describe('what is the same everywhere', () => {
  it.each(FOLDED)('%s of %j is %d', (op, given, expected, dtype = 'float32') => {
    const shape = op === 'ReduceSum' ? [1] : [2, 3];
    const { nodes, outputs } = simplified((build) => {
      const inputs = given.map((number) => build.fill([2, 3], number));
      return build.node(op, inputs, spec(shape, dtype));
    });
    expect(nodes).toEqual([]);
    const result = outputs[0]!.value;
    expect(isConstant(result) && Array.from(result.data, Number)).toEqual([expected]);
    expect(result).toMatchObject({ dtype, shape });
  });

  const LEFT: [what: string, make: Build][] = [
    [
      'integers that overflow',
      (b) => b.node('Add', [b.scalar(2 ** 31 - 1, 'int32'), b.scalar(1, 'int32')], spec([], 'int32')),
    ],
    [
      'quotients of integers',
      (b) => b.node('Div', [b.scalar(-7, 'int32'), b.scalar(2, 'int32')], spec([], 'int32')),
    ],
    ['NaN as an integer', (b) => b.cast(b.scalar(Number.NaN), 'int32')],
    ['the largest of nothing', (b) => b.node('ReduceMax', [b.fill([0], 1)], spec([]))],
    ["ONNX Runtime's own operators", (b) => b.node('com.microsoft::FastGelu', [b.scalar(1)], spec([]))],
    ['operators with several outputs', (b) => b.multi('Split', [b.fill([2], 1)], [spec([1]), spec([1])])],
  ];
  it.each(LEFT)('leaves %s to the runtime', (_, make) => expect(simplified(make).nodes).toHaveLength(1));

  const zeros = (): tf.Tensor => tf.zeros([1000, 1000]);
  const captured = zeros();
  const LARGE: [what: string, fn: (x: tf.Tensor) => tf.Tensor][] = [
    ['captured', (x) => tf.add(x, captured)],
    ['made', (x) => tf.add(x, zeros())],
    ['returned', () => tf.fill([1000, 1000], 3)],
    ['within gradients', (x) => tf.grad((y) => tf.mul(tf.sum(tf.relu(y)), 2))(x)],
  ];
  it.each(LARGE)('takes no room in the file: %s', (_, fn) => {
    expect(exportOnnx(fn, { inputs: [{ shape: [1000, 1000] }] }).length).toBeLessThan(2000);
  });
});

/** Each with its reciprocal, which tells the zeros apart. */
const PROGRAMS: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  'x + 0': (x) => tf.add(x, 0),
  'x + −0': (x) => tf.add(x, -0),
  'x − 0': (x) => tf.sub(x, 0),
  'x − −0': (x) => tf.sub(x, -0),
  'x · 0': (x) => tf.mul(x, 0),
  'x · 1': (x) => tf.mul(1, x),
  'x / 1': (x) => tf.div(x, 1),
  'a sum with zeros': (x) => tf.addN([x, tf.zerosLike(x)]),
  'transposed twice': (x) => tf.transpose(tf.transpose(tf.reshape(x, [2, 1, 4]), [2, 0, 1]), [1, 2, 0]),
  'a maximum over one': (x) => tf.max(tf.expandDims(x, 1), 1),
  'chosen by a constant': (x) => tf.where(tf.cast(tf.ones([8]), 'bool'), x, tf.zeros([8])),
  'computed twice': (x) => tf.mul(tf.exp(x), tf.exp(x)),
};

describe('values', () => {
  it.each(Object.entries(PROGRAMS))('of %s stay to the bit, NaN, ∞ and −0 too', async (_, program) => {
    const x = tf.tensor1d([0, -0, 1, -1.5, Infinity, -Infinity, Number.NaN, 1e-40]);
    const fn = (x: tf.Tensor): tf.Tensor[] => [program(x), tf.div(1, program(x))];
    await compareWithCpu(fn, [x], { tolerance: 1e-7 });
    x.dispose();
  });

  it('without elements', async () => {
    const x = tf.zeros([0, 1, 3]);
    await compareWithCpu((x) => tf.transpose(x, [1, 0, 2]), [x]);
    x.dispose();
  });

  it('of a rounding trick stay to the bit', async () => {
    const random = createRandom(1, 'veltkamp');
    const values = Float32Array.from(
      { length: 10_000 },
      () => random.normal() * 2 ** (random.integer(200) - 100),
    );
    const x = tf.tensor1d(values);
    const round = await compile(roundToBfloat16, { runtime, threads: 1 });
    const [got, expected] = [await round(x), roundToBfloat16(x)];
    const bits = (of: tf.Tensor): Int32Array => new Int32Array(of.dataSync<'float32'>().slice().buffer);
    expect(bits(got)).toEqual(bits(expected));
    await round.dispose();
    tf.dispose([x, got, expected]);
  });
});
