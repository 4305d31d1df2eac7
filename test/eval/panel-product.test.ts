// Products of panels, by WebAssembly and without, against sums over k.

import { describe, expect, it } from 'vitest';
import {
  createProductMemory,
  PANEL_ROWS,
  packPanels,
  panelColumns,
  plainLoops,
  roundUp,
} from '../../src/eval/panel-product.ts';
import { panelProductModule } from '../../src/eval/panel-product-module.ts';
import { generateUniform } from '../support/golden.ts';

const BYTES = 200_000;
const MEMORIES = {
  WebAssembly: () => createProductMemory(BYTES),
  'plain JavaScript': () => createProductMemory(BYTES, plainLoops(BYTES)),
};

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** 1 + (x · y of row i of the one and row j of the other) by panels, and as it should be; both padded to `stride`. */
function multiplied(
  memory: ReturnType<typeof createProductMemory>,
  type: 'float64' | 'float32',
  { rows, columns, depth }: Case,
): { given: number[]; expected: number[] } {
  const [x, y] = [generateUniform('x', rows * depth, 1), generateUniform('y', columns * depth, 2)];
  const width = panelColumns(type === 'float64' ? new Float64Array(0) : Float32Array);
  const [height, stride] = [roundUp(rows, PANEL_ROWS), roundUp(columns, width)];
  const a = memory[type](height * depth);
  const b = memory[type](stride * depth);
  const c = memory[type](height * stride).fill(1);
  packPanels(a, PANEL_ROWS, x, { start: 0, depth, depthStride: 1, count: rows, stride: depth });
  packPanels(b, width, y, { start: 0, depth, depthStride: 1, count: columns, stride: depth });
  const panels = { rowPanels: height / PANEL_ROWS, columnPanels: stride / width };
  memory.multiply({ a, b, c, ...panels, depth, at: 0, stride });
  const expected = Array.from(c, (_, at) => {
    const [i, j] = [Math.floor(at / stride), at % stride];
    if (i >= rows || j >= columns) return 1;
    return 1 + x.subarray(i * depth, (i + 1) * depth).reduce((sum, v, k) => sum + v * y[j * depth + k]!, 0);
  });
  return { given: [...c], expected };
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe.each(Object.entries(MEMORIES))('products by %s', (_, createMemory) => {
  const cases: Case[] = [
    { rows: 4, columns: 8, depth: 1 },
    { rows: 1, columns: 1, depth: 3 },
    { rows: 13, columns: 27, depth: 50 },
    { rows: 32, columns: 16, depth: 129 },
  ];
  it.each(cases)('are sums of products: $rows x $depth x $columns', (each) => {
    const float64 = multiplied(createMemory(), 'float64', each);
    expect(largestDifference(float64.given, float64.expected)).toBeLessThan(1e-13);
    const float32 = multiplied(createMemory(), 'float32', each);
    expect(largestDifference(float32.given, float32.expected)).toBeLessThan(2e-5);
  });

  it('can leave out what lies above the diagonal', () => {
    const memory = createMemory();
    const [n, depth] = [12, 5];
    const a = memory.float64(n * depth).fill(1);
    const c = memory.float64(n * n);
    const panels = n / PANEL_ROWS;
    memory.multiply({
      a,
      rowPanels: panels,
      b: a,
      columnPanels: panels,
      depth,
      c,
      at: 0,
      stride: n,
      lower: true,
    });
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) expect(c[i * n + j]).toBe(depth);
    }
    expect(c[4]).toBe(0); // row 0, second panel of columns
  });

  it('add to one part of a larger matrix', () => {
    const memory = createMemory();
    const [a, b, c] = [memory.float64(4).fill(1), memory.float64(4).fill(2), memory.float64(10 * 10)];
    memory.multiply({ a, rowPanels: 1, b, columnPanels: 1, depth: 1, c, at: 34, stride: 10 });
    const touched = [...c.keys()].filter((i) => c[i] !== 0);
    expect(touched).toEqual([34, 35, 36, 37, 44, 45, 46, 47, 54, 55, 56, 57, 64, 65, 66, 67]);
    expect(c[34]).toBe(2);
  });
});

describe('panelProductModule', () => {
  it('is a small WebAssembly module', () => {
    const bytes = panelProductModule();
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(bytes.length).toBeLessThan(1000);
  });
});
