// Every hand-written primitive: value against the textbook formula in plain float64 JavaScript, gradient against
// finite differences of that formula, and the wasm backend against the cpu one.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attention, gelu, l2Normalize, layerNorm, linear } from '../../src/ops/index.ts';
import { createRandom } from '../../src/random.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { finiteDifferences } from '../support/finite-differences.ts';
import { readGoldenNpz } from '../support/golden.ts';

type Arrays = Float32Array[];

interface Case {
  readonly name: string;
  readonly shapes: number[][];
  readonly outputShape: number[];
  readonly op: (...args: tf.Tensor[]) => tf.Tensor;
  /** the same in float64 */
  readonly formula: (...args: Arrays) => number[];
}

const CASES: Case[] = [
  {
    name: 'layerNorm [2, 3, 5]',
    shapes: [[2, 3, 5], [5], [5]],
    outputShape: [2, 3, 5],
    op: (x, scale, bias) => layerNorm(x!, scale!, bias!),
    formula: (x, scale, bias) =>
      rows(x!, 5).flatMap((row) => {
        const mean = sum(row) / 5;
        const variance = sum(row.map((v) => (v - mean) ** 2)) / 5;
        return row.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-6)) * scale![i]! + bias![i]!);
      }),
  },
  {
    name: 'layerNorm [4]',
    shapes: [[4], [4], [4]],
    outputShape: [4],
    op: (x, scale, bias) => layerNorm(x!, scale!, bias!),
    formula: (x, scale, bias) => {
      const mean = sum([...x!]) / 4;
      const variance = sum([...x!].map((v) => (v - mean) ** 2)) / 4;
      return [...x!].map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-6)) * scale![i]! + bias![i]!);
    },
  },
  {
    name: 'gelu [3, 7]',
    shapes: [[3, 7]],
    outputShape: [3, 7],
    op: (x) => gelu(x!),
    formula: (x) =>
      [...x!].map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
  },
  {
    name: 'l2Normalize [3, 4]',
    shapes: [[3, 4]],
    outputShape: [3, 4],
    op: (x) => l2Normalize(x!),
    formula: (x) => rows(x!, 4).flatMap((row) => row.map((v) => v / (Math.hypot(...row) + 1e-8))),
  },
  {
    name: 'linear [2, 3, 4] x [4, 5]',
    shapes: [[2, 3, 4], [4, 5], [5]],
    outputShape: [2, 3, 5],
    op: (x, kernel, bias) => linear(x!, kernel as tf.Tensor2D, bias as tf.Tensor1D),
    formula: (x, kernel, bias) =>
      rows(x!, 4).flatMap((row) =>
        [...bias!].map((b, o) => b + sum(row.map((v, i) => v * kernel![i * 5 + o]!))),
      ),
  },
  {
    name: 'attention [2, 2, 3, 4], 5 keys',
    shapes: [
      [2, 2, 3, 4],
      [2, 2, 5, 4],
      [2, 2, 5, 4],
    ],
    outputShape: [2, 2, 3, 4],
    op: (q, k, v) => attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D),
    formula: (q, k, v) =>
      rows(q!, 4).flatMap((query, n) => {
        const head = Math.floor(n / 3);
        const keys = rows(k!, 4).slice(head * 5, head * 5 + 5);
        const values = rows(v!, 4).slice(head * 5, head * 5 + 5);
        const scores = keys.map((key) => Math.exp(sum(key.map((x, i) => x * query[i]!)) / 2));
        return query.map((_, i) => sum(values.map((value, j) => (value[i]! * scores[j]!) / sum(scores))));
      }),
  },
];

function rows(data: Float32Array, width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, i) => [
    ...data.subarray(i * width, (i + 1) * width),
  ]);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function randomArray(shape: readonly number[], stream: string): Float32Array {
  const random = createRandom(3, stream);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
}

/** Value and gradients of sum(op · dy). */
function evaluate(
  testCase: Case,
  inputs: Arrays,
  dy: Float32Array,
): { value: Float32Array; gradients: Arrays } {
  return tf.tidy(() => {
    const tensors = inputs.map((data, i) => tf.tensor(data.slice(), testCase.shapes[i]!));
    const upstream = tf.tensor(dy, testCase.outputShape);
    const value = testCase.op(...tensors);
    expect(value.shape).toEqual(testCase.outputShape);
    const gradients = tf.grads((...args) => testCase.op(...args))(tensors, upstream);
    gradients.forEach((gradient, i) => {
      expect(gradient.shape).toEqual(testCase.shapes[i]);
    });
    return {
      value: value.dataSync() as Float32Array,
      gradients: gradients.map((gradient) => gradient.dataSync() as Float32Array),
    };
  });
}

describe.each(BACKENDS)('ops on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks();

  it.each(CASES)('$name: value and gradient', (testCase) => {
    const inputs = testCase.shapes.map((shape, i) => randomArray(shape, `${testCase.name}/${i}`));
    const dy = randomArray(testCase.outputShape, `${testCase.name}/dy`);
    const { value, gradients } = evaluate(testCase, inputs, dy);
    expect(maxAbsDifference(value, testCase.formula(...inputs))).toBeLessThan(3e-6);

    const objective = (): number => sum(testCase.formula(...inputs).map((y, i) => y * dy[i]!));
    gradients.forEach((gradient, i) => {
      const indices = Array.from(gradient.keys());
      const expected = finiteDifferences(objective, inputs[i]!, indices, 1e-3);
      const scale = Math.max(...expected.map(Math.abs));
      expect(maxAbsDifference(gradient, expected), `input ${i}`).toBeLessThan(1e-2 * scale);
    });
  });

  it('l2Normalize agrees with the golden normalisation', () => {
    const golden = readGoldenNpz('loss/normalize.npz');
    const [x, dz] = ['x', 'dz'].map((name) => golden.get(name)!.data as Float32Array) as [
      Float32Array,
      Float32Array,
    ];
    const [rows, width] = golden.get('x')!.shape as [number, number];
    const [z, dx] = tf.tidy(() => {
      const input = tf.tensor2d(x, [rows, width]);
      return [l2Normalize(input), tf.grad((x) => l2Normalize(x))(input, tf.tensor2d(dz, [rows, width]))].map(
        (tensor) => tensor.dataSync() as Float32Array,
      ) as [Float32Array, Float32Array];
    });
    expect(maxAbsDifference(z, golden.get('z')!.data as Float64Array)).toBeLessThan(1e-6);
    const expected = golden.get('dx')!.data as Float64Array;
    for (let row = 0; row < rows; row++) {
      const [from, to] = [row * width, (row + 1) * width];
      const peak = Math.max(...expected.subarray(from, to).map(Math.abs));
      expect(maxAbsDifference(dx.subarray(from, to), expected.subarray(from, to))).toBeLessThanOrEqual(
        1e-5 * peak,
      );
    }
  });

  it('l2Normalize stays finite at zero', () => {
    const zero = CASES.find((c) => c.name.startsWith('l2'))!;
    const { value, gradients } = evaluate(zero, [new Float32Array(12)], new Float32Array(12).fill(1e-3));
    expect([...value, ...gradients[0]!].every(Number.isFinite)).toBe(true);
  });

  it('gelu does not overflow', () => {
    const values = tf.tidy(() => gelu(tf.tensor1d([-1e4, -50, 0, 50, 1e4])).dataSync());
    expect(maxAbsDifference(values, [0, 0, 0, 50, 1e4])).toBeLessThan(1e-3);
  });
});

describe('ops', () => {
  it.each(CASES)('$name: cpu and wasm agree', async (testCase) => {
    const inputs = testCase.shapes.map((shape, i) => randomArray(shape, `${testCase.name}/${i}`));
    const dy = randomArray(testCase.outputShape, `${testCase.name}/dy`);
    await useBackend('cpu');
    const cpu = evaluate(testCase, inputs, dy);
    await useBackend('wasm');
    const wasm = evaluate(testCase, inputs, dy);
    await useBackend('cpu');
    expect(maxAbsDifference(cpu.value, wasm.value)).toBeLessThan(1e-5);
    cpu.gradients.forEach((gradient, i) => {
      expect(maxAbsDifference(gradient, wasm.gradients[i]!)).toBeLessThan(1e-4);
    });
  });
});
