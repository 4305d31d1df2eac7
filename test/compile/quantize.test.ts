// Products in 8 bits: the weights as they are stored, the loss that is reported, and what is refused.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { createGraphBuilder } from '../../src/compile/build.ts';
import type { Constant, Graph, Node, Value } from '../../src/compile/graph.ts';
import {
  type CompileOptions,
  compile,
  exportOnnx,
  type OrtRuntime,
  type TensorFunction,
} from '../../src/compile/index.ts';
import { meanCosine, quantizeWeights } from '../../src/compile/quantize.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { relativeDifference, runtime } from './compare.ts';
import { graphOf, port, value } from './onnx-cases.ts';

expectNoLeaks();

/** x [4, rows] · kernel, in 8 bits. */
function quantized(kernel: Constant, bias: Constant | null = null): Node {
  const build = createGraphBuilder();
  const x = value('float32', [4, kernel.shape[0]!]);
  const operands: Value[] = bias === null ? [x, kernel] : [x, kernel, bias];
  const y = build.node(bias === null ? 'MatMul' : 'Gemm', operands, {
    dtype: 'float32',
    shape: [4, kernel.shape[1]!],
  });
  return quantizeWeights(graphOf([port('x', x)], build.nodes, [port('y', y)])).nodes[0]!;
}

function numbers(input: Value | null | undefined): number[] {
  return Array.from(input?.data ?? [], Number);
}

const { constant, fill } = createGraphBuilder();
const matrix = (rows: number, columns: number, values: number[]): Constant =>
  constant('float32', [rows, columns], Float32Array.from(values));

describe('weights', () => {
  it('are rounded by the largest of their column', () => {
    const { op, inputs } = quantized(matrix(3, 2, [127, -0.3, -64.4, 1, 0.6, 0.25]));
    const [, weights, scales, zeroPoint, bias] = inputs;
    expect([op, weights!.dtype, weights!.shape, zeroPoint, bias]).toEqual([
      'DynamicQuantizeMatMul',
      'int8',
      [3, 2],
      null,
      null,
    ]);
    expect(numbers(weights)).toEqual([127, -38, -64, 127, 1, 32]);
    expect(numbers(scales)).toEqual([1, Math.fround(1 / 127)]);
  });

  it('that are kept per head are quantised too', async () => {
    const perHead = tf.tensor(
      Float32Array.from({ length: 96 }, (_, i) => Math.sin(i)),
      [8, 3, 4],
    );
    const project = (x: tf.Tensor): tf.Tensor => tf.matMul(x as tf.Tensor2D, tf.reshape(perHead, [8, 12]));
    const bytes = exportOnnx(project, { inputs: [{ shape: [4, 8] }], precision: 'int8' });
    expect(Buffer.from(bytes).includes('DynamicQuantizeMatMul')).toBe(true);
    perHead.dispose();
  });

  it('of a column of zeros stay zeros', () => {
    const [, weights, scales] = quantized(matrix(2, 2, [0, 3, 0, -3])).inputs;
    expect(numbers(weights)).toEqual([0, 127, 0, -127]);
    expect(numbers(scales)).toEqual([1, Math.fround(3 / 127)]);
  });

  it('that are all equal are kept by one number and written out', () => {
    const [, weights, scales] = quantized(fill([3, 2], -0.5)).inputs;
    expect(numbers(weights)).toEqual(Array(6).fill(-127));
    expect(numbers(scales)).toEqual(Array(2).fill(Math.fround(0.5 / 127)));
  });

  it('keep their bias', () => {
    const bias = constant('float32', [2], Float32Array.of(1, 2));
    expect(quantized(matrix(1, 2, [1, 2]), bias).inputs[4]).toBe(bias);
    expect(quantized(matrix(1, 2, [1, 2]), fill([], 1)).op).toBe('Gemm'); // not one a column
  });

  it('that lie transposed are turned, once', async () => {
    const kernel = tf.tensor2d([1, 2, -4, 0.5, 8, 0.25], [3, 2]); // [O, I]
    const turned = tf.transpose(kernel);
    const [lying, upright] = [
      (x: tf.Tensor): tf.Tensor[] => {
        const first = tf.matMul(x as tf.Tensor2D, kernel, false, true);
        return [first, tf.matMul(tf.neg(x) as tf.Tensor2D, tf.transpose(kernel))];
      },
      (x: tf.Tensor): tf.Tensor[] => {
        const first = tf.matMul(x as tf.Tensor2D, turned);
        return [first, tf.matMul(tf.neg(x) as tf.Tensor2D, turned)];
      },
    ].map((fn) => exportOnnx(fn, { inputs: [{ shape: ['batch', 2] }], precision: 'int8' }));
    expect(lying).toEqual(upright);
    tf.dispose([kernel, turned]);
  });

  it('of several products are stored once', () => {
    const build = createGraphBuilder();
    const [x, kernel] = [value('float32', [2, 2]), matrix(2, 2, [1, 2, 3, 4])];
    const y = build.node('MatMul', [build.node('MatMul', [x, kernel], x), kernel], x);
    const { nodes } = quantizeWeights(graphOf([port('x', x)], build.nodes, [port('y', y)]));
    expect(nodes[0]!.inputs[1]).toBe(nodes[1]!.inputs[1]);
  });

  it('only: products of activations, of constants on the left and of stacks stay', () => {
    const build = createGraphBuilder();
    const [x, kernel] = [value('float32', [2, 2]), matrix(2, 2, [1, 2, 3, 4])];
    const stack = fill([3, 2, 2], 1);
    const y = [
      build.node('MatMul', [x, x], x),
      build.node('MatMul', [kernel, x], x),
      build.node('MatMul', [x, stack], stack),
      build.node('com.microsoft::FusedMatMul', [x, kernel], x, { transA: { int: 1 }, transB: { int: 1 } }),
      build.node('com.microsoft::FusedMatMul', [x, kernel], x, { transB: { int: 1 }, alpha: { float: 2 } }),
      build.node('Gemm', [x, kernel], x, { transB: { int: 1 } }),
      build.node('Gemm', [x, kernel], x, { alpha: { float: 2 } }),
    ];
    const graph: Graph = graphOf(
      [port('x', x)],
      build.nodes,
      y.map((one, i) => port(`y${i}`, one)),
    );
    expect(quantizeWeights(graph)).toEqual(graph);
  });
});

/** Compiles in 8 bits, calls once and gives the report and the largest relative difference. */
async function measure(
  fn: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  options: Partial<CompileOptions> = {},
): Promise<{ cosine: number | undefined; difference: number }> {
  const compiled = await compile(fn, { runtime, threads: 1, precision: 'int8', ...options });
  const [got, expected] = [await compiled(x), tf.tidy(() => fn(x))];
  const difference = relativeDifference(got.dataSync(), expected.dataSync());
  await compiled.dispose();
  tf.dispose([got, expected]);
  const [report] = compiled.reports;
  expect(report!.precision).toBe('int8');
  return { cosine: report!.cosine, difference };
}

describe('functions in 8 bits', () => {
  it('with zero columns and equal weights', async () => {
    const kernel = tf.tensor2d([1, 0, 2, -3, 0, 2], [2, 3]);
    const x = tf.randomNormal([4, 2], 0, 1, 'float32', 1);
    const fn = (x: tf.Tensor): tf.Tensor => {
      const y = tf.add(tf.matMul(x as tf.Tensor2D, kernel), [1, 2, 3]);
      return tf.matMul(y as tf.Tensor2D, tf.fill([3, 2], 0.25));
    };
    const { cosine, difference } = await measure(fn, x);
    expect(cosine).toBeGreaterThan(0.999);
    expect(difference).toBeLessThan(0.05);
    tf.dispose([kernel, x]);
  });

  it('of a small model: the cosine of its vectors is at least 0.99', async () => {
    const model = await ClippoModel.create(
      { variant: 'mu/16', imageSize: 32, embeddingDim: 16 },
      { seed: 2 },
    );
    const x = tf.randomUniform([3, 32, 32, 3], -1, 1, 'float32', 5);
    const fn = (x: tf.Tensor): tf.Tensor => model.network.apply(x) as tf.Tensor; // one tensor in, one out
    for (const options of [{}, { inputs: [{ shape: ['batch', 32, 32, 3] }] }] as const) {
      const { cosine } = await measure(fn, x, options);
      expect(cosine).toBeGreaterThan(0.99);
      expect(cosine).toBeLessThan(1);
    }
    x.dispose();
    model.dispose();
  });

  it('measure the loss on the sample that is given', async () => {
    const kernel = tf.tensor2d([1, 0, 0.001, 0], [2, 2]);
    const fn = (x: tf.Tensor): tf.Tensor => tf.matMul(x as tf.Tensor2D, kernel);
    const [easy, hard] = [tf.tensor2d([[1, 0]]), tf.tensor2d([[0, 1]])];
    const options = { inputs: [{ shape: [1, 2] }] };
    expect((await measure(fn, easy, { ...options, sample: [easy] })).cosine).toBeCloseTo(1, 5);
    // Beside 1, a weight of 0.001 is 0 in 8 bits.
    expect((await measure(fn, easy, { ...options, sample: [hard] })).cosine).toBe(0);
    tf.dispose([kernel, easy, hard]);
  });

  const x = [{ shape: [1, 2] }] as const;
  const REFUSED: [message: string, options: () => Partial<CompileOptions>, fn?: TensorFunction][] = [
    [
      "compile: precision: 'int8' is for functions that assign no variables.",
      () => ({}),
      (x: tf.Tensor) => {
        counter.assign(tf.add(counter, 1));
        return tf.exp(x);
      },
    ],
    ["compile: precision: expected 'fp32' or 'int8', got \"int4\".", () => ({ precision: 'int4' as 'int8' })],
    ['compile: sample: expected an array of tensors, got 3.', () => ({ sample: 3 as unknown as [] })],
    [
      "compile: sample: measures what precision: 'int8' loses. Leave it out, or ask for that.",
      () => ({ sample: [], precision: 'fp32' }),
    ],
    [
      'compile: sample: goes with `inputs`. Give both, or neither: the arguments of the first call are then the sample.',
      () => ({ sample: [], inputs: undefined as unknown as [] }),
    ],
    ['compile: sample: expected 1 inputs, got 0.', () => ({ sample: [] })],
    [
      'compile: sample: expected a batch of at least 1, got 0. Leave such calls out.',
      () => ({ sample: [tf.zeros([0, 2])], inputs: [{ shape: ['batch', 2] }] }),
    ],
    [
      'compile: sample: input_0: expected float32 [1, 2], got float32 [3].',
      () => ({ sample: [tf.tensor1d([1, 2, 3])] }),
    ],
  ];
  let counter: tf.Variable;
  it.each(REFUSED)('refuse: %s', async (message, options, fn = (x: tf.Tensor) => tf.exp(x)) => {
    counter = tf.tidy(() => tf.variable(tf.scalar(0)));
    const given: CompileOptions = { runtime, threads: 1, precision: 'int8', inputs: x, ...options() };
    await expect(compile(fn, given)).rejects.toThrow(message);
    tf.dispose(Array.isArray(given.sample) ? [counter, ...given.sample] : counter);
  });

  it('leave nothing behind when the sample fails', async () => {
    let opened = 0;
    const failing: OrtRuntime = {
      Tensor: runtime.Tensor,
      InferenceSession: {
        async create(model, options) {
          const session = await runtime.InferenceSession.create(model, options);
          if (opened++ > 0) return session; // of the fp32 reference, which runs first
          return { run: () => Promise.reject(new Error('no room')), release: () => session.release() };
        },
      },
    };
    const kernel = tf.ones([2, 3]);
    const compiling = compile((x: tf.Tensor2D) => tf.matMul(x, kernel as tf.Tensor2D), {
      runtime: failing,
      precision: 'int8',
      inputs: x,
    });
    await expect(compiling).rejects.toThrow('compiled function: ONNX Runtime failed: no room.');
    kernel.dispose();
  });

  it('are not exported where they assign variables', () => {
    const state = tf.tidy(() => tf.variable(tf.scalar(0)));
    const fn = (x: tf.Tensor): void => state.assign(tf.sum(x));
    expect(() => exportOnnx(fn, { inputs: x, precision: 'int8' })).toThrow(
      "exportOnnx: precision: 'int8' is for functions that assign no variables.",
    );
    state.dispose();
  });
});

describe('meanCosine', () => {
  const CASES: [what: string, a: number[], b: number[], width: number, expected: number][] = [
    ['the same', [1, 2, 3], [1, 2, 3], 3, 1],
    ['the same direction', [1, 2], [3, 6], 2, 1],
    ['opposites', [1, 2], [-1, -2], 2, -1],
    ['a right angle', [1, 0], [0, 5], 2, 0],
    ['45°', [1, 0], [1, 1], 2, Math.SQRT1_2],
    ['a mean over rows', [1, 0, 0, 1], [1, 0, 1, 0], 2, 0.5],
    ['nothing against nothing', [0, 0], [0, 0], 2, 1],
    ['nothing against something', [0, 0], [1, 0], 2, 0],
    ['numbers by themselves', [2, -3], [1, -1], 1, 1],
    ['no rows', [], [], 4, 1],
    ['no columns', [], [], 0, 1],
  ];
  it.each(CASES)('%s', (_, a, b, width, expected) => {
    expect(meanCosine(Float32Array.from(a), Float32Array.from(b), width)).toBeCloseTo(expected, 12);
  });
});
