// A function compiled and the same function on tfjs cpu, held side by side.

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type CompileOptions, compile, type OrtRuntime } from '../../src/compile/index.ts';

/** onnxruntime-node as it is. */
export const runtime = createRequire(import.meta.url)('onnxruntime-node') as OrtRuntime;

/** Largest difference, relative to the larger of 1 and the expected value; NaN and ±∞ must stand in the same places. */
export function relativeDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) continue;
    const difference = Math.abs(a - b) / Math.max(1, Math.abs(b));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

/**
 * Compiles `fn` for these inputs, runs it and expects what tfjs cpu gives: shapes, types and values.
 *
 * @param tolerance - bound on {@link relativeDifference}
 */
export async function compareWithCpu(
  fn: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  inputs: readonly tf.Tensor[],
  { tolerance = 1e-5, ...options }: Partial<CompileOptions> & { tolerance?: number } = {},
): Promise<void> {
  const compiled = await compile(fn, { runtime, threads: 1, ...options });
  try {
    const got = [await compiled(...inputs)].flat();
    const expected = [tf.tidy(() => fn(...inputs))].flat();
    expect(got.length).toBe(expected.length);
    expected.forEach((tensor, i) => {
      expect(got[i]!.shape).toEqual(tensor.shape);
      expect(got[i]!.dtype).toBe(tensor.dtype);
      const difference = relativeDifference(got[i]!.dataSync(), tensor.dataSync());
      expect(difference, `result ${i}: largest relative difference`).toBeLessThanOrEqual(tolerance);
    });
    tf.dispose([got, expected]);
  } finally {
    await compiled.dispose();
  }
}
