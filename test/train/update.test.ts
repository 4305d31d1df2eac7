// The order of an update against the formulas written out in float64, and what a step promises besides: frozen
// parameters stay out of everything, nothing is read back, no tensor is left behind.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import { type AdafactorOptions, adafactor } from '../../src/train/adafactor.ts';
import { contrastiveLoss } from '../../src/train/loss.ts';
import { globalNorm, type StepOptimizer, updateStep } from '../../src/train/update.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';

type Values = Record<string, number[]>;

const START: Values = { 'a/kernel': [1, -2, 0.5], 'a/bias': [0.1, 0.2, 0.3], t: [2] };
/** Σ slope·parameter, so that the gradients are the slopes. */
const SLOPES: Values = { 'a/kernel': [3, -4, 0.01], 'a/bias': [0, 12, -0.5], t: [0.2] };

function variables(values: Values = START): Map<string, tf.Variable> {
  const make = (data: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(data)));
  return new Map(Object.entries(values).map(([path, data]) => [path, make(data)]));
}

function slope(parameters: Map<string, tf.Variable>, slopes = SLOPES): tf.Scalar {
  return tf.addN([...parameters].map(([path, p]) => tf.sum<tf.Scalar>(tf.mul(p, slopes[path]!))));
}

function read(metrics: Record<string, tf.Scalar>): Record<string, number> {
  const numbers = Object.entries(metrics).map(([name, value]) => [name, value.dataSync()[0]!]);
  tf.dispose(Object.values(metrics));
  return Object.fromEntries(numbers);
}

function read64(parameters: Map<string, tf.Variable>): Values {
  return Object.fromEntries([...parameters].map(([path, p]) => [path, [...p.dataSync()]]));
}

function bfloat16(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
  return x === 0 ? 0 : Math.round(x / unit) * unit;
}

/** The pipeline of §4.1 for vectors, stage by stage, in float64. */
function reference(
  steps: number,
  options: Required<
    Pick<AdafactorOptions, 'learningRate' | 'weightDecay' | 'clipNorm' | 'momentum' | 'schedule'>
  >,
): { parameters: Values; norms: { gradNorm: number; updateNorm: number }[] } {
  const parameters = structuredClone(START);
  const v: Values = structuredClone(START);
  const m: Values = structuredClone(START);
  for (const path of Object.keys(START)) for (const state of [v, m]) state[path]!.fill(0);
  const norms = [];
  for (let i = 0; i < steps; i++) {
    const gradNorm = Math.hypot(...Object.values(SLOPES).flat());
    const beta2 = Math.min(0.999, 1 - (i + 1) ** -0.8);
    const updates: number[] = [];
    for (const [path, slopes] of Object.entries(SLOPES)) {
      for (const [k, raw] of slopes.entries()) {
        const g =
          options.clipNorm === null || gradNorm < options.clipNorm
            ? raw
            : (raw / gradNorm) * options.clipNorm;
        v[path]![k] = beta2 * v[path]![k]! + (1 - beta2) * (g * g + 1e-30);
        const mean = options.momentum * m[path]![k]! + (1 - options.momentum) * (g / Math.sqrt(v[path]![k]!));
        m[path]![k] = bfloat16(mean);
        let update = options.learningRate * mean;
        if (path.endsWith('kernel')) update += options.weightDecay * parameters[path]![k]!;
        update *= options.schedule(i);
        parameters[path]![k]! -= update;
        updates.push(update);
      }
    }
    norms.push({ gradNorm, updateNorm: Math.hypot(...updates) });
  }
  return { parameters, norms };
}

describe.each(BACKENDS)('update on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it.each([1, 100, null])('does the stages in order, clipped at %s', (clipNorm) => {
    const options = {
      learningRate: 0.1,
      weightDecay: 0.05,
      clipNorm,
      momentum: 0.9,
      schedule: (step: number) => 1 / (step + 2),
    };
    const expected = reference(6, options);
    const [optimizer, parameters] = [adafactor(options), variables()];
    for (const norms of expected.norms) {
      const metrics = read(updateStep(optimizer, parameters, () => slope(parameters)));
      expect(metrics.gradNorm).toBeCloseTo(norms.gradNorm, 5);
      expect(metrics.updateNorm).toBeCloseTo(norms.updateNorm, 6);
    }
    for (const [path, p] of parameters) {
      expect(maxAbsDifference(p.dataSync(), expected.parameters[path]!), path).toBeLessThan(2e-6);
    }
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('returns the loss before the update, and lets other tensors of the loss be kept', () => {
    const [optimizer, parameters] = [adafactor({ schedule: () => 1 }), variables()];
    const before = tf.tidy(() => slope(parameters).dataSync()[0]!);
    let kept: tf.Tensor | undefined;
    const metrics = updateStep(optimizer, parameters, () => {
      const loss = slope(parameters);
      kept = tf.keep(tf.mul(loss, 2));
      return loss;
    });
    expect(read(metrics).loss).toBe(before);
    expect(kept!.dataSync()[0]).toBeCloseTo(2 * before, 5);
    expect(optimizer.stepCount).toBe(1);
    kept!.dispose();
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('leaves frozen parameters alone and out of the norm', () => {
    const learningRateMultipliers = [
      ['a/.*', null],
      ['.*', 1],
    ] as const;
    const [optimizer, parameters] = [adafactor({ learningRateMultipliers }), variables()];
    const { gradNorm } = read(updateStep(optimizer, parameters, () => slope(parameters)));
    expect(gradNorm).toBeCloseTo(0.2, 6);
    const after = read64(parameters);
    for (const path of ['a/kernel', 'a/bias'])
      expect(after[path]).toEqual([...Float32Array.from(START[path]!)]);
    expect(after.t).not.toEqual(START.t);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('leaves alone what tfjs marks as not trainable', () => {
    const [optimizer, parameters] = [adafactor(), variables()];
    parameters.get('a/kernel')!.trainable = false;
    updateAndForget(optimizer, parameters);
    expect(read64(parameters)['a/kernel']).toEqual(START['a/kernel']);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('multiplies the learning rate by the first pattern that matches the whole path, not the decay', () => {
    const step = (options: AdafactorOptions): Values => {
      const [optimizer, parameters] = [adafactor({ learningRate: 0.1, ...options }), variables()];
      updateAndForget(optimizer, parameters);
      const after = read64(parameters);
      optimizer.dispose();
      tf.dispose([...parameters.values()]);
      return Object.fromEntries(
        Object.entries(after).map(([path, p]) => [path, p.map((x, k) => START[path]![k]! - x)]),
      );
    };
    const plain = step({ weightDecay: 0 });
    const raised = step({
      weightDecay: 0,
      learningRateMultipliers: [
        ['a', 5],
        ['a/bias', 3],
        ['.*bias', 7],
      ],
    });
    expect(
      maxAbsDifference(
        raised['a/bias']!,
        plain['a/bias']!.map((x) => 3 * x),
      ),
    ).toBeLessThan(1e-6);
    expect(raised['a/kernel']).toEqual(plain['a/kernel']);
    const decayed = step({ weightDecay: 0.5, decayMask: 't', learningRateMultipliers: [['t', 2]] });
    expect(decayed.t![0]).toBeCloseTo(2 * plain.t![0]! + 0.5 * START.t![0]!, 6);
    expect(decayed['a/kernel']).toEqual(plain['a/kernel']);
  });

  it('gives a parameter outside the loss a gradient of zero: it only decays', () => {
    const [optimizer, parameters] = [adafactor({ weightDecay: 0.1 }), variables()];
    tf.dispose(updateStep(optimizer, parameters, () => tf.sum(parameters.get('t')!)));
    const after = read64(parameters);
    expect(
      maxAbsDifference(
        after['a/kernel']!,
        START['a/kernel']!.map((x) => 0.9 * x),
      ),
    ).toBeLessThan(1e-6);
    expect(maxAbsDifference(after['a/bias']!, START['a/bias']!)).toBeLessThan(1e-7);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('takes the numbers of a step as tensors and then counts nothing', () => {
    const options: AdafactorOptions = { schedule: (step) => 0.5 ** step };
    const [counting, told] = [adafactor(options), adafactor(options)];
    const [parameters, copies] = [variables(), variables()];
    for (let step = 0; step < 3; step++) {
      const a = read(updateStep(counting, parameters, () => slope(parameters)));
      const { beta2, schedule } = told.stepNumbers(step);
      const scalars = { beta2: tf.scalar(beta2), schedule: tf.scalar(schedule) };
      const b = read(updateStep(told, copies, () => slope(copies), scalars));
      tf.dispose(Object.values(scalars));
      expect(b).toEqual(a);
    }
    expect(read64(copies)).toEqual(read64(parameters));
    expect(told.stepCount).toBe(0);
    told.stepCount = 3;
    expect(told.stepNumbers()).toEqual(counting.stepNumbers());
    for (const optimizer of [counting, told]) optimizer.dispose();
    tf.dispose([...parameters.values(), ...copies.values()]);
  });

  it('reads nothing back while it updates', () => {
    const [optimizer, parameters] = [adafactor(), variables()];
    updateAndForget(optimizer, parameters);
    const reads = vi.spyOn(tf.backend(), 'readSync');
    const metrics = updateStep(optimizer, parameters, () => slope(parameters));
    expect(reads).not.toHaveBeenCalled();
    reads.mockRestore();
    tf.dispose(metrics);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('shows NaN in the norm when a gradient is NaN', () => {
    const [optimizer, parameters] = [adafactor(), variables()];
    const spoilt = { ...SLOPES, t: [Number.NaN] };
    const { gradNorm } = read(updateStep(optimizer, parameters, () => slope(parameters, spoilt)));
    expect(gradNorm).toBeNaN();
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('refuses to train nothing', () => {
    const optimizer = adafactor({ learningRateMultipliers: [['.*', null]] });
    const parameters = variables();
    expect(() => updateStep(optimizer, parameters, () => slope(parameters))).toThrow(
      new ConfigError(
        'update: none of 3 parameters is left to train. Freeze fewer of them in learningRateMultipliers.',
      ),
    );
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('refuses gradients that do not belong to the parameters, and then updates nothing', () => {
    const [optimizer, parameters] = [adafactor(), variables()];
    const t = parameters.get('t')!;
    const apply = (gradients: [string, tf.Tensor][]) => () => optimizer.apply(parameters, new Map(gradients));
    expect(apply([])).toThrow(
      new ConfigError(
        'update: no parameter that is left to train has a gradient. Give gradients by the same paths as parameters.',
      ),
    );
    expect(apply([['a/kernal', t]])).toThrow(
      new ConfigError('update: gradients of a/kernal, which are no parameters.'),
    );
    const wrong: [string, tf.Tensor][] = [
      ['t', t],
      ['a/kernel', t],
    ];
    expect(apply(wrong)).toThrow(new ShapeError('gradient of a/kernel: expected [3], got [1].'));
    expect(read64(parameters).t).toEqual(START.t);
    expect(optimizer.stepCount).toBe(0);
    const none = new ConfigError('update: got no parameters. Give at least one.');
    expect(() => optimizer.apply(new Map(), new Map())).toThrow(none);
    expect(() => updateStep(optimizer, new Map(), () => tf.scalar(1))).toThrow(none);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('refuses an optimiser of tfjs itself', () => {
    const [adam, parameters] = [tf.train.adam(), variables()];
    // Wrong on purpose, as a caller without types may write it.
    const optimizer = adam as unknown as StepOptimizer;
    expect(() => updateStep(optimizer, parameters, () => slope(parameters))).toThrow(
      new ConfigError(
        'updateStep: optimizer: expected one with apply, update and isFrozen, got AdamOptimizer. Make one with adafactor().',
      ),
    );
    adam.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('keeps four digits of the norm of two million equal gradients, where one float32 sum keeps two', () => {
    const norm = tf.tidy(() => globalNorm([tf.fill([768, 3072], 0.1), tf.fill([], 2)]).dataSync()[0]!);
    expect(norm / Math.sqrt(768 * 3072 * Math.fround(0.1) ** 2 + 4)).toBeCloseTo(1, 4);
  });

  it('overfits four pairs with the contrastive loss', () => {
    const start = Array.from({ length: 32 }, (_, i) => Math.sin(7 * i * i));
    const parameters = variables({
      'image/kernel': start,
      'text/kernel': start.toReversed(),
      t: [Math.log(10)],
    });
    const optimizer = adafactor({ learningRate: 0.03 });
    const unit = (path: string): tf.Tensor2D => {
      const rows = tf.reshape(parameters.get(path)!, [4, 8]);
      return tf.div(rows, tf.norm(rows, 2, 1, true));
    };
    const losses = Array.from({ length: 60 }, () => {
      const lossFn = (): tf.Scalar =>
        contrastiveLoss(unit('image/kernel'), unit('text/kernel'), parameters.get('t')!);
      return read(updateStep(optimizer, parameters, lossFn)).loss!;
    });
    expect(losses.at(-1)!).toBeLessThan(0.02 * losses[0]!);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });
});

function updateAndForget(
  optimizer: ReturnType<typeof adafactor>,
  parameters: Map<string, tf.Variable>,
): void {
  tf.dispose(updateStep(optimizer, parameters, () => slope(parameters)));
}
