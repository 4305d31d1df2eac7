// model.compile: the same vectors out of ONNX Runtime, also after the weights have changed, and nothing left behind.

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClippoModel, type ModelCompileOptions } from '../src/clippo-model.ts';
import { BackendError, ConfigError } from '../src/errors.ts';
import { adafactor, createTrainStep } from '../src/train/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from './support/backends.ts';
import { type CountingRuntime, countingRuntime } from './support/counting-runtime.ts';
import { generateImage, readGolden } from './support/golden.ts';

const INPUTS = ['a photo of a dog', generateImage(1, 64), 'two red cars', generateImage(2, 200), 'x'];
const GOLDEN = 'vit/mu16_64_map.ckpt.npz';

describe.each(BACKENDS)('a compiled model, its variables on %s', (backend) => {
  expectNoLeaks(); // first, so that it looks after the model is disposed
  let runtime: CountingRuntime;
  let model: ClippoModel;
  beforeEach(async () => {
    await useBackend(backend);
    runtime = countingRuntime();
    model = await ClippoModel.load(readGolden(GOLDEN));
  });
  afterEach(async () => {
    model.dispose();
    await expect.poll(runtime.open, { interval: 5 }).toBe(0);
  });

  it('gives the vectors of tfjs for every batch size, in one session', async () => {
    const [unit, raw] = [await model.encode(INPUTS), await model.encode(INPUTS, { normalize: false })];
    expect([model.engine, model.compileReport]).toEqual(['tfjs', undefined]);
    await model.compile(runtime);
    expect(model.engine).toBe('onnx');
    expect(model.compileReport).toMatchObject({ precision: 'fp32', inputs: [['batch', 64, 64, 3]] });
    for (const batchSize of [1, 2, 3, 32]) {
      const ours = await model.encode(INPUTS, { batchSize });
      expect(maxAbsDifference(ours.data, unit.data)).toBeLessThan(1e-6);
      const head = await model.encode(INPUTS, { batchSize, normalize: false });
      expect(maxAbsDifference(head.data, raw.data)).toBeLessThan(1e-5);
    }
    expect([runtime.opened(), runtime.runs()]).toEqual([1, 2 * (5 + 3 + 2 + 1)]);
    expect(tf.getBackend()).toBe(backend);
  });

  it('classifies alike, and takes nothing', async () => {
    const [before] = await model.classify(['dog'], ['dog', 'cat', 'cow']);
    await model.compile(runtime);
    expect(await model.encode([])).toMatchObject({ count: 0, dim: 32 });
    expect(await model.classify([], ['dog'])).toEqual([]);
    const [now] = await model.classify(['dog'], ['dog', 'cat', 'cow']);
    expect(now!.map(({ label }) => label)).toEqual(before!.map(({ label }) => label));
    expect(now![0]!.score).toBeCloseTo(before![0]!.score, 4);
  });

  it('takes other weights over at the next encoding, once', async () => {
    const other = await ClippoModel.create(model.config, { seed: 5 });
    const expected = await other.encode(INPUTS);
    await model.compile(runtime);
    await model.encode(INPUTS);
    const stream = new TransformStream<Uint8Array>();
    const [bytes] = await Promise.all([
      new Response(stream.readable).arrayBuffer(),
      other.save(stream.writable),
    ]);
    await model.loadWeights(bytes);
    expect(runtime.opened()).toBe(1);
    const both = await Promise.all([model.encode(INPUTS), model.encode(INPUTS, { batchSize: 2 })]);
    for (const { data } of both) expect(maxAbsDifference(data, expected.data)).toBeLessThan(1e-6);
    expect([runtime.opened(), runtime.open()]).toEqual([2, 1]);
    other.dispose();
  });

  it.each(['tfjs', 'onnx'] as const)('follows training by %s', async (engine) => {
    const optimizer = adafactor({ learningRate: 1e-2 });
    const pictures = [generateImage(1, 64), generateImage(2, 64)];
    await model.compile(runtime);
    const before = await model.encode(INPUTS);
    const step = await createTrainStep({ model, optimizer, engine });
    await step.run({ images: pictures, texts: [...pictures].reverse() });
    await step.dispose();
    const after = await model.encode(INPUTS);
    expect(maxAbsDifference(after.data, before.data)).toBeGreaterThan(1e-3);
    const twin = await ClippoModel.create(model.config);
    for (const [path, variable] of twin.parameters()) variable.assign(model.parameters().get(path)!);
    expect(maxAbsDifference((await twin.encode(INPUTS)).data, after.data)).toBeLessThan(1e-6);
    twin.dispose();
    optimizer.dispose();
  });

  it('in int8 is near, and says how near', async () => {
    const exact = await model.encode(INPUTS);
    await model.compile(runtime, { precision: 'int8' });
    expect(model.compileReport).toMatchObject({ precision: 'int8' });
    expect(model.compileReport!.cosine).toBeGreaterThan(0.99);
    expect(model.compileReport!.cosine).toBeLessThan(1);
    const rough = await model.encode(INPUTS);
    for (let i = 0; i < INPUTS.length; i++) {
      const cosine = rough.row(i).reduce((sum, x, k) => sum + x * exact.row(i)[k]!, 0);
      expect(cosine).toBeGreaterThan(0.99);
    }
    expect(runtime.open()).toBe(1); // the exact one is gone
  });

  it('compiled twice has one session, and goes on when the second fails', async () => {
    await model.compile(runtime);
    await model.compile(runtime, { precision: 'int8', threads: 1 });
    expect([model.compileReport?.precision, runtime.open()]).toEqual(['int8', 1]);
    runtime.failNext.create = new Error('no memory');
    await expect(model.compile(runtime)).rejects.toThrow('ONNX Runtime cannot open the graph: no memory');
    expect([model.engine, model.compileReport?.precision, runtime.open()]).toEqual(['onnx', 'int8', 1]);
    expect((await model.encode(INPUTS)).count).toBe(5);
  });

  it('stays on tfjs when it cannot be compiled', async () => {
    runtime.failNext.create = new Error('no memory');
    await expect(model.compile(runtime)).rejects.toThrow(BackendError);
    expect([model.engine, model.compileReport]).toEqual(['tfjs', undefined]);
    expect((await model.encode(INPUTS)).count).toBe(5);
  });

  it('tells a failing run to its caller alone', async () => {
    await model.compile(runtime);
    runtime.failNext.run = new Error('lost the device');
    const [first, second] = await Promise.allSettled([model.encode(INPUTS), model.encode(INPUTS)]);
    expect(first.status === 'rejected' && String(first.reason)).toContain('lost the device');
    expect(second.status).toBe('fulfilled');
  });

  it('finishes what it is at when it is disposed, and compiles no more', async () => {
    await model.compile(runtime);
    model.dispose();
    model.dispose();
    await expect(model.encode(INPUTS)).rejects.toThrow('This ClippoModel was disposed');
    await expect(model.compile(runtime)).rejects.toThrow('This ClippoModel was disposed');
    const late = await ClippoModel.load(readGolden(GOLDEN));
    const compiling = late.compile(runtime);
    late.dispose();
    await expect(compiling).rejects.toThrow(/disposed/);
  });

  it.each<[string, unknown, object]>([
    ['compile: runtime: expected ONNX Runtime, got undefined. Give nodeRuntime()', undefined, {}],
    ['model.compile: unknown option batchSize. Known: precision, threads.', 'runtime', { batchSize: 1 }],
    ["compile: precision: expected 'fp32' or 'int8', got \"fp16\".", 'runtime', { precision: 'fp16' }],
    ['compile: threads: expected a positive integer, got 0.', 'runtime', { threads: 0 }],
  ])('says %s', async (message, given, options) => {
    // Wrong on purpose, as a caller without types may write it.
    const wrong = [given === 'runtime' ? runtime : given, options] as [CountingRuntime, ModelCompileOptions];
    const error = await model.compile(...wrong).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(message);
    expect(model.engine).toBe('tfjs');
  });
});
