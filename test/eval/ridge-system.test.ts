// Solutions of ridge systems, by what is left of the right-hand sides.

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { createRidgeSystem } from '../../src/eval/ridge-system.ts';
import { generateUniform } from '../support/golden.ts';

interface Case {
  readonly n: number;
  readonly columns: number;
  readonly depth: number;
  readonly l2: number;
}

/** Largest |(zᵀz + l2·I)·x − r|, z and r being uniform in [−1, 1). */
function residual({ n, columns, depth, l2 }: Case): number {
  const [z, r] = [generateUniform('z', depth * n, 1), generateUniform('r', n * columns, 2)];
  const { values, stride, first, addProduct, solve } = createRidgeSystem(n, columns);
  addProduct(z, { start: 0, depth, depthStride: n, count: n, stride: 1 });
  for (let i = 0; i < n; i++) values.set(r.subarray(i * columns, (i + 1) * columns), i * stride + first);
  solve(l2);
  let largest = 0;
  for (let j = 0; j < columns; j++) {
    const x = Float64Array.from({ length: n }, (_, i) => values[i * stride + first + j]!);
    const left = x.map((value, i) => l2 * value - r[i * columns + j]!);
    for (let k = 0; k < depth; k++) {
      const row = z.subarray(k * n, (k + 1) * n);
      const product = row.reduce((sum, value, i) => sum + value * x[i]!, 0);
      for (let i = 0; i < n; i++) left[i]! += row[i]! * product;
    }
    for (const value of left) largest = Math.max(largest, Math.abs(value));
  }
  return largest;
}

describe('createRidgeSystem', () => {
  // Blocks have 64 rows and panels 4, products are 128 deep.
  const cases: Case[] = [
    { n: 1, columns: 1, depth: 1, l2: 1 },
    { n: 3, columns: 5, depth: 2, l2: 1e-3 },
    { n: 64, columns: 4, depth: 100, l2: 1 },
    { n: 65, columns: 9, depth: 128, l2: 10 },
    { n: 130, columns: 3, depth: 300, l2: 1024 },
    { n: 190, columns: 1, depth: 20, l2: 1e-2 },
    { n: 3, columns: 1, depth: 50, l2: 1e-15 },
  ];
  it.each(cases)('solves $n unknowns, $columns right-hand sides', (each) => {
    expect(residual(each)).toBeLessThan(1e-9);
  });

  it('adds products up', () => {
    const [z, n] = [generateUniform('z', 40, 1), 4];
    const [whole, parts] = [createRidgeSystem(n, 1), createRidgeSystem(n, 1)];
    whole.addProduct(z, { start: 0, depth: 10, depthStride: n, count: n, stride: 1 });
    parts.addProduct(z, { start: 0, depth: 7, depthStride: n, count: n, stride: 1 });
    parts.addProduct(z, { start: 7 * n, depth: 3, depthStride: n, count: n, stride: 1 });
    for (const [i, value] of whole.values.entries()) expect(parts.values[i]).toBeCloseTo(value, 14);
  });

  it('refuses what rounding would decide', () => {
    const system = createRidgeSystem(8, 1);
    const z = new Float64Array(8).fill(1000); // all unknowns are the same one
    system.addProduct(z, { start: 0, depth: 1, depthStride: 8, count: 8, stride: 1 });
    expect(() => system.solve(1e-9)).toThrow(
      new ConfigError(
        'ridgeFewShot: l2: 1e-9 is too small beside features that depend on each other, so that rounding would ' +
          'decide between them. Give a larger one; the default is 1024.',
      ),
    );
  });
});
