// The step as one graph in ONNX Runtime: the numbers of tfjs, nothing frozen that must move, and everything as before
// when it fails.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { compile } from '../../src/compile/index.ts';
import { BackendError, CompileError, ConfigError, DataError } from '../../src/errors.ts';
import { createRenderer } from '../../src/render/index.ts';
import {
  Adafactor,
  adafactor,
  type CreateTrainStepOptions,
  createTrainStep,
  type PairBatch,
  schedule,
  type TrainStepMetrics,
  train,
  trainStep,
} from '../../src/train/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { type CountingRuntime, countingRuntime } from '../support/counting-runtime.ts';
import { generateImage } from '../support/golden.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;
const OPTIONS = { learningRate: 1e-2, schedule: schedule({ decay: 'cosine', total: 8, warmup: 2 }) };

async function pairs(count: number, height = 32): Promise<PairBatch> {
  const renderer = await createRenderer({ size: { width: 32, height } });
  return {
    images: Array.from({ length: count }, (_, k) => generateImage(k, 32)),
    texts: ['ant', 'bee', 'cow', 'dog'].slice(0, count).map((word) => renderer.render(word)),
  };
}

function* repeat<T>(value: T): Generator<T> {
  for (;;) yield value;
}

/** All weights and the optimiser's state by name, as they are now. */
async function stateOf(model: ClippoModel, optimizer: Adafactor): Promise<Map<string, Float32Array>> {
  const state = new Map<string, Float32Array>();
  for (const [path, variable] of model.parameters())
    state.set(path, (await variable.data()).slice() as Float32Array);
  for (const { name, tensor } of await optimizer.getWeights()) {
    state.set(`opt/${name}`, Float32Array.from(await tensor.data()));
  }
  return state;
}

/** Within 1e-3 of the largest number of each; a last digit of bfloat16 where that is what is kept. */
function expectNear(a: Map<string, Float32Array>, b: Map<string, Float32Array>): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [name, values] of a) {
    const scale = b.get(name)!.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    expect(maxAbsDifference(values, b.get(name)!) / scale, name).toBeLessThanOrEqual(
      name.endsWith('/ema') ? 2 ** -7 : 1e-3,
    );
  }
}

describe.each(BACKENDS)('a compiled step, its variables on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks(); // first, so that it looks after everything is disposed
  let runtime: CountingRuntime;
  let model: ClippoModel;
  let optimizer: Adafactor;
  beforeEach(async () => {
    runtime = countingRuntime();
    model = await ClippoModel.create(CONFIG, { seed: 1 });
    optimizer = adafactor(OPTIONS);
  });
  afterEach(() => {
    optimizer.dispose();
    model.dispose();
    expect(runtime.open()).toBe(0);
  });

  it.each([
    ['pictures and texts of one shape', 32],
    ['texts of fewer rows', 16],
  ])('goes as tfjs goes: %s', async (_, height) => {
    const batch = await pairs(4, height);
    // These have no gradient but what is rounded away, which Adafactor makes large.
    const options = {
      ...OPTIONS,
      learningRate: 1e-3,
      learningRateMultipliers: [['.*/key/bias', null]],
    } as const;
    const [twin, other] = [await ClippoModel.create(CONFIG, { seed: 1 }), adafactor(options)];
    optimizer = adafactor(options);
    const step = await createTrainStep({ model, optimizer, engine: 'onnx', runtime });
    expect(step.engine).toBe('onnx');
    for (let i = 0; i < 5; i++) {
      const [ours, theirs] = [
        await step.run(batch),
        await trainStep({ model: twin, optimizer: other, batch }),
      ];
      for (const [name, value] of Object.entries(theirs) as [keyof TrainStepMetrics, number][]) {
        const difference = Math.abs(ours[name] - value);
        expect(difference, `${name} of step ${i}`).toBeLessThanOrEqual(1e-4 * Math.abs(value));
      }
      expect(optimizer.stepCount).toBe(i + 1);
    }
    expectNear(await stateOf(model, optimizer), await stateOf(twin, other));
    expect(runtime.open()).toBe(1);
    await step.dispose();
    other.dispose();
    twin.dispose();
    expect(tf.getBackend()).toBe(backend);
  });

  it('opens a session for every shape, when it comes', async () => {
    const step = await createTrainStep({ model, optimizer, runtime });
    expect(runtime.open()).toBe(0);
    for (const count of [4, 2, 4, 2, 3]) await step.run(await pairs(count));
    expect(runtime.open()).toBe(3);
    await step.dispose();
    await step.dispose();
    expect(runtime.open()).toBe(0);
    await expect(step.run(await pairs(2))).rejects.toThrow('train step: it was disposed. Make one with');
  });

  it('embeds a batch as the model does, with the weights of now', async () => {
    const step = await createTrainStep({ model, optimizer, runtime });
    const batch = await pairs(3, 16);
    const before = await step.embed(batch);
    for (let i = 0; i < 3; i++) await step.run(batch); // the first one changes nothing
    const z = await step.embed(batch);
    await step.dispose();
    await expect(step.embed(batch)).rejects.toThrow('train step: it was disposed');
    expect(maxAbsDifference(before, z)).toBeGreaterThan(1e-3);
    const images = await model.encodeImages(batch.images);
    expect(maxAbsDifference(z.subarray(0, 3 * 16), images.data)).toBeLessThan(1e-5);
    const short = await ClippoModel.create({ ...CONFIG, textRows: 1 }, { seed: 1 });
    const weights = new Map(model.parameters());
    for (const [path, variable] of short.parameters()) variable.assign(weights.get(path)!);
    const texts = await short.encodeText(['ant', 'bee', 'cow']);
    expect(maxAbsDifference(z.subarray(3 * 16), texts.data)).toBeLessThan(1e-5);
    short.dispose();
  });

  it('does what is asked at once one after the other, also before it is disposed', async () => {
    const [step, batch] = [await createTrainStep({ model, optimizer, runtime }), await pairs(4)];
    const running = Promise.all([step.run(batch), step.run(batch), step.run(batch)]);
    await step.dispose();
    const losses = (await running).map(({ loss }) => loss);
    expect(new Set(losses).size).toBe(2); // the schedule begins with 0
    expect(optimizer.stepCount).toBe(3);
  });

  it('holds the trained weights in the variables: for tfjs, encoding and saving', async () => {
    const batch = await pairs(4);
    const step = await createTrainStep({ model, optimizer, runtime });
    for (let i = 0; i < 4; i++) {
      const { loss } = await step.run(batch);
      const rows = await model.encode(['ant', generateImage(1, 32)]); // tfjs takes the weights, and gives them back
      expect(rows.data.every(Number.isFinite)).toBe(true);
      if (i === 3) expect(loss).toBeLessThan(1.4);
    }
    await step.dispose();
    const stream = new TransformStream<Uint8Array>();
    const [bytes] = await Promise.all([
      new Response(stream.readable).arrayBuffer(),
      model.save(stream.writable),
    ]);
    const loaded = await ClippoModel.load(bytes);
    const [a, b] = [await loaded.encode(['bee']), await model.encode(['bee'])];
    expect(maxAbsDifference(a.data, b.data)).toBeLessThan(1e-6);
    loaded.dispose();
  });

  it('goes on from a saved state, in another optimiser and in the same', async () => {
    const batch = await pairs(4);
    const step = await createTrainStep({ model, optimizer, runtime });
    await step.run(batch);
    await step.run(batch);
    const saved = (await optimizer.getWeights()).map(({ name, tensor }) => ({
      name,
      tensor: tensor.clone(),
    }));
    const weights = [...model.parameters()].map(([path, variable]) => [path, tf.clone(variable)] as const);
    const next = await step.run(batch);

    const rewind = async (into: Adafactor): Promise<void> => {
      await into.setWeights(saved);
      for (const [path, value] of weights) model.parameters().get(path)!.assign(value);
    };
    await rewind(optimizer);
    expect((await step.run(batch)).loss).toBeCloseTo(next.loss, 5);
    expect(optimizer.stepCount).toBe(3);

    const resumed = adafactor(OPTIONS);
    await rewind(resumed);
    const { history } = await train({ model, optimizer: resumed, batches: repeat(batch), steps: 1, runtime });
    expect(history[0]!.loss).toBeCloseTo(next.loss, 5);
    expect(resumed.stepCount).toBe(3);
    await step.dispose();
    resumed.dispose();
    tf.dispose([saved.map(({ tensor }) => tensor), weights.map(([, value]) => value)]);
  });

  it('leaves weights, state and count as they were when the runtime fails', async () => {
    const batch = await pairs(4);
    const step = await createTrainStep({ model, optimizer, runtime });
    for (let i = 0; i < 3; i++) await step.run(batch);
    const before = await stateOf(model, optimizer);
    const tensors = tf.memory().numTensors;
    runtime.failNext.run = new Error('lost the device');
    await expect(step.run(batch)).rejects.toThrow(
      'ONNX Runtime failed: lost the device. The variables are as they were.',
    );
    expect(tf.memory().numTensors).toBe(tensors);
    runtime.failNext.create = new Error('no memory');
    await expect(step.run(await pairs(2))).rejects.toThrow(BackendError);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await stateOf(model, optimizer)).toEqual(before);
    expect(optimizer.stepCount).toBe(3);
    await step.run(batch);
    expect(optimizer.stepCount).toBe(4);
    await step.dispose();
  });

  it('keeps frozen parameters as they are, also such as are frozen on the way', async () => {
    const batch = await pairs(4);
    const frozen = new Adafactor({ ...OPTIONS, learningRateMultipliers: [['img/embedding/.*', null]] });
    const step = await createTrainStep({ model, optimizer: frozen, runtime });
    const read = async (path: string): Promise<Float32Array> =>
      (await model.parameters().get(path)!.data()).slice() as Float32Array;
    const start = await read('img/embedding/kernel');
    for (let i = 0; i < 3; i++) await step.run(batch);
    expect(await read('img/embedding/kernel')).toEqual(start);

    const late = model.parameters().get('img/head/kernel')!;
    late.trainable = false;
    const head = await read('img/head/kernel');
    const before = await read('t');
    await step.run(batch);
    expect(await read('img/head/kernel')).toEqual(head);
    expect(await read('t')).not.toEqual(before);
    await step.dispose();
    frozen.dispose();
  });

  it('loses no tensor and no session in train(), however it ends', async () => {
    const batch = await pairs(4);
    const tensors = tf.memory().numTensors;
    const run = await train({ model, batches: repeat(batch), steps: 3, runtime });
    expect([run.engine, run.history.length]).toEqual(['onnx', 3]);
    const controller = new AbortController();
    const options = { model, batches: repeat(batch), steps: 9, runtime, signal: controller.signal };
    const aborted = await train({ ...options, onStep: ({ step }) => step === 2 && controller.abort() });
    expect([aborted.engine, aborted.aborted, aborted.history.length]).toEqual(['onnx', true, 2]);
    expect((await train(options)).engine).toBe('onnx');

    const failing = train({
      model,
      batches: repeat(batch),
      steps: 9,
      runtime,
      onStep: () => {
        runtime.failNext.run = new Error('lost the device');
      },
    });
    await expect(failing).rejects.toThrow('lost the device');
    const wild = adafactor({ learningRate: 1e30 });
    const spoilt = train({ model, optimizer: wild, batches: repeat(batch), steps: 50, runtime });
    await expect(spoilt).rejects.toThrow(/the loss is (NaN|Infinity) at step \d+; the weights are spoilt/);
    wild.dispose();
    expect([runtime.open(), tf.memory().numTensors]).toEqual([0, tensors]);
  });
});

describe('the engine of a step', () => {
  expectNoLeaks();
  let model: ClippoModel;
  beforeAll(async () => {
    model = await ClippoModel.create(CONFIG);
  });
  afterAll(() => model.dispose());
  afterEach(() => {
    vi.doUnmock('node:module');
    vi.resetModules();
  });

  /** Of one's own, which tfjs can run and nobody can record. */
  const plain = { apply: vi.fn(), update: vi.fn(), isFrozen: () => false };

  it('is ONNX Runtime where it is installed, else tfjs, as asked', async () => {
    const optimizer = adafactor();
    const engineOf = async (options: Partial<CreateTrainStepOptions>): Promise<string> => {
      const step = await createTrainStep({ model, optimizer, ...options });
      await step.dispose();
      return step.engine;
    };
    expect(await engineOf({})).toBe('onnx');
    expect(await engineOf({ engine: 'onnx' })).toBe('onnx');
    expect(await engineOf({ engine: 'tfjs' })).toBe('tfjs');
    expect(await engineOf({ optimizer: plain })).toBe('tfjs');
    optimizer.dispose();
  });

  it('is tfjs where ONNX Runtime is missing, unless it was asked for', async () => {
    vi.doMock('node:module', () => ({
      createRequire: () => () => {
        throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
      },
    }));
    vi.resetModules();
    const fresh = await import('../../src/train/index.ts');
    const optimizer = fresh.adafactor();
    expect((await fresh.createTrainStep({ model, optimizer })).engine).toBe('tfjs');
    const { engine } = await fresh.train({ model, optimizer, batches: [await pairs(2)], steps: 1 });
    expect(engine).toBe('tfjs');
    await expect(fresh.createTrainStep({ model, optimizer, engine: 'onnx' })).rejects.toMatchObject({
      code: 'BACKEND',
      message:
        'createTrainStep: engine: \'onnx\': Running compiled functions needs the package "onnxruntime-node", which cannot be loaded. Run: npm install onnxruntime-node',
    });
    expect((await fresh.createTrainStep({ model, optimizer, runtime: countingRuntime() })).engine).toBe(
      'onnx',
    );
    optimizer.dispose();
  });

  it('says what is wrong with its options', async () => {
    const optimizer = adafactor();
    const runtime = countingRuntime();
    const lacks =
      'optimizer: to run in ONNX Runtime it needs prepare, stepNumbers and stepCount beside apply';
    const bad: [message: string, options: object][] = [
      [
        'createTrainStep: unknown option batch. Known: model, optimizer, chunk, anchors, engine, runtime.',
        { batch: 1 },
      ],
      ['createTrainStep: model: expected a ClippoModel', { model: {} }],
      ['createTrainStep: optimizer: expected one with apply', { optimizer: {} }],
      [`engine: expected 'auto', 'tfjs' or 'onnx', got "gpu".`, { engine: 'gpu' }],
      ["engine: 'tfjs' does not use a runtime. Leave one of them out.", { engine: 'tfjs', runtime }],
      [lacks, { optimizer: plain, engine: 'onnx' }],
      [lacks, { optimizer: plain, runtime }],
    ];
    for (const [message, options] of bad) {
      const given = { model, optimizer, ...options } as CreateTrainStepOptions; // wrong on purpose
      const error = await createTrainStep(given).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toContain(message);
    }
    await expect(train({ model, batches: [], steps: 1, engine: 'tfjs', runtime })).rejects.toThrow(
      "train: engine: 'tfjs' does not use a runtime.",
    );
    const step = await createTrainStep({ model, optimizer, runtime: {} as CountingRuntime });
    await expect(step.run(await pairs(2))).rejects.toThrow('runtime: expected ONNX Runtime, got an object');
    await expect(step.run({ images: [], texts: [] })).rejects.toThrow(DataError);
    await step.dispose();
    optimizer.dispose();
  });
});

describe('adafactor in a function that is recorded', () => {
  expectNoLeaks();

  it.each<[string, (optimizer: Adafactor, w: tf.Variable) => unknown]>([
    [
      'apply',
      (optimizer, w) => optimizer.apply(new Map([['w', w]]), new Map([['w', tf.onesLike(w)]])).gradNorm,
    ],
    ['minimize', (optimizer, w) => optimizer.minimize(() => tf.sum<tf.Scalar>(tf.square(w)), true, [w])],
  ])('%s is refused, because its count would stand still', async (_, fn) => {
    const w = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const optimizer = adafactor();
    const compiled = await compile(() => fn(optimizer, w), { runtime: countingRuntime() });
    const error = await compiled().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CompileError);
    expect((error as CompileError).message).toMatch(
      /adafactor: a recorded step would repeat.*createTrainStep\(\)/,
    );
    expect([optimizer.stepCount, ...w.dataSync()]).toEqual([0, 1, 2]);
    await compiled.dispose();
    optimizer.dispose();
    w.dispose();
  });
});
