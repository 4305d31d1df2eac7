// Random programs of 5 to 30 ops, compiled and on tfjs cpu: results, gradients, and the same with a free batch.

import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { relativeDifference, runtime } from './compare.ts';
import { floatsOf, type ProgramRules, runProgram } from './random-program.ts';

expectNoLeaks();

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
        const compiled = await compile(fn, {
          runtime,
          threads: 1,
          ...(rules.keepFirst ? { inputs: free } : {}),
        });
        for (const first of rules.keepFirst ? [1, 3, 5] : [3]) {
          const inputs = inputsOf(first, size, seed);
          const got = (await compiled(...inputs)) as tf.Tensor[];
          const expected = tf.tidy(() => fn(...inputs));
          try {
            expectEqual(got, expected, tolerance);
          } finally {
            tf.dispose([got, expected, inputs]);
          }
        }
        await compiled.dispose();
      }),
      { seed: 20_221, numRuns },
    );
  });
}

checkProgram('results', 80, { keepFirst: false, differentiable: false }, 1e-5);
checkProgram('gradients', 40, { keepFirst: false, differentiable: true }, 1e-4);
checkProgram('results with a free batch', 30, { keepFirst: true, differentiable: false }, 1e-5);
checkProgram('gradients with a free batch', 20, { keepFirst: true, differentiable: true }, 1e-4);
