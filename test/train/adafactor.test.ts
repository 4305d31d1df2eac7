// Adafactor's life as a tf.Optimizer: inside model.fit, one state for each variable, saved and restored, refusing
// what does not fit.

import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError, ShapeError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { type Adafactor, adafactor } from '../../src/train/adafactor.ts';
import { BACKENDS, expectNoLeaks, useBackend } from '../support/backends.ts';

async function stateOf(optimizer: Adafactor): Promise<Map<string, Float32Array>> {
  const weights = await optimizer.getWeights();
  return new Map(weights.map(({ name, tensor }) => [name, Float32Array.from(tensor.dataSync())]));
}

describe.each(BACKENDS)('adafactor on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it('trains a tf.sequential through compile and fit', async () => {
    const model = toyModel();
    const optimizer = adafactor({ learningRate: 0.05, weightDecay: 0 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const [x, y] = toyData();
    const { history } = await model.fit(x, y, { epochs: 60, batchSize: 16, shuffle: false, verbose: 0 });
    const losses = history.loss as number[]; // the only metric, read as numbers
    expect(losses.at(-1)!).toBeLessThan(0.05 * losses[0]!);
    expect(optimizer.stepCount).toBe(120);

    // The state outlives fit and does not grow.
    const before = tf.memory().numTensors;
    await model.fit(x, y, { epochs: 2, batchSize: 16, shuffle: false, verbose: 0 });
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
    optimizer.dispose(); // harmless
  });

  it('names its state by path, whatever else the process has named', async () => {
    const names: string[][] = [];
    for (let run = 0; run < 2; run++) {
      const [model, optimizer] = [toyModel(), adafactor()];
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const [x, y] = toyData();
      await model.fit(x, y, { epochs: 1, verbose: 0 });
      names.push([...(await stateOf(optimizer)).keys()]);
      tf.dispose([x, y]);
      model.dispose();
      optimizer.dispose();
    }
    expect(names[1]).toEqual(names[0]);
    expect(names[0]).toContain('hidden/kernel/v');
    expect(names[0]).toContain('out/bias/ema');
  });

  it('numbers weights of one name within the model', async () => {
    const twins = [variable([1], 'twin_7'), variable([1], 'twin_9')];
    const optimizer = adafactor();
    optimizer.minimize(() => tf.sum(tf.add(twins[0]!, tf.square(twins[1]!))), false, twins);
    expect([...(await stateOf(optimizer)).keys()]).toEqual([
      'iter',
      'twin/v',
      'twin/ema',
      'twin_1/v',
      'twin_1/ema',
    ]);
    optimizer.dispose();
    tf.dispose(twins);
  });

  it('shares no state between variables whose names differ by a number', async () => {
    const [a, b] = [variable([1, 2], 'w_1'), variable([3], 'w_2')];
    const optimizer = adafactor();
    const lossOf =
      (...of: tf.Tensor[]) =>
      (): tf.Scalar =>
        tf.addN(of.map((x) => tf.sum<tf.Scalar>(tf.square(x))));
    optimizer.minimize(lossOf(a, b), false, [a, b]);
    const before = await stateOf(optimizer);
    optimizer.minimize(lossOf(b), false, [b]); // alone, the name w is still that of the other one
    const after = await stateOf(optimizer);
    expect([...after.keys()]).toEqual(['iter', 'w/v', 'w/ema', 'w_1/v', 'w_1/ema']);
    expect(after.get('w/v')).toEqual(before.get('w/v'));
    expect(after.get('w_1/v')).not.toEqual(before.get('w_1/v'));
    optimizer.dispose();
    tf.dispose([a, b]);
  });

  it('refuses a second variable of a name that comes late, by its own name', () => {
    const [a, b] = [variable([1, 2], 'w_1'), variable([3, 4], 'w_2')];
    const optimizer = adafactor();
    optimizer.minimize(() => tf.sum(a), false, [a]);
    expect(minimize(optimizer, b)).toThrow('adafactor: no state for w_1 (variable w_2) at step 1;');
    optimizer.dispose();
    tf.dispose([a, b]);
  });

  it('keeps the path a variable was given by updateStep when tfjs minimises it', async () => {
    const [a, namesake] = [variable([1], 'other_5'), variable([1], 'head/kernel')];
    const optimizer = adafactor();
    tf.dispose(optimizer.apply(new Map([['head/kernel', a]]), new Map([['head/kernel', a]])));
    optimizer.minimize(() => tf.sum(a), false, [a]);
    expect([...(await stateOf(optimizer)).keys()]).toEqual(['iter', 'head/kernel/v', 'head/kernel/ema']);
    expect(minimize(optimizer, namesake)).toThrow('no state for head/kernel_1 (variable head/kernel)');
    optimizer.dispose();
    tf.dispose([a, namesake]);
  });

  it('keeps two variables apart that apply() has known by one path', async () => {
    const [a, b] = [variable([1], 'a_1'), variable([1], 'b_1')];
    const optimizer = adafactor();
    optimizer.minimize(() => tf.sum(tf.mul(a, b)), false, [a, b]);
    tf.dispose(optimizer.apply(new Map([['a', b]]), new Map([['a', b]]))); // the caller's word counts
    expect(minimize(optimizer, a)).toThrow('no state for a_1 (variable a_1)');
    optimizer.dispose();
    tf.dispose([a, b]);
  });

  it('lets a variable go on from where a disposed one of its name left off', async () => {
    const optimizer = adafactor();
    for (const name of ['reborn_1', 'reborn_2']) {
      const w = variable([1, 2], name);
      optimizer.minimize(() => tf.sum(w), false, [w]);
      w.dispose();
    }
    expect([...(await stateOf(optimizer)).keys()]).toEqual(['iter', 'reborn/v', 'reborn/ema']);
    expect(optimizer.stepCount).toBe(2);
    optimizer.dispose();
  });

  it('numbers variables without a name in the order in which they come', async () => {
    const [a, b] = [variable([1]), variable([2])];
    const optimizer = adafactor();
    optimizer.minimize(() => tf.sum(tf.mul(a, b)), false, [a, b]);
    const names = ['iter', 'variable/v', 'variable/ema', 'variable_1/v', 'variable_1/ema'];
    expect([...(await stateOf(optimizer)).keys()]).toEqual(names);
    optimizer.dispose();
    tf.dispose([a, b]);
  });

  it('restores the state of a tfjs model into another copy of it, alive beside the first', async () => {
    const [first, second] = [toyModel(), toyModel()];
    const [one, other] = [adafactor(), adafactor()];
    const [x, y] = toyData();
    first.compile({ optimizer: one, loss: 'meanSquaredError' });
    await first.fit(x, y, { epochs: 3, verbose: 0 });
    await other.setWeights(await one.getWeights()); // before it has seen any variable
    second.setWeights(first.getWeights());
    second.compile({ optimizer: other, loss: 'meanSquaredError' });
    for (const model of [first, second]) await model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
    expect(await stateOf(other)).toEqual(await stateOf(one));
    const values = [first, second].map((model) => model.getWeights().map((w) => w.dataSync()));
    expect(values[1]).toEqual(values[0]);
    tf.dispose([x, y]);
    for (const model of [first, second]) model.dispose();
    for (const optimizer of [one, other]) optimizer.dispose();
  });

  it('takes its own state back', async () => {
    const [optimizer, parameters] = [adafactor(), toyParameters()];
    tf.dispose(optimizer.apply(parameters, parameters));
    const before = await stateOf(optimizer);
    const weights = await optimizer.getWeights();
    await optimizer.setWeights(weights);
    expect(await stateOf(optimizer)).toEqual(before);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('lists everything that is wrong with a saved state, and keeps the old one', async () => {
    const [optimizer, parameters] = [adafactor(), toyParameters()];
    tf.dispose(optimizer.apply(parameters, parameters));
    const before = await stateOf(optimizer);
    const wrong = [
      { name: 'iter', tensor: tf.scalar(3, 'int32') },
      { name: 'a/kernel/ema', tensor: tf.zeros([40, 50]) },
      { name: 'a/kernel/v_row', tensor: tf.zeros([50]) },
      { name: 'a/bias/v', tensor: tf.zeros([50]) },
      { name: 't/ema', tensor: tf.zeros([1]) },
      { name: 't/v', tensor: tf.zeros([1]) },
      { name: 't/m', tensor: tf.zeros([1]) },
    ];
    await expect(optimizer.setWeights(wrong)).rejects.toThrow(
      new CheckpointError(
        'adafactor: the saved state does not fit: a/kernel/v_row is [50], expected [40]; a/kernel/v_col is missing; a/bias/ema is missing; t/m is unknown.',
      ),
    );
    await expect(optimizer.setWeights(wrong.slice(1))).rejects.toThrow(
      new CheckpointError('adafactor: the saved state lacks iter, the step count.'),
    );
    expect(await stateOf(optimizer)).toEqual(before);
    tf.dispose(wrong.map(({ tensor }) => tensor));
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });

  it('refuses parameters that its state does not fit', () => {
    const optimizer = adafactor();
    const [a, b] = [variable([1, 1]), variable([1, 1, 1])];
    const gradients = new Map([['w', a]]);
    tf.dispose(optimizer.apply(new Map([['w', a]]), gradients));
    expect(() => optimizer.apply(new Map([['w', b]]), gradients)).toThrow(
      new ShapeError('adafactor: state of w: expected [3], got [2]. It belongs to another model.'),
    );
    const both = new Map([
      ['w', a],
      ['late', b],
    ]);
    expect(() => optimizer.apply(both, gradients)).toThrow(
      new ConfigError(
        'adafactor: no state for late at step 1; a second moment that starts late makes steps far too large. Start with a new adafactor().',
      ),
    );
    optimizer.dispose();
    tf.dispose([a, b]);
  });
});

/** In a tidy, because tfjs forgets its gradients when an optimiser refuses them. */
function minimize(optimizer: Adafactor, x: tf.Variable): () => void {
  return () => {
    tf.tidy(() => void optimizer.minimize(() => tf.sum(x), false, [x]));
  };
}

/** One parameter that is factored and one that is not. */
function toyParameters(): Map<string, tf.Variable> {
  const w = tf.tidy(() => tf.variable(tf.ones([32, 40])));
  return new Map([
    ['a/kernel', w],
    ['t', variable([2])],
  ]);
}

/** A line through noise-free points, so that training has something to find. */
function toyData(): [x: tf.Tensor2D, y: tf.Tensor2D] {
  const random = createRandom(5, 'toy');
  const x = Array.from({ length: 32 }, () => [random.normal(), random.normal(), random.normal()]);
  return [tf.tensor2d(x), tf.tensor2d(x.map(([a, b, c]) => [Math.sin(a!) - 0.5 * b! + 0.2 * c!]))];
}

function variable(data: number[], name?: string): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor1d(data), true, name));
}

function toyModel(): Sequential {
  return sequential({
    layers: [
      layers.dense({
        name: 'hidden',
        inputShape: [3],
        units: 16,
        activation: 'tanh',
        kernelInitializer: initializers.glorotUniform({ seed: 1 }),
      }),
      layers.dense({ name: 'out', units: 1, kernelInitializer: initializers.glorotUniform({ seed: 2 }) }),
    ],
  });
}
