// The modality gap and its plane against golden values, and where there is little to see.

import { describe, expect, it } from 'vitest';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { DataError, ShapeError } from '../../src/errors.ts';
import { type ModalityGap, modalityGap } from '../../src/eval/modality-gap.ts';
import { createRandom } from '../../src/random.ts';
import { maxAbsDifference } from '../support/backends.ts';
import { readGoldenJson, readGoldenNpz } from '../support/golden.ts';

const golden =
  readGoldenJson<Record<string, { gap: number; explained_variance_ratio: number[] }>>(
    'eval/modality_gap.json',
  );
const arrays = readGoldenNpz('eval/modality_gap.npz');

function values(name: string): Float64Array {
  return Float64Array.from(arrays.get(name)!.data, Number);
}

function points(rows: readonly (readonly number[])[]): Embeddings {
  return createEmbeddings(Float32Array.from(rows.flat()), rows[0]!.length);
}

/** Rounded to 9 digits, −0 as 0. */
function rounded(numbers: ArrayLike<number>): number[] {
  return Array.from(numbers, (value) => Math.round(value * 1e9) / 1e9 + 0);
}

describe.each(Object.entries(golden))('golden case %s', (name, expected) => {
  const [zimg, ztxt] = ['zimg', 'ztxt'].map((part) => arrays.get(`${name}/${part}`)!);
  const dim = zimg!.shape[1]!;
  const [a, b] = [zimg!, ztxt!].map((z) => createEmbeddings(Float32Array.from(z.data, Number), dim));
  const { distance, pca } = modalityGap(a!, b!);

  it('the distance', () => expect(Math.abs(distance - expected.gap)).toBeLessThanOrEqual(1e-6));

  it('the components, of the sign that is agreed', () => {
    expect(maxAbsDifference(pca.components, values(`${name}/components`))).toBeLessThanOrEqual(1e-5);
    expect(maxAbsDifference(pca.explained, expected.explained_variance_ratio)).toBeLessThanOrEqual(1e-9);
  });

  it('the places on the plane', () => {
    const places = values(`${name}/pca`);
    expect(pca.a.length + pca.b.length).toBe(places.length);
    expect(maxAbsDifference(pca.a, places.subarray(0, pca.a.length))).toBeLessThanOrEqual(1e-5);
    expect(maxAbsDifference(pca.b, places.subarray(pca.a.length))).toBeLessThanOrEqual(1e-5);
  });

  it('does not mind which of the two comes first', () => {
    const turned = modalityGap(b!, a!);
    expect(turned.distance).toBeCloseTo(distance, 12);
    expect(maxAbsDifference(turned.pca.components, pca.components)).toBeLessThanOrEqual(1e-9);
    expect(maxAbsDifference(turned.pca.b, pca.a)).toBeLessThanOrEqual(1e-9);
  });
});

it('finds a plane whose second variance is hardly greater than the third', () => {
  // ±s along each axis, and nothing else: the axes are the components, the variances known.
  const D = 24;
  const lengths = Array.from({ length: D }, (_, k) =>
    k === 17 ? 2 : k === 5 ? 1 + 1e-4 : k === 9 ? 1 : 0.5 / (k + 1),
  );
  const rows = (sign: number): number[][] =>
    lengths.map((length, k) => Array.from({ length: D }, (_, i) => (i === k ? sign * length : 0)));
  const { distance, pca } = modalityGap(points(rows(1)), points(rows(-1)));
  const unit = (at: number): number[] => Array.from({ length: D }, (_, i) => Number(i === at));
  // The two kinds are mirror images; what is left of the gap lies in the first axes too.
  const apart = Math.sqrt(lengths.reduce((sum, length) => sum + ((2 * length) / D) ** 2, 0));
  expect(distance).toBeCloseTo(apart, 7);
  expect(rounded(pca.components)).toEqual([...unit(17), ...unit(5)]);
  const total = lengths.reduce((sum, length) => sum + Math.fround(length) ** 2, 0);
  expect(pca.explained[0]).toBeCloseTo(4 / total, 12);
  expect(pca.explained[1]).toBeCloseTo(Math.fround(1 + 1e-4) ** 2 / total, 12);
});

it('keeps its digits far from the origin, and counts every point once', () => {
  const random = createRandom(1, 'far');
  // Multiples of 1/8 near 1e5 are exact in float32.
  const rows = Array.from({ length: 103 }, () =>
    [9, 4, 1].map((spread) => Math.round(8 * spread * random.normal()) / 8),
  );
  const moved = rows.map((row) => row.map((value) => 1e5 + value));
  const near = modalityGap(points(rows.slice(0, 90)), points(rows.slice(90)));
  const far = modalityGap(points(moved.slice(0, 90)), points(moved.slice(90)));
  expect(far.distance).toBeCloseTo(near.distance, 9);
  expect(maxAbsDifference(far.pca.components, near.pca.components)).toBeLessThanOrEqual(1e-9);
  expect(maxAbsDifference(far.pca.b, near.pca.b)).toBeLessThanOrEqual(1e-8);
  const sum = [...near.pca.a, ...near.pca.b].reduce((total, value) => total + value, 0);
  expect(Math.abs(sum)).toBeLessThanOrEqual(1e-9);
});

describe('where there is little to see', () => {
  it.each<
    [
      string,
      number[][],
      number[][],
      Omit<ModalityGap['pca'], 'components'> & { components: number[] },
      number,
    ]
  >([
    [
      'two points',
      [[3, 0, 0]],
      [[0, 4, 0]],
      {
        components: [-0.6, 0.8, 0, 0, 0, 0],
        explained: [1, 0],
        a: Float64Array.of(-2.5, 0),
        b: Float64Array.of(2.5, 0),
      },
      5,
    ],
    [
      'two points, the first of equal magnitudes positive',
      [[0, 0]],
      [[-1, 1]],
      {
        components: [Math.SQRT1_2, -Math.SQRT1_2, 0, 0],
        explained: [1, 0],
        a: Float64Array.of(Math.SQRT1_2, 0),
        b: Float64Array.of(-Math.SQRT1_2, 0),
      },
      Math.SQRT2,
    ],
    [
      'one number a point',
      [[1], [2]],
      [[3]],
      { components: [1, 0], explained: [1, 0], a: Float64Array.of(-1, 0, 0, 0), b: Float64Array.of(1, 0) },
      1.5,
    ],
    [
      'all points of a kind equal',
      [
        [0.1, 0.7],
        [0.1, 0.7],
        [0.1, 0.7],
      ],
      [[0.1, 0.2]],
      {
        components: [0, 1, 0, 0],
        explained: [1, 0],
        a: Float64Array.of(0.125, 0, 0.125, 0, 0.125, 0),
        b: Float64Array.of(-0.375, 0),
      },
      0.5,
    ],
    [
      'all points equal',
      [
        [0.1, 0.7],
        [0.1, 0.7],
      ],
      [[0.1, 0.7]],
      { components: [0, 0, 0, 0], explained: [0, 0], a: new Float64Array(4), b: new Float64Array(2) },
      0,
    ],
  ])('%s', (_, a, b, pca, distance) => {
    const found = modalityGap(points(a), points(b));
    const close = (actual: ArrayLike<number>, expected: ArrayLike<number>): void => {
      expect(actual.length).toBe(expected.length);
      // 0.7 − 0.2 in float32
      expect(maxAbsDifference(actual, expected)).toBeLessThanOrEqual(3e-8);
    };
    close([found.distance], [distance]);
    close(found.pca.components, pca.components);
    close(found.pca.explained, pca.explained);
    close(found.pca.a, pca.a);
    close(found.pca.b, pca.b);
    if (distance === 0) expect([found.distance, ...found.pca.a]).toEqual([0, 0, 0, 0, 0]);
  });

  it('takes the rounding of float32 for no second component', () => {
    const direction = [0.3, -0.7, 0.11];
    const line = (from: number): number[][] =>
      Array.from({ length: 20 }, (_, i) => direction.map((each) => each * (from + i)));
    const { explained, components } = modalityGap(points(line(0)), points(line(20))).pca;
    expect(explained[0]).toBeCloseTo(1, 12);
    expect(explained[1]).toBe(0);
    expect([...components.subarray(3)]).toEqual([0, 0, 0]);
  });
});

describe('refuses', () => {
  const two = points([[1, 2]]);

  it('vectors of different sizes', () => {
    expect(() => modalityGap(two, points([[1, 2, 3]]))).toThrow(ShapeError);
    expect(() => modalityGap(two, points([[1, 2, 3]]))).toThrow(
      'modalityGap: the vectors have 2 and 3 numbers. Encode both with the same model.',
    );
  });

  it('what is missing, not finite, or no embeddings', () => {
    const none = createEmbeddings(new Float32Array(0), 2);
    expect(() => modalityGap(two, none)).toThrow(DataError);
    expect(() => modalityGap(two, none)).toThrow('modalityGap: b: expected one vector or more, got none.');
    expect(() => modalityGap(points([[1, Number.NaN]]), two)).toThrow(
      'modalityGap: a.data[1]: expected a finite number, got NaN.',
    );
    // What JavaScript may hand in.
    expect(() => modalityGap([1, 2] as unknown as Embeddings, two)).toThrow(
      'modalityGap: a: expected embeddings as createEmbeddings() makes them, got an array.',
    );
  });
});
