// Random programs of 5 to 30 ops, compiled and on tfjs cpu: results, gradients, and the same with a free batch.

import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import '../support/backends.ts';
import { compareWithCpu, relativeDifference, runtime } from './compare.ts';
import { floatsOf, type ProgramRules, runProgram } from './random-program.ts';

/** Tensors that tfjs itself leaves behind where its gradients fail. */
let lost = 0;
let before = 0;
beforeEach(() => {
  lost = 0;
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors - lost, 'tensors alive after the test').toBe(before));

const lists = fc.array(fc.nat(65_535), { minLength: 30, maxLength: 120 });

/** Two float tensors, one of integers, one of bools, of these sizes and values that look random. */
function inputsOf(first: number, size: number, seed: number): tf.Tensor[] {
  const wave = (count: number, phase: number): number[] =>
    Array.from({ length: count }, (_, i) => Math.sin(7.1 * i * i + phase + seed) * 1.7);
  return [
    tf.tensor2d(wave(first * size, 1), [first, size]),
    tf.tensor3d(wave(first * 2 * size, 2), [first, 2, size]),
    tf.tensor2d(
      wave(first * size, 3).map((x) => Math.round(x * 3)),
      [first, size],
      'int32',
    ),
    tf.tensor2d(
      wave(first * size, 4).map((x) => Number(x > 0)),
      [first, size],
      'bool',
    ),
  ];
}

function expectEqual(got: readonly tf.Tensor[], expected: readonly tf.Tensor[], tolerance: number): void {
  if (got instanceof Error) throw got;
  expect(got.map(({ dtype, shape }) => `${dtype}[${shape}]`)).toEqual(
    expected.map(({ dtype, shape }) => `${dtype}[${shape}]`),
  );
  for (const [i, tensor] of expected.entries()) {
    expect(relativeDifference(got[i]!.dataSync(), tensor.dataSync()), `result ${i}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

/** Results, and gradients of their weighted sum with respect to both float inputs. */
function withGradients(choices: readonly number[], rules: ProgramRules) {
  return (...inputs: tf.Tensor[]): tf.Tensor[] => {
    const [a, b, ...others] = inputs as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) => {
      const results = floatsOf(runProgram(choices, [a, b, ...others], rules));
      const parts = [tf.mul(a, 1e-3), tf.mul(b, 1e-3), ...results].map((x) => tf.sum(tf.mul(x, tf.cos(x))));
      return tf.addN(parts) as tf.Scalar;
    })([a, b]);
    return [value, ...grads];
  };
}

/** What a call gives, or the error it fails with. */
async function settle<T>(call: () => T): Promise<Awaited<T> | Error> {
  try {
    return await call();
  } catch (error) {
    return error as Error; // nothing else is thrown here
  }
}

function withoutSizes(error: unknown): string {
  return String(error).replaceAll(/[\d,]+/g, 'N');
}

function checkProgram(name: string, numRuns: number, rules: ProgramRules, tolerance: number): void {
  it(name, { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(lists, fc.nat(3), async (choices, seed) => {
        const fn = rules.differentiable
          ? withGradients(choices, rules)
          : (...inputs: tf.Tensor[]) => runProgram(choices, inputs, rules);
        const size = 1 + (seed % 4);
        const free = inputsOf(1, size, 0).map((tensor) => {
          const { shape, dtype } = tensor;
          tensor.dispose();
          return { shape: ['batch' as const, ...shape.slice(1)], dtype: dtype as 'float32' };
        });
        const options = { runtime, threads: 1, ...(rules.keepFirst ? { inputs: free } : {}) };
        const compiled = await settle(() => compile(fn, options));
        // What fails with shapes of several fails there; with 1, shapes may fit that are not the same.
        const sizes = compiled instanceof Error || !rules.keepFirst ? [3] : [3, 1, 5];
        for (const first of sizes) {
          const inputs = inputsOf(first, size, seed);
          const alive = tf.memory().numTensors;
          const expected = await settle(() => tf.tidy(() => fn(...inputs)));
          if (expected instanceof Error) lost += tf.memory().numTensors - alive;
          const got = compiled instanceof Error ? compiled : await settle(() => compiled(...inputs));
          try {
            // Some gradients of tfjs fail where shapes are broadcast; then both must.
            if (expected instanceof Error) expect(withoutSizes(got)).toBe(withoutSizes(expected));
            else expectEqual(got as tf.Tensor[], expected, tolerance); // a failure is not iterable
          } finally {
            tf.dispose([expected, got, inputs].flat().filter((item) => item instanceof tf.Tensor));
          }
        }
        if (!(compiled instanceof Error)) await compiled.dispose();
      }),
      { seed: 20_221, numRuns },
    );
  });
}

it('what folds away keeps the shape that others take from it', async () => {
  const [x, column] = [tf.ones([3, 2]), tf.tensor2d([[1], [2], [3]])];
  await compareWithCpu((x, column) => tf.add(column, tf.mul(tf.zerosLike(x), 3)), [x, column]);
  tf.dispose([x, column]);
});

it('a sum with 0 that is multiplied by a reciprocal, which trips ONNX Runtime’s own passes', async () => {
  const [x, y] = [tf.tensor1d([-0, 1, 2]), tf.tensor1d([-0, 3, 4])];
  const fn = (x: tf.Tensor, y: tf.Tensor): tf.Tensor[] => {
    const sum = tf.add(tf.add(x, y), 0);
    return [tf.mul(sum, tf.div(1, tf.add(1, tf.square(x)))), tf.div(1, sum)];
  };
  await compareWithCpu(fn, [x, y]);
  tf.dispose([x, y]);
});

checkProgram('results', 80, { keepFirst: false, differentiable: false }, 1e-5);
checkProgram('gradients', 40, { keepFirst: false, differentiable: true }, 1e-4);
checkProgram('results with a free batch', 30, { keepFirst: true, differentiable: false }, 1e-5);
checkProgram('gradients with a free batch', 20, { keepFirst: true, differentiable: true }, 1e-4);
