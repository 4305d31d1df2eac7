// The reference's weights and predictions, the formula written out, and what is refused.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { type ClippoError, ConfigError, DataError, ShapeError } from '../../src/errors.ts';
import { type RidgeFewShotOptions, ridgeFewShot } from '../../src/eval/ridge-few-shot.ts';
import { maxAbsDifference } from '../support/backends.ts';
import { generateUniform, readGoldenJson, readGoldenNpz } from '../support/golden.ts';

const arrays = readGoldenNpz('eval/fewshot.npz');
const golden = readGoldenJson<{
  l2_reg: number;
  bias_constant: number;
  num_classes: number;
  results: { seed: number; shots: number; accuracy: number }[];
}>('eval/fewshot.json');

const numbers = (name: string): Float64Array => Float64Array.from(arrays.get(name)!.data, Number);
function rows(name: string): Embeddings {
  return createEmbeddings(Float32Array.from(numbers(name)), arrays.get(name)!.shape[1]!);
}

/** Noise around a point of its own for every class, in float32 as embeddings are. */
function examples(
  count: number,
  dim: number,
  classes: number,
  seed: number,
): Embeddings & { labels: Int32Array } {
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const centres = generateUniform('centres', classes * dim, 0);
  const noise = generateUniform('noise', count * dim, seed);
  const data = Float32Array.from(noise, (value, i) => {
    const d = i % dim;
    // Features of different size, far from 0.
    return (value + centres[labels[Math.floor(i / dim)]! * dim + d]!) * (1 + d) + 10 * d;
  });
  return { ...createEmbeddings(data, dim), labels };
}

/** (XᵀX + l2·I)⁻¹XᵀY as it is written, by Gaussian elimination with pivoting. */
function byTheFormula(
  train: Embeddings,
  labels: ArrayLike<number>,
  { indices, classes, l2 = 1024, bias = 100 }: RidgeFewShotOptions,
): Float64Array {
  const N = indices.length;
  const D = train.dim + 1;
  const chosen = Array.from(indices, (index) => [...train.row(index), bias]);
  for (let d = 0; d < train.dim; d++) {
    const mean = chosen.reduce((sum, row) => sum + row[d]!, 0) / N;
    const deviation = Math.sqrt(chosen.reduce((sum, row) => sum + (row[d]! - mean) ** 2, 0) / N);
    for (const row of chosen) row[d] = (row[d]! - mean) / (deviation + 1e-5);
  }
  const sum = (of: (row: number[], i: number) => number): number =>
    chosen.reduce((total, row, i) => total + of(row, i), 0);
  const system = Array.from({ length: D }, (_, p) => [
    ...Array.from({ length: D }, (_, q) => sum((row) => row[p]! * row[q]!) + (p === q ? l2 : 0)),
    ...Array.from({ length: classes }, (_, c) =>
      sum((row, i) => row[p]! * (labels[indices[i]!] === c ? 1 : -1)),
    ),
  ]);
  for (let p = 0; p < D; p++) {
    const pivot = system.slice(p).reduce((a, b) => (Math.abs(b[p]!) > Math.abs(a[p]!) ? b : a));
    const from = system.indexOf(pivot);
    [system[from], system[p]] = [system[p]!, pivot.map((value) => value / pivot[p]!)];
    for (const [i, row] of system.entries()) {
      if (i !== p) system[i] = row.map((value, q) => value - row[p]! * system[p]![q]!);
    }
  }
  return Float64Array.from(system.flatMap((row) => row.slice(D)));
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('ridgeFewShot', () => {
  it.each(golden.results)('follows the reference: seed $seed, $shots shots', ({ seed, shots, accuracy }) => {
    const name = `seed${seed}_shots${shots}`;
    const { weights, predictions } = ridgeFewShot(rows('x_train'), numbers('y_train'), rows('x_test'), {
      indices: numbers(`${name}/indices`),
      classes: golden.num_classes,
      l2: golden.l2_reg,
      bias: golden.bias_constant,
    });
    // The tolerance is 1e-6; in float64 the two agree to rounding.
    expect(maxAbsDifference(weights, numbers(`${name}/weights`))).toBeLessThan(1e-12);
    expect([...predictions]).toEqual([...numbers(`${name}/predictions`)]);
    const test = numbers('y_test');
    expect(predictions.filter((label, i) => label === test[i]).length / test.length).toBe(accuracy);
  });

  it('has the defaults of big_vision', () => {
    const indices = numbers('seed0_shots5/indices');
    const { weights } = ridgeFewShot(rows('x_train'), numbers('y_train'), rows('x_test'), {
      indices,
      classes: 6,
    });
    expect(maxAbsDifference(weights, numbers('seed0_shots5/weights'))).toBeLessThan(1e-12);
  });

  // Fewer rows than features, as many, one more, and more; across the sizes of blocks.
  it.each([
    { count: 20, dim: 30, classes: 4, l2: 1024, bias: 100 },
    { count: 30, dim: 30, classes: 3, l2: 1, bias: 10 },
    { count: 31, dim: 30, classes: 7, l2: 0.01, bias: 0 },
    { count: 300, dim: 70, classes: 13, l2: 5, bias: 100 },
  ])('is what the formula says: $count rows of $dim features', ({ count, dim, classes, ...options }) => {
    const { labels, ...train } = examples(count, dim, classes, 1);
    const indices = Array.from({ length: count }, (_, i) => (7 * i) % count);
    const all = { indices, classes, ...options };
    const { weights } = ridgeFewShot(train, labels, examples(5, dim, classes, 2), all);
    expect(maxAbsDifference(weights, byTheFormula(train, labels, all))).toBeLessThan(1e-10);
  });

  it('gives a class without examples what the formula gives it', () => {
    const { labels, ...train } = examples(40, 8, 3, 1);
    const options = { indices: Array.from({ length: 40 }, (_, i) => i), classes: 5 };
    const { weights, predictions } = ridgeFewShot(train, labels, train, options);
    expect(maxAbsDifference(weights, byTheFormula(train, labels, options))).toBeLessThan(1e-12);
    expect(Math.max(...predictions)).toBeLessThan(3);
  });

  it('leaves a feature alone that is the same in all chosen rows', () => {
    const { labels, data, ...rest } = examples(50, 6, 2, 1);
    for (let i = 0; i < 50; i++) data[i * 6 + 2] = 0.1;
    const indices = Array.from({ length: 50 }, (_, i) => i);
    const options = { indices, classes: 2 };
    const train = { ...rest, data };
    const { weights, predictions } = ridgeFewShot(train, labels, train, options);
    expect([...weights.subarray(4, 6)]).toEqual([0, 0]);
    const test = createEmbeddings(
      data.map((value, i) => (i % 6 === 2 ? 1000 : value)),
      6,
    );
    expect(ridgeFewShot(train, labels, test, options).predictions).toEqual(predictions);
  });

  it('answers the first class when all rows are the same', () => {
    const same = createEmbeddings(new Float32Array(12).fill(3), 3);
    const options = { indices: [0, 1, 2, 3], classes: 2 };
    const { weights, predictions } = ridgeFewShot(same, [0, 1, 0, 1], same, options);
    expect([...weights]).toEqual(new Array(8).fill(0));
    expect([...predictions]).toEqual([0, 0, 0, 0]);
  });

  it('does without WebAssembly', async () => {
    const { labels, ...train } = examples(150, 40, 11, 1);
    const test = examples(70, 40, 11, 2);
    const options = { indices: Array.from({ length: 150 }, (_, i) => i), classes: 11 };
    const usual = ridgeFewShot(train, labels, test, options);
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const { ridgeFewShot: without } = await import('../../src/eval/ridge-few-shot.ts');
    const plain = without(train, labels, test, options);
    expect(maxAbsDifference(plain.weights, usual.weights)).toBeLessThan(1e-14);
    expect(plain.predictions).toEqual(usual.predictions);
  });

  const train = examples(6, 2, 3, 1);
  const good = { indices: [0, 1, 2], classes: 3 };
  const withNumber = (value: number): Embeddings => createEmbeddings(Float32Array.of(1, 2, 3, value), 2);
  const bad: [expected: ClippoError, run: () => unknown][] = [
    [
      new ConfigError('ridgeFewShot: unknown option l1. Known: indices, classes, l2, bias.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, l1: 3 } as RidgeFewShotOptions),
    ],
    [
      new ConfigError(
        'ridgeFewShot: indices: expected a list of rows, as fewShotIndices() gives, got undefined.',
      ),
      // Wrong on purpose, as a caller without types may write it.
      () => ridgeFewShot(train, train.labels, train, { classes: 3 } as RidgeFewShotOptions),
    ],
    [
      new ConfigError('ridgeFewShot: classes: expected an integer of at least 2, got 1.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, classes: 1 }),
    ],
    [
      new ConfigError('ridgeFewShot: l2: expected a number above 0, got 0.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, l2: 0 }),
    ],
    [
      new ConfigError('ridgeFewShot: l2: expected a number of at least 0, got NaN.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, l2: Number.NaN }),
    ],
    [
      new ConfigError('ridgeFewShot: bias: expected a number of at least 0, got -1.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, bias: -1 }),
    ],
    [
      new DataError('ridgeFewShot: indices: no rows of train are chosen.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, indices: [] }),
    ],
    [
      new DataError('ridgeFewShot: indices[1]: expected a row of train, 0 to 5, got 6.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, indices: [0, 6] }),
    ],
    [
      new DataError('ridgeFewShot: labels[2]: expected a class from 0 to 1, got 2.'),
      () => ridgeFewShot(train, train.labels, train, { ...good, classes: 2 }),
    ],
    [
      new ShapeError('ridgeFewShot: expected a label for each of 6 rows of train, got 5.'),
      () => ridgeFewShot(train, train.labels.subarray(1), train, good),
    ],
    [
      new ShapeError(
        'ridgeFewShot: rows of train have 2 numbers, those of test 3. Embed both with one model.',
      ),
      () => ridgeFewShot(train, train.labels, examples(6, 3, 3, 1), good),
    ],
    [
      new ShapeError(
        'ridgeFewShot: test: expected at least one row and feature, and count · dim numbers; ' +
          'got count 0, dim 2 and 0 numbers.',
      ),
      () => ridgeFewShot(train, train.labels, createEmbeddings(new Float32Array(0), 2), good),
    ],
    [
      new ShapeError(
        'ridgeFewShot: train: expected { data, count, dim } with data in a Float32Array or Float64Array, ' +
          'as createEmbeddings() gives, got an array.',
      ),
      () => ridgeFewShot({ ...train, data: [1, 2] as unknown as Float32Array }, train.labels, train, good),
    ],
    [
      new DataError(
        'ridgeFewShot: train: row 1 has NaN as feature 1, expected finite numbers. ' +
          'Look at what was embedded there, or leave the row out.',
      ),
      () => ridgeFewShot(withNumber(Number.NaN), [0, 1], withNumber(1), { indices: [0, 1], classes: 2 }),
    ],
    [
      new DataError(
        'ridgeFewShot: test: row 1 has -Infinity as feature 1, expected finite numbers. ' +
          'Look at what was embedded there, or leave the row out.',
      ),
      () => ridgeFewShot(withNumber(1), [0, 1], withNumber(-Infinity), { indices: [0, 1], classes: 2 }),
    ],
    [
      new DataError('ridgeFewShot: train: the numbers are too large to be squared and added up.'),
      () => {
        const data = Float64Array.of(1, 2, 3, 1e200);
        return ridgeFewShot({ data, count: 2, dim: 2 }, [0, 1], train, { indices: [0, 1], classes: 2 });
      },
    ],
  ];
  it.each(bad)('refuses: %s', (error, run) => {
    expect(run).toThrow(error);
  });

  it('does not look at rows that are not chosen', () => {
    const labels = Int32Array.of(0, 1, -1);
    const data = Float32Array.of(1, 2, 3, 4, Number.NaN, 5);
    const few = createEmbeddings(data.slice(0, 4), 2);
    const options = { indices: [0, 1], classes: 2 };
    const { predictions } = ridgeFewShot(createEmbeddings(data, 2), labels, few, options);
    expect([...predictions]).toEqual([0, 1]);
  });
});
