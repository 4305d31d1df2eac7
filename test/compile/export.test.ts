// Functions as ONNX files for other runtimes: the names of their ports, what they weigh, that the official checker
// takes them, and that ONNX Runtime alone, without this library, computes the same with them.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { exportOnnx, type InputSpec, type TensorFunction } from '../../src/compile/index.ts';
import { CompileError, type ConfigError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { adafactor, contrastiveLoss, contrastiveMetrics, updateStep } from '../../src/train/index.ts';
import '../support/backends.ts'; // tfjs cpu
import { relativeDifference } from './compare.ts';
import { readOnnx } from './onnx-file.ts';
import { openSession, runSession } from './onnx-session.ts';
import { changesOf, type TfjsState, tfjsState } from './tfjs-state.ts';

interface Ports {
  readonly inputs: string[];
  readonly outputs: string[];
}

function portsOf(file: Uint8Array): Ports {
  const { input = [], output = [] } = readOnnx(file).graph;
  return { inputs: input.map(({ name }) => name), outputs: output.map(({ name }) => name) };
}

function variable(values: tf.TensorLike, name: string): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values), true, name));
}

function normals(count: number): Float32Array {
  const random = createRandom(count);
  return Float32Array.from({ length: count }, () => random.normal());
}

function matrix(size: number): tf.Tensor2D {
  return tf.tensor2d(normals(size * size), [size, size]);
}

function imagesOf(count: number, size: number): tf.Tensor4D {
  return tf.tensor4d(normals(count * size * size * 3), [count, size, size, 3]);
}

/** A file with forward, backward, Adafactor and metrics of a batch of pairs; the numbers of the step are inputs. */
function exportStep(model: ClippoModel, batch: number): Uint8Array {
  const optimizer = adafactor();
  const parameters = model.parameters();
  optimizer.prepare(parameters);
  const t = parameters.get('t')!;
  const embed = (x: tf.Tensor4D): tf.Tensor2D => model.network.apply(x, { training: true }) as tf.Tensor2D; // one tensor in, one out
  const step = (images: tf.Tensor4D, texts: tf.Tensor4D, beta2: tf.Scalar, schedule: tf.Scalar): unknown => {
    let metrics: ReturnType<typeof contrastiveMetrics> | undefined;
    const lossFn = (): tf.Scalar => {
      const [zImage, zText] = [embed(images), embed(texts)];
      metrics = contrastiveMetrics(zImage, zText, t);
      for (const value of Object.values(metrics)) tf.keep(value);
      return contrastiveLoss(zImage, zText, t);
    };
    const update = updateStep(optimizer, parameters, lossFn, { beta2, schedule });
    return { ...update, metrics };
  };
  const { imageSize: size = 224 } = model.config;
  const file = exportOnnx(step, {
    inputs: [
      { shape: [batch, size, size, 3], name: 'images' },
      { shape: [batch, size, size, 3], name: 'texts' },
      { shape: [], name: 'beta2' },
      { shape: [], name: 'schedule' },
    ],
  });
  optimizer.dispose();
  return file;
}

const PYTHON = '/usr/bin/python3'; // Debian's own, whose packages `python3-onnx` belongs to
const hasChecker = spawnSync(PYTHON, ['-c', 'import onnx, onnx.checker']).status === 0;

let before: TfjsState;
beforeEach(() => {
  before = tfjsState();
});
afterEach(() => expect(changesOf(before), 'tfjs after the test').toEqual([]));

describe('an exported function', () => {
  const one: InputSpec[] = [{ shape: ['batch', 3] }];

  it('names a single result `output` and inputs by number', () => {
    expect(portsOf(exportOnnx((x) => tf.exp(x), { inputs: one }))).toEqual({
      inputs: ['input_0'],
      outputs: ['output'],
    });
  });

  it('names inputs as told and results by their paths, inputs that are not read included', () => {
    const fn = (x: tf.Tensor, y: tf.Tensor) => ({
      rows: [tf.exp(x), tf.neg(x)],
      metrics: { mean: tf.mean(x), nothing: undefined },
      'metrics.mean': y.shape.length > 0 ? tf.sum(x) : null,
    });
    const inputs: InputSpec[] = [
      { shape: [2, 3], name: 'pictures' },
      { shape: [5], dtype: 'int32', name: 'labels' },
    ];
    expect(portsOf(exportOnnx(fn, { inputs }))).toEqual({
      inputs: ['pictures', 'labels'],
      outputs: ['rows.0', 'rows.1', 'metrics.mean', 'metrics.mean_2'],
    });
  });

  it('takes and gives variables that are state, and holds the others', () => {
    const names = ['frozen', 'listed', 'assigned', 'overwritten'] as const;
    const [frozen, listed, assigned, overwritten] = names.map((name) => variable([1, 2, 3], name));
    const fn = (x: tf.Tensor): tf.Tensor => {
      const sum = tf.add(tf.add(x, tf.mul(frozen!, listed!)), assigned!);
      assigned!.assign(tf.mean(sum, 0));
      overwritten!.assign(tf.max(x, 0));
      return sum;
    };
    expect(portsOf(exportOnnx(fn, { inputs: one, variables: [listed!] }))).toEqual({
      inputs: ['input_0', 'listed:in', 'assigned:in'],
      outputs: ['output', 'assigned:out', 'overwritten:out'],
    });
    expect(Array.from(assigned!.dataSync())).toEqual([1, 2, 3]);
    tf.dispose([frozen!, listed!, assigned!, overwritten!]);
  });

  it('trains where its state is fed back, in a runtime that knows nothing of variables', async () => {
    const weight = variable([4, -2], 'weight');
    const sgd = tf.train.sgd(0.25);
    const loss = (): tf.Scalar => tf.sum(tf.square(weight));
    const session = await openSession(exportOnnx(() => sgd.minimize(loss, true, [weight]), { inputs: [] }));
    let state = { dtype: 'float32', dims: [2], data: new Float32Array([4, -2]) } as const;
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const results = await runSession(session, { 'weight:in': state });
      losses.push(Number(results.output!.data[0]));
      state = results['weight:out'] as typeof state;
    }
    expect(losses).toEqual([20, 5, 1.25]);
    expect(Array.from(weight.dataSync())).toEqual([4, -2]);
    await session.release();
    tf.dispose(weight);
    sgd.dispose();
  });

  it('is the same bytes each time', async () => {
    const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 });
    const inputs: InputSpec[] = [{ shape: ['batch', 32, 32, 3] }];
    const write = (): Uint8Array => exportOnnx((x) => model.network.apply(x), { inputs });
    expect(write()).toEqual(write());
    model.dispose();
  });

  it('is a quarter of the size in int8, and stays within 1 % of itself', async () => {
    const weights = matrix(128);
    const fn = (x: tf.Tensor2D): tf.Tensor => tf.matMul(x, weights);
    const inputs: InputSpec[] = [{ shape: ['batch', 128] }];
    const [exact, int8] = [exportOnnx(fn, { inputs }), exportOnnx(fn, { inputs, precision: 'int8' })];
    expect(exact.length).toBeGreaterThan(4 * 128 ** 2);
    expect(int8.length).toBeLessThan(0.3 * exact.length);
    const x = {
      dtype: 'float32',
      dims: [2, 128],
      data: normals(256),
    } as const;
    const [expected, got] = await Promise.all(
      [exact, int8].map(async (file) => {
        const session = await openSession(file);
        const { output } = await runSession(session, { input_0: x });
        await session.release();
        return Array.from(output!.data as Float32Array);
      }),
    );
    const range = Math.max(...expected!.map(Math.abs));
    expect(
      relativeDifference(
        got!.map((y) => y / range),
        expected!.map((y) => y / range),
      ),
    ).toBeLessThan(0.01);
    weights.dispose();
  });

  it('writes its weights to a second file when told', () => {
    const weights = matrix(100);
    const chunks: Uint8Array[] = [];
    const file = exportOnnx((x: tf.Tensor2D) => tf.matMul(x, weights), {
      inputs: [{ shape: ['batch', 100] }],
      externalData: { location: 'weights.data', write: (chunk) => void chunks.push(chunk.slice()) },
    });
    expect(file.length).toBeLessThan(1000);
    expect(new Float32Array(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])).buffer)).toEqual(
      weights.dataSync(),
    );
    weights.dispose();
  });

  it.each<[string, TensorFunction, typeof CompileError | typeof ConfigError, string]>([
    ['data is read', (x) => tf.scalar(x.dataSync()[0]!), CompileError, 'reads the data'],
    ['nothing is computed', () => 7, CompileError, 'expected the function to return tensors, got 7.'],
    [
      'the batch is branched on',
      (x) => (x.shape[0]! > 70 ? tf.exp(x) : tf.neg(x)),
      CompileError,
      'the function cannot be kept free of the batch size: it runs Neg for one size and Exp for another.',
    ],
  ])('is refused where %s', (_, fn, type, message) => {
    expect(() => exportOnnx(fn, { inputs: one })).toThrow(type);
    expect(() => exportOnnx(fn, { inputs: one })).toThrow(message);
  });
});

describe('an exported model', () => {
  let folder = '';
  let model: ClippoModel;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clippo-export-'));
    model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 });
  });
  afterAll(() => {
    model.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const inputs: InputSpec[] = [{ shape: ['batch', 32, 32, 3], name: 'images' }];
  const forward = (x: tf.Tensor): unknown => model.network.apply(x);

  it('gives the numbers of tfjs at every batch size', async () => {
    const session = await openSession(exportOnnx(forward, { inputs }));
    for (const count of [1, 5]) {
      const images = imagesOf(count, 32);
      const data = images.dataSync<'float32'>();
      const { output } = await runSession(session, {
        images: { dtype: 'float32', dims: images.shape, data },
      });
      expect(output!.dims).toEqual([count, 16]);
      const expected = tf.tidy(() => (forward(images) as tf.Tensor).dataSync()); // one tensor in, one out
      expect(relativeDifference(output!.data as Float32Array, expected)).toBeLessThan(1e-5);
      images.dispose();
    }
    await session.release();
  });

  it('passes the official checker: forward, int8 and a whole step of training', (context) => {
    context.skip(!hasChecker, 'python3-onnx is not installed: the official checker did not run');
    const files = {
      forward: exportOnnx(forward, { inputs }),
      'forward in int8': exportOnnx(forward, { inputs, precision: 'int8' }),
      step: exportStep(model, 3),
    };
    const paths = Object.entries(files).map(([name, file]) => {
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, file);
      return path;
    });
    const script =
      'import onnx, sys\nfor path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)';
    const { status, stderr } = spawnSync(PYTHON, ['-c', script, ...paths], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('names every parameter and all state of a step of training', () => {
    const { inputs, outputs } = portsOf(exportStep(model, 3));
    expect(inputs.slice(0, 4)).toEqual(['images', 'texts', 'beta2', 'schedule']);
    expect(outputs).toEqual(expect.arrayContaining(['loss', 'gradNorm', 'updateNorm', 'metrics.ncorrect']));
    for (const { name } of model.parameters().values()) {
      expect(inputs).toContain(`${name}:in`);
      expect(outputs).toContain(`${name}:out`);
    }
    // What leaves as state enters as state; momenta and second moments too.
    const state = outputs.filter((name) => name.endsWith(':out')).map((name) => name.slice(0, -4));
    expect(state.length).toBeGreaterThan(2 * model.parameters().size);
    expect(inputs.slice(4).sort()).toEqual(state.map((name) => `${name}:in`).sort());
  });

  it('holds no weights in a step of training, and less than 2 MB of anything else: Ti/16, 8 pairs', async () => {
    const tiny = await ClippoModel.create({ variant: 'Ti/16', embeddingDim: 192 });
    expect(exportStep(tiny, 8).length).toBeLessThan(2e6);
    tiny.dispose();
  });
});
