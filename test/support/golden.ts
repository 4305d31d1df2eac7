// The golden fixtures of test/golden for every test: files by path, and the number generator that
// test/golden/vit/README.md and its models refer to, so that large inputs need not be stored.

import { readFileSync } from 'node:fs';
import { type NdArray, parseNpz } from '../../src/checkpoint/index.ts';
import type { Raster } from '../../src/raster/raster.ts';
import { sizeOf } from '../../src/shape.ts';

/** @param path - below test/golden, e.g. `'vit/generator.json'` */
export function readGolden(path: string): Uint8Array {
  return readFileSync(new URL(`../golden/${path}`, import.meta.url));
}

export function readGoldenNpz(path: string): Map<string, NdArray> {
  return parseNpz(readGolden(path));
}

/** The type is the test's own knowledge of the file. */
export function readGoldenJson<T = unknown>(path: string): T {
  return JSON.parse(new TextDecoder().decode(readGolden(path)));
}

/** Uniform numbers in [-1, 1), the same in every language. */
export function generateUniform(name: string, count: number, seed: number): Float64Array {
  let base = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${seed}:${name}`)) base = Math.imul(base ^ byte, 0x01000193);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (base + Math.imul(i, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    values[i] = (x >>> 8) / 2 ** 23 - 1;
  }
  return values;
}

/**
 * A parameter of a generated model.
 *
 * @param path - big_vision's, without `params/`
 */
export function generateParameter(path: string, shape: readonly number[], seed: number): Float32Array {
  const kind = path.slice(path.lastIndexOf('/') + 1);
  const values = generateUniform(path, sizeOf(shape), seed);
  if (kind === 'kernel') {
    const isProjection = /\/(query|key|value)\/kernel$/.test(path);
    const fanIn = isProjection ? shape[0]! : sizeOf(shape.slice(0, -1));
    const limit = Math.sqrt(3 / fanIn);
    return Float32Array.from(values, (u) => u * limit);
  }
  if (kind === 'scale') return Float32Array.from(values, (u) => 1 + 0.2 * u);
  if (kind === 'bias') return Float32Array.from(values, (u) => 0.1 * u);
  if (kind === 'pos_embedding') return Float32Array.from(values, (u) => 0.2 * u);
  if (kind === 'probe' || kind === 'cls') return Float32Array.from(values);
  if (kind === 't') return Float32Array.of(Math.LN10);
  throw new Error(`the generator has no rule for ${path}`);
}

/** Generated picture number `k` of `size` x `size` pixels. */
export function generateImage(k: number, size: number): Raster {
  const data = new Uint8Array(size * size * 3);
  let at = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const tile = (((x >> 3) + (y >> 2)) % 5) * 31;
      for (let c = 0; c < 3; c++) {
        data[at++] = (x * x + 3 * y * y + 7 * x * y + 29 * c + 17 * k + tile * (c + 1)) % 256;
      }
    }
  }
  return { width: size, height: size, channels: 3, data };
}
