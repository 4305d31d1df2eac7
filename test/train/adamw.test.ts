// AdamW against optax's definition written out in float64, with its corrections as they stand there; its life as a
// tf.Optimizer, saved and restored on the way; the refusals by message.

import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError } from '../../src/errors.ts';
import { type AdamW, type AdamWOptions, adamw } from '../../src/train/adamw.ts';
import { squaresDecay } from '../../src/train/adamw-rule.ts';
import { updateStep } from '../../src/train/update.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';

type Values = Record<string, number[]>;

const START: Values = { 'a/kernel': [1, -2, 0.5], 'a/bias': [0.1, 0.2, 0.3], t: [2] };

/** A gradient that differs from step to step, and is zero at times. */
function gradientsAt(step: number): Values {
  return {
    'a/kernel': [3 * Math.cos(step), -4, step % 2 === 0 ? 0 : 0.01],
    'a/bias': [0, 12 / (step + 1), -0.5],
    t: [Math.sin(3 * step)],
  };
}

function variables(values: Values = START): Map<string, tf.Variable> {
  const make = (data: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(data)));
  return new Map(Object.entries(values).map(([path, data]) => [path, make(data)]));
}

function step(optimizer: AdamW, parameters: Map<string, tf.Variable>, count: number): void {
  const gradients = new Map(Object.entries(gradientsAt(count)).map(([path, g]) => [path, tf.tensor1d(g)]));
  tf.dispose([optimizer.apply(parameters, gradients), [...gradients.values()]]);
}

/** m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − s·lr·(m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε) + wd·p) */
function reference(steps: number, options: Required<AdamWOptions>): Values {
  const { beta1, beta2, epsilon, learningRate, weightDecay, clipNorm, schedule } = options;
  const p = structuredClone(START);
  const [m, v] = [structuredClone(START), structuredClone(START)];
  for (const path of Object.keys(START)) for (const moment of [m, v]) moment[path]!.fill(0);
  for (let i = 0; i < steps; i++) {
    const gradients = gradientsAt(i);
    const norm = Math.hypot(...Object.values(gradients).flat());
    const shrink = clipNorm === null || norm < clipNorm ? 1 : clipNorm / norm;
    for (const [path, raw] of Object.entries(gradients)) {
      for (const [k, value] of raw.entries()) {
        const g = value * shrink;
        m[path]![k] = beta1 * m[path]![k]! + (1 - beta1) * g;
        v[path]![k] = beta2 * v[path]![k]! + (1 - beta2) * g * g;
        const mHat = m[path]![k]! / (1 - beta1 ** (i + 1));
        const vHat = v[path]![k]! / (1 - beta2 ** (i + 1));
        const decay = path.endsWith('kernel') ? weightDecay * p[path]![k]! : 0;
        p[path]![k]! -= schedule(i) * learningRate * (mHat / (Math.sqrt(vHat) + epsilon) + decay);
      }
    }
  }
  return p;
}

const OPTIONS: Required<AdamWOptions> = {
  ...{ learningRate: 0.1, weightDecay: 0.05, decayMask: '(.+/)?kernel', clipNorm: 5 },
  ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRateMultipliers: [] },
  schedule: (count) => 1 / (count + 2),
};

describe.each(BACKENDS)('adamw on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it.each([
    ['as in the defaults', {}],
    ['without a clip norm', { clipNorm: null }],
    ['with other betas', { beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }],
    ['without a mean', { beta1: 0, beta2: 0 }],
  ])('does what optax does, %s', (_, more) => {
    const options = { ...OPTIONS, ...more };
    const expected = reference(12, options);
    const [optimizer, parameters] = [adamw(options), variables()];
    for (let i = 0; i < 12; i++) step(optimizer, parameters, i);
    for (const [path, p] of parameters) {
      expect(maxAbsDifference(p.dataSync(), expected[path]!), path).toBeLessThan(3e-6);
    }
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('goes on from a saved state as if nothing had been', async () => {
    const [one, other] = [adamw(OPTIONS), adamw(OPTIONS)];
    const [a, b] = [variables(), variables()];
    for (let i = 0; i < 3; i++) step(one, a, i);
    await other.setWeights(await one.getWeights());
    for (const [path, p] of b) p.assign(a.get(path)!);
    for (let i = 3; i < 6; i++)
      for (const [optimizer, parameters] of [[one, a] as const, [other, b] as const])
        step(optimizer, parameters, i);
    for (const [path, p] of b) expect([...p.dataSync()]).toEqual([...a.get(path)!.dataSync()]);
    const names = (await one.getWeights()).map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(['iter', 'a/kernel/m', 'a/kernel/v', 'a/kernel/weight']);
    const damaged = (await one.getWeights()).filter(({ name }) => name !== 't/v');
    await expect(other.setWeights(damaged)).rejects.toThrow(
      new CheckpointError('adamw: the saved state does not fit: t/v is missing.'),
    );
    for (const optimizer of [one, other]) optimizer.dispose();
    tf.dispose([...a.values(), ...b.values()]);
  });

  it('scales learning rate and decay of a path, and freezes others', () => {
    const learningRateMultipliers = [['a/bias', null] as const, ['a/.*', 2] as const];
    const doubled = adamw({ ...OPTIONS, learningRateMultipliers });
    const plain = adamw({ ...OPTIONS, learningRate: 0.2, learningRateMultipliers: [['a/bias', null]] });
    const [a, b] = [variables(), variables()];
    step(doubled, a, 0);
    step(plain, b, 0);
    const read = (parameters: Map<string, tf.Variable>, path: string) => [
      ...parameters.get(path)!.dataSync(),
    ];
    expect(read(a, 'a/kernel')).toEqual(read(b, 'a/kernel'));
    expect(read(a, 'a/bias')).toEqual([...Float32Array.from(START['a/bias']!)]);
    for (const optimizer of [doubled, plain]) optimizer.dispose();
    tf.dispose([...a.values(), ...b.values()]);
  });

  it('trains a tf.sequential through compile and fit', async () => {
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const x = tf.tensor2d([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
    const y = tf.tensor2d([1, 3, 0, 2], [4, 1]);
    const { history } = await model.fit(x, y, { epochs: 150, shuffle: false, verbose: 0 });
    expect((history.loss as number[]).at(-1)).toBeLessThan(0.05); // the only metric, read as numbers
    expect(optimizer.stepCount).toBe(150);
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });

  it('steps through updateStep', () => {
    const [optimizer, parameters] = [adamw({ learningRate: 0.1 }), variables({ w: [3, -2] })];
    const loss = (): number => {
      const result = updateStep(optimizer, parameters, () => tf.sum(tf.square(parameters.get('w')!)));
      const value = result.loss.dataSync()[0]!;
      tf.dispose(result);
      return value;
    };
    const losses = Array.from({ length: 60 }, loss);
    expect(losses.at(-1)!).toBeLessThan(0.1 * losses[0]!);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });
});

describe('options of adamw', () => {
  const known =
    'learningRate, weightDecay, decayMask, clipNorm, beta1, beta2, epsilon, schedule, learningRateMultipliers';
  it.each<[message: string, options: unknown]>([
    [`adamw: unknown option momentum. Known: ${known}.`, { momentum: 0.9 }],
    ['adamw: beta1: expected a number from 0 to 0.999, got 1.', { beta1: 1 }],
    ['adamw: epsilon: expected a number from 1e-36 to 1, got 0.', { epsilon: 0 }],
    ['adamw: clipNorm (null for none): expected a number of at least 1e-36, got 0.', { clipNorm: 0 }],
    ['adamw: decayMask: "(" is no regular expression.', { decayMask: '(' }],
    [
      'adamw: schedule: expected a function (step) => factor. Make one with schedule().',
      { schedule: 'linear' },
    ],
  ])('refuses: %s', (message, options) => {
    // Wrong on purpose, as a caller without types may write it.
    expect(() => adamw(options as AdamWOptions)).toThrow(new ConfigError(message));
  });

  it('has a decay of the squares that begins at 0 and comes to beta2', () => {
    expect(squaresDecay(0, 0.999)).toBe(0);
    expect(squaresDecay(1, 0.999)).toBeCloseTo(0.999 * (0.001 / (1 - 0.999 ** 2)), 10);
    expect(squaresDecay(1e6, 0.999)).toBeCloseTo(0.999, 12);
    expect(squaresDecay(5, 0)).toBe(0);
  });
});
