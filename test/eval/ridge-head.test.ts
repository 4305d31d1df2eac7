// The closed form of a linear head, against the system it solves and by what it must learn.

import { describe, expect, it } from 'vitest';
import { createEmbeddings } from '../../src/embeddings.ts';
import { ridgeHead } from '../../src/eval/index.ts';
import { createRandom } from '../../src/random.ts';
import type { TargetKind } from '../../src/tasks/index.ts';

const REGRESSION: TargetKind = { kind: 'regression' };
const CLASSES: TargetKind = { kind: 'classes', labels: ['a', 'b', 'c'] };
const MULTI: TargetKind = { kind: 'multi-label', labels: ['a', 'b'] };
const random = createRandom(1, 'ridge-head');
const features = createEmbeddings(Float32Array.from({ length: 300 * 5 }, random.normal), 5);
const rows = Array.from({ length: 300 }, (_, i) => [...features.row(i)]);

describe('ridgeHead', () => {
  it('finds the plane that targets lie on', async () => {
    const targets = rows.map(([a, b, c]) => 3 + 2 * a! - b! + 0.5 * c!);
    const { predict } = await ridgeHead({ l2: 1e-6 })(features, targets, { targets: REGRESSION });
    const { data, dim } = await predict(features);
    expect(dim).toBe(1);
    for (const [i, target] of targets.entries()) expect(data[i]).toBeCloseTo(target, 4);
  });

  it('shrinks weights and not the mean: one whitened feature, by hand', async () => {
    const one = createEmbeddings(Float32Array.of(-1, 1, -1, 1), 1); // whitened already
    const { predict } = await ridgeHead({ l2: 4 })(one, [8, 12, 8, 12], { targets: REGRESSION });
    // Σ x·(y − mean) / (Σ x² + l2) = 8 / (4 + 4)
    const { data } = await predict(createEmbeddings(Float32Array.of(-1, 0, 3), 1));
    for (const [i, value] of [9, 10, 13].entries()) expect(data[i]).toBeCloseTo(value, 3);
  });

  it('tells classes, and shares of several labels', async () => {
    const labels = rows.map(([a, b]) => (a! > 0.5 ? 0 : b! > 0 ? 1 : 2));
    const classes = await ridgeHead({ l2: 1 })(features, labels, { targets: CLASSES });
    const scores = await classes.predict(features);
    const right = labels.filter((label, i) => scores.row(i).indexOf(Math.max(...scores.row(i))) === label);
    expect(right.length).toBeGreaterThan(240);
    const shares = rows.flatMap(([a, b]) => [a! > 0 ? 0.9 : 0, b! > 0 ? 1 : 0]);
    const several = await ridgeHead({ l2: 1 })(features, shares, { targets: MULTI });
    const { data, dim } = await several.predict(features);
    expect(dim).toBe(2);
    expect(shares.filter((share, i) => share > 0.5 === data[i]! > 0.47).length).toBeGreaterThan(540);
  });

  it('refuses targets that are none, and rows of another length', async () => {
    const fit = ridgeHead();
    const three = createEmbeddings(Float32Array.of(0, 1, 2), 1);
    await expect(fit(three, [0, 1], { targets: CLASSES })).rejects.toThrow(
      'ridgeHead: expected 3 targets for 3 rows of features, got 2.',
    );
    await expect(fit(three, [0, 1, 3], { targets: CLASSES })).rejects.toThrow(
      'targets[2]: expected a label from 0 to 2, got 3.',
    );
    await expect(fit(three, [0, Number.NaN, 3], { targets: REGRESSION })).rejects.toThrow(
      'targets[1]: expected a finite number, got NaN.',
    );
    await expect(fit(three, [0, 1, 0, 2, 0, 0], { targets: MULTI })).rejects.toThrow(
      'targets[3]: expected a share from 0 to 1, got 2.',
    );
    const spoilt = createEmbeddings(Float32Array.of(0, Number.NaN, 2), 1);
    await expect(fit(spoilt, [0, 1, 2], { targets: CLASSES })).rejects.toThrow('row 1 has NaN as feature 0');
    const { predict } = await fit(three, [0, 1, 2], { targets: REGRESSION });
    expect(() => predict(features)).toThrow('learned from rows of 1 numbers, asked about rows of 5');
    expect(() => ridgeHead({ l2: 0 })).toThrow('l2: expected a number above 0');
  });

  it('ends when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(
      ridgeHead()(features, new Array(300).fill(1), { targets: REGRESSION, signal }),
    ).rejects.toThrow('enough');
  });
});
