// The arithmetic of Adafactor by itself: which axes it factors, how its memory decays, bfloat16 against bits.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/random.ts';
import { factoredAxes, roundToBfloat16, secondMomentDecay } from '../../src/train/adafactor-rule.ts';
import { BACKENDS, expectNoLeaks, useBackend } from '../support/backends.ts';

/** How many elements are not the very same; 0 and -0 are two. */
function differences(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) count++;
  return count;
}

/** The nearest bfloat16 numbers by their bits, ties to even. */
function nearestBfloat16(x: Float32Array): Float32Array {
  const rounded = x.slice();
  const bits = new Uint32Array(rounded.buffer);
  for (let i = 0; i < bits.length; i++) {
    const even = (bits[i]! >>> 16) & 1;
    bits[i] = (bits[i]! + 0x7fff + even) & 0xffff0000;
  }
  return rounded;
}

describe('the rule', () => {
  it('factors CLIPPO as big_vision does', () => {
    expect(factoredAxes([768, 12, 64])).toEqual({ largest: 0, second: 2 });
    expect(factoredAxes([12, 64, 768])).toEqual({ largest: 2, second: 1 });
    expect(factoredAxes([1, 196, 768])).toEqual({ largest: 2, second: 1 });
    expect(factoredAxes([768, 768])).toEqual({ largest: 1, second: 0 });
    for (const shape of [[16, 16, 3, 768], [1, 1, 768], [12, 64], [768], [1], []]) {
      expect(factoredAxes(shape)).toBeNull();
    }
    expect(factoredAxes([12, 64], 12)).toEqual({ largest: 1, second: 0 });
  });

  it('decays the second moment up to the cap, and counts from the offset', () => {
    const options = { beta2Cap: 0.999, decayRate: 0.8, decayOffset: 0 };
    expect(secondMomentDecay(0, options)).toBe(0);
    expect(secondMomentDecay(9, options)).toBeCloseTo(1 - 10 ** -0.8, 12);
    expect(secondMomentDecay(5_000, options)).toBeLessThan(0.999);
    expect(secondMomentDecay(6_000, options)).toBe(0.999);
    const later = { ...options, decayOffset: 100 };
    expect(secondMomentDecay(109, later)).toBe(secondMomentDecay(9, options));
    expect(secondMomentDecay(50, later)).toBe(0);
  });
});

describe.each(BACKENDS)('bfloat16 on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it('rounds to bfloat16 as bits do, over a whole binade of mantissas', () => {
    // Every tie and its neighbours, and every 7th mantissa.
    const mantissas: number[] = [];
    for (let m = 0; m < 2 ** 23; m += 7) mantissas.push(m);
    for (let m = 2 ** 15; m < 2 ** 23; m += 2 ** 16) mantissas.push(m - 1, m, m + 1);
    for (const scale of [1, -1, 0.1]) {
      const x = Float32Array.from(mantissas, (m) => scale * (1 + m / 2 ** 23));
      const rounded = tf.tidy(() => roundToBfloat16(tf.tensor1d(x)).dataSync());
      expect(differences(rounded, nearestBfloat16(x))).toBe(0);
    }
  });

  it('rounds to bfloat16 as bits do, for all exponents but the last 17 and subnormals', () => {
    const random = createRandom(3, 'bfloat16');
    const x = new Float32Array(238 * 64);
    for (let i = 0; i < x.length; i++) {
      const exponent = Math.floor(i / 64) - 126; // -126 … 111
      const mantissa = i % 4 === 0 ? (random.integer(128) + 0.5) / 128 : random.next();
      x[i] = (i % 2 === 0 ? 1 : -1) * (1 + mantissa) * 2 ** Math.min(exponent, 110);
    }
    x.set([0, -0, 1, -1, 2 ** 111]);
    const rounded = tf.tidy(() => roundToBfloat16(tf.tensor1d(x)).dataSync());
    expect(differences(rounded, nearestBfloat16(x))).toBe(0);
  });

  it('rounds at the edges as documented: NaN above 2^112, eight bits below 2^-126', () => {
    const rounded = tf.tidy(() =>
      roundToBfloat16(tf.tensor1d([2 ** 112, -(2 ** 120), 2 ** -140])).dataSync(),
    );
    expect([...rounded]).toEqual([Number.NaN, Number.NaN, 2 ** -140]);
  });
});
