// One small computation whose result is known, to see whether an engine computes at all, and right: a product of
// matrices and a softmax, as in attention, against the same in plain numbers.

import * as tf from '@tensorflow/tfjs-core';
import type { OrtRuntime } from '../compile/index.ts';
import { BackendError } from '../errors.ts';

const SIZE = 8;
/** Single precision is far below this, half precision (WebGL on some phones) above. */
const TOLERANCE = 1e-4;
/** A driver that does not answer must not keep everybody waiting. */
const TIME_LIMIT_MS = 60_000;

/**
 * Computes on the current tfjs backend, or on ONNX Runtime where one is given.
 *
 * @throws BackendError when the result is wrong or does not come, and what the engine throws
 */
export async function tryComputing(runtime?: OrtRuntime): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const seconds = TIME_LIMIT_MS / 1000;
    const error = new BackendError(`a product of 8 x 8 numbers did not come within ${seconds} seconds.`);
    timer = setTimeout(() => reject(error), TIME_LIMIT_MS);
  });
  try {
    assertKnown(await Promise.race([compute(runtime), tooLate]));
  } finally {
    clearTimeout(timer);
  }
}

async function compute(runtime: OrtRuntime | undefined): Promise<ArrayLike<number>> {
  const factors = [tf.tensor2d(values(1), [SIZE, SIZE]), tf.tensor2d(values(2), [SIZE, SIZE])] as const;
  try {
    if (runtime === undefined) return await read(tf.tidy(() => attend(...factors)));
    const { compile } = await import('../compile/index.ts');
    const compiled = await compile(attend, { runtime });
    try {
      return await read(await compiled(...factors));
    } finally {
      await compiled.dispose();
    }
  } finally {
    tf.dispose([...factors]);
  }
}

function attend(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor {
  return tf.softmax(tf.matMul(a, b));
}

async function read(tensor: tf.Tensor): Promise<ArrayLike<number>> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}

function values(seed: number): Float32Array {
  return Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(seed * (i + 1)));
}

/** @throws BackendError that says by how much the numbers are wrong */
function assertKnown(found: ArrayLike<number>): void {
  const [a, b] = [values(1), values(2)];
  let largest = 0;
  for (let row = 0; row < SIZE; row++) {
    const products = Array.from({ length: SIZE }, (_, column) => {
      let sum = 0;
      for (let k = 0; k < SIZE; k++) sum += a[row * SIZE + k]! * b[k * SIZE + column]!;
      return Math.exp(sum);
    });
    const total = products.reduce((sum, value) => sum + value, 0);
    products.forEach((value, column) => {
      const difference = Math.abs(found[row * SIZE + column]! - value / total);
      if (!(difference <= largest)) largest = difference; // NaN counts as the largest
    });
  }
  if (largest <= TOLERANCE) return;
  throw new BackendError(`it computes wrongly: off by ${largest.toPrecision(2)} in numbers from 0 to 1.`);
}
