// A head on features of any encoder: it learns, by either engine, and keeps no tensors.

import { describe, expect, it } from 'vitest';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { createRandom } from '../../src/random.ts';
import type { FitHead, TargetKind } from '../../src/tasks/index.ts';
import { headTrainer } from '../../src/train/index.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';

const [N, D] = [60, 6];
const LABELS = ['a', 'b', 'c'];

/** Points around three centres, of features that differ in size. */
function points(seed: number): { features: Embeddings; classes: number[] } {
  const random = createRandom(seed);
  const classes = Array.from({ length: N }, (_, i) => i % 3);
  const data = Float32Array.from({ length: N * D }, (_, i) => {
    const k = i % D;
    const centre = classes[Math.floor(i / D)] === k % 3 ? 3 : 0;
    return 100 ** (k % 2) * (centre + random.normal() * 0.5) + 10;
  });
  return { features: createEmbeddings(data, D), classes };
}

const [train, test] = [points(1), points(2)];

function top(scores: Embeddings): number[] {
  return Array.from({ length: scores.count }, (_, i) => scores.row(i).indexOf(Math.max(...scores.row(i))));
}

describe.each(['tfjs', 'onnx'] as const)('a head by %s', (engine) => {
  expectNoLeaks();

  it.each(['linear', [8]] as const)('tells classes apart: %j', async (head) => {
    const fitHead: FitHead = headTrainer({ engine, head });
    const targets: TargetKind = { kind: 'classes', labels: LABELS };
    const fitted = await fitHead(train.features, train.classes, { targets, seed: 1 });
    const scores = await fitted.predict(test.features);
    expect([scores.count, scores.dim]).toEqual([N, 3]);
    expect(top(scores)).toEqual(test.classes);
    expect(scores.row(0).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const again = await (await fitHead(train.features, train.classes, { targets, seed: 1 })).predict(
      test.features,
    );
    expect([...again.data]).toEqual([...scores.data]);
  });
});

describe('a head', () => {
  expectNoLeaks();
  const fitHead = headTrainer({ engine: 'tfjs' });

  it('learns several labels, and numbers', async () => {
    const several = train.classes.flatMap((k) => LABELS.map((_, j) => (j === k || j === 0 ? 1 : 0)));
    const targets: TargetKind = { kind: 'multi-label', labels: LABELS };
    const scores = await (await fitHead(train.features, several, { targets })).predict(test.features);
    const said = Array.from({ length: N }, (_, i) => [...scores.row(i)].map((score) => Number(score > 0.5)));
    expect(said).toEqual(test.classes.map((k) => LABELS.map((_, j) => (j === k || j === 0 ? 1 : 0))));
    const range = [0, 2] as const;
    const numbers = await fitHead(train.features, train.classes, { targets: { kind: 'regression', range } });
    const values = await numbers.predict(test.features);
    expect(values.dim).toBe(1);
    const off = test.classes.map((value, i) => Math.abs(values.data[i]! - value));
    expect(off.reduce((a, b) => a + b) / N).toBeLessThan(0.3);
    expect(
      maxAbsDifference(
        values.data.map((v) => Math.min(2, Math.max(0, v))),
        values.data,
      ),
    ).toBe(0);
  });

  it('says what does not fit', async () => {
    const targets: TargetKind = { kind: 'classes', labels: LABELS };
    await expect(fitHead(train.features, [0, 1], { targets })).rejects.toThrow(
      'headTrainer: 60 rows of features and 2 targets. Give one each.',
    );
    const wrong = train.classes.map((k) => (k === 2 ? 7 : k));
    await expect(fitHead(train.features, wrong, { targets })).rejects.toThrow(
      'headTrainer: 20 of 60 targets cannot be used: 20 × not in the list of labels (first [2]: 7).',
    );
    await expect(
      fitHead(train.features, [1], { targets: { kind: 'multi-label', labels: LABELS } }),
    ).rejects.toThrow('headTrainer: expected 3 targets for each of 60 rows of features, 180 in all, got 1.');
    const fitted = await fitHead(train.features, train.classes, { targets });
    await expect(fitted.predict(createEmbeddings(new Float32Array(4), 2))).rejects.toThrow(
      'headTrainer: predict: the head was trained on features of 6 numbers, got 2.',
    );
    await expect(
      fitHead(train.features, train.classes, { targets, signal: AbortSignal.abort() }),
    ).rejects.toThrow('aborted');
  });
});
