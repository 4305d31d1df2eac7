// The number generator of the golden models against its samples, and the stored checkpoints against both.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type NdArray,
  readBigVision,
  resamplePositionEmbedding,
  toFloat32,
} from '../../src/checkpoint/index.ts';
import {
  generateImage,
  generateParameter,
  generateUniform,
  readGolden,
  readGoldenJson,
  readGoldenNpz,
} from '../support/golden.ts';

const samples = readGoldenJson<{
  params: Record<
    string,
    { seed: number; shape: number[]; u24: number[]; first: number[]; last: number; sum: number }
  >;
  images: Record<string, { first_row: number[]; sum: number; sha256: string }>;
}>('vit/generator.json');

describe('generator', () => {
  for (const [path, sample] of Object.entries(samples.params)) {
    it(`makes ${path}`, () => {
      expect([...generateUniform(path, 4, sample.seed)]).toEqual(sample.u24);
      const values = generateParameter(path, sample.shape, sample.seed);
      expect([...values.subarray(0, 4)]).toEqual(sample.first);
      expect(values.at(-1)).toBe(sample.last);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(sample.sum, 6);
    });
  }

  for (const [name, sample] of Object.entries(samples.images)) {
    it(`makes image ${name}`, () => {
      const [size, k] = name.split('/').map(Number);
      const { data } = generateImage(k!, size!);
      expect([...data.subarray(0, sample.first_row.length)]).toEqual(sample.first_row);
      expect(createHash('sha256').update(data).digest('hex')).toBe(sample.sha256);
    });
  }
});

interface Expected {
  readonly dtype: string;
  readonly shape: number[];
  readonly sum: number;
  readonly l2: number;
  readonly first: number;
  readonly last: number;
}

describe('mu16_64_map.ckpt.npz', () => {
  const arrays = readGoldenNpz('vit/mu16_64_map.ckpt.npz');
  const expected = readGoldenJson<Record<string, Expected>>('vit/mu16_64_map.ckpt.json');

  it('has the entries of its table', () => {
    expect([...arrays.keys()].sort()).toEqual(Object.keys(expected).sort());
  });

  for (const [path, entry] of Object.entries(expected)) {
    it(`reads ${path}`, () => {
      const array = arrays.get(path)!;
      const values = Array.from(array.data, Number);
      expect({ dtype: array.dtype, shape: array.shape }).toEqual({ dtype: entry.dtype, shape: entry.shape });
      expect([values[0], values.at(-1)]).toEqual([entry.first, entry.last]);
      const sum = values.reduce((total, value) => total + value, 0);
      const l2 = Math.sqrt(values.reduce((total, value) => total + value * value, 0));
      expect(Math.abs(sum - entry.sum)).toBeLessThan(1e-9 * Math.max(1, entry.l2));
      expect(Math.abs(l2 - entry.l2)).toBeLessThan(1e-9 * Math.max(1, entry.l2));
    });
  }
});

describe('readBigVision', () => {
  const seeds = { mu16_64_map: 1, d2w64_p8_32_gap: 2, d2w64_p8_32_gap_scan: 2, d2w64_p8_32_tok: 3 };
  for (const [tag, seed] of Object.entries(seeds)) {
    it(`finds every parameter of ${tag} by its canonical path`, () => {
      const weights = readBigVision(readGolden(`vit/${tag}.ckpt.npz`));
      expect(weights.size).toBeGreaterThan(35);
      for (const [path, array] of weights) {
        expect(path).toMatch(/^(img\/|t$)/);
        expect(array.data, path).toEqual(generateParameter(path, array.shape, seed));
      }
    });
  }

  it('unstacks the scan layout to the very arrays of the loop layout', () => {
    const loop = readBigVision(readGolden('vit/d2w64_p8_32_gap.ckpt.npz'));
    const scan = readBigVision(readGolden('vit/d2w64_p8_32_gap_scan.ckpt.npz'));
    expect(contents(scan)).toEqual(contents(loop));
  });

  it('mends the old checkpoint: names, positions, class token', () => {
    const file = 'vit/d2w64_p8_32_legacy.ckpt.npz';
    const weights = readBigVision(readGolden(file));
    const meta = readGoldenJson<Record<string, { names_after_fix: string[] }>>('vit/meta.json');
    expect([...weights.keys()].sort()).toEqual([...meta.d2w64_p8_32_legacy!.names_after_fix].sort());
    // It is the token model under other names, with the class token's position not yet added.
    const modern = readBigVision(readGolden('vit/d2w64_p8_32_tok.ckpt.npz'), { prefix: 'img' });
    for (const [path, array] of weights) {
      const expected = modern.get(path)!;
      expect(array.shape, path).toEqual(expected.shape);
      const error = maxError(toFloat32(array), toFloat32(expected));
      expect(error, path).toBeLessThan(path === 'cls' ? 1e-6 : Number.MIN_VALUE);
    }
  });
});

describe('resamplePositionEmbedding', () => {
  const arrays = readGoldenNpz('vit/posemb_resample.npz');
  for (const name of new Set([...arrays.keys()].map((key) => key.split('/')[0]!))) {
    it(`${name} as scipy.ndimage.zoom`, () => {
      const [from, to] = name.split('to').map(Number);
      const resampled = resamplePositionEmbedding(arrays.get(`${name}/old`)!, from!, to!);
      const expected = arrays.get(`${name}/new`)!;
      expect(resampled.shape).toEqual(expected.shape);
      expect(maxError(toFloat32(resampled), toFloat32(expected))).toBeLessThan(1e-6);
    });
  }
});

function contents(weights: ReadonlyMap<string, NdArray>): Record<string, unknown> {
  const sorted = [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([path, { dtype, shape, data }]) => [path, { dtype, shape, data }]));
}

function maxError(a: Float32Array, b: Float32Array): number {
  return a.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  );
}
