// The tfjs backends that run everywhere, for tests that must hold on each.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { afterEach, beforeEach, expect } from 'vitest';

export const BACKENDS = ['cpu', 'wasm'] as const;
export type Backend = (typeof BACKENDS)[number];

// A backend to begin with; files that test several choose theirs in beforeAll.
await tf.setBackend('cpu');

export async function useBackend(name: Backend): Promise<void> {
  await tf.setBackend(name);
  await tf.ready();
}

/** In every test of the file: as many tensors live after it as before. */
export function expectNoLeaks(): void {
  let before = 0;
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors, 'tensors alive after the test').toBe(before);
  });
}

/** Largest absolute difference of two arrays of one length. */
export function maxAbsDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference; // NaN counts as the largest
  }
  return largest;
}
