// A model that goes on when its engine fails. Here it is ONNX Runtime that is made to fail; devices that are really lost
// are in test/browser/.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { type EngineFallback, type OpenOptions, openOnBestEngine } from '../../src/engines/index.ts';
import { ConfigError, DataError } from '../../src/errors.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';

expectNoLeaks();

const load = (): Promise<ClippoModel> =>
  ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8 }, { seed: 1 });

async function expectedRows(): Promise<Float32Array> {
  await tf.setBackend('cpu');
  const model = await load();
  const { data } = await model.encode(['a cat', 'two dogs']);
  model.dispose();
  return data;
}

describe('openOnBestEngine', () => {
  it('runs on what is best, warmed up, and frees it', async () => {
    const expected = await expectedRows();
    const runtime = countingRuntime();
    const held = await openOnBestEngine(load, { runtime });
    expect([held.engine, held.choice.backend]).toEqual(['onnx', 'cpu']);
    expect(runtime.runs()).toBeGreaterThan(1); // the trial and the warm-up
    const { data } = await held.run((model) => model.encode(['a cat', 'two dogs']));
    expect(maxAbsDifference(data, expected)).toBeLessThan(1e-5);
    held.dispose();
    held.dispose();
    await expect.poll(() => runtime.open()).toBe(0);
    await expect(held.run((model) => model.encode(['a cat']))).rejects.toThrow(
      'held model: it was disposed. Open it again.',
    );
  });

  it('goes on with the next engine, from the same inputs, and says so', async () => {
    const expected = await expectedRows();
    const runtime = countingRuntime();
    const events: EngineFallback[] = [];
    const held = await openOnBestEngine(load, { runtime, onFallback: (event) => events.push(event) });
    runtime.failNext.run = new Error('out of device memory');
    // Two at a time: both get their result, and the engine changes once.
    const both = await Promise.all([
      held.run((model) => model.encode(['a cat', 'two dogs'])),
      held.run((model) => model.encode(['a cat', 'two dogs'])),
    ]);
    for (const { data } of both) expect(maxAbsDifference(data, expected)).toBeLessThan(1e-5);
    expect(held.engine).toBe('wasm');
    expect(events).toEqual([
      { from: 'onnx', to: 'wasm', reason: expect.stringContaining('out of device memory') },
    ]);
    held.dispose();
    await expect.poll(() => runtime.open()).toBe(0);
  });

  it('does so already while opening', async () => {
    const runtime = countingRuntime();
    const events: EngineFallback[] = [];
    let loads = 0;
    const held = await openOnBestEngine(
      () => {
        if (loads++ === 0) runtime.failNext.create = new Error('std::bad_alloc');
        return load();
      },
      { runtime, engines: ['onnx', 'cpu'], onFallback: (event) => events.push(event) },
    );
    expect([held.engine, loads, events.length]).toEqual(['cpu', 2, 1]);
    held.dispose();
  });

  it('lets errors of the work through: they would come on any engine', async () => {
    const held = await openOnBestEngine(load, { engines: ['cpu', 'wasm'], warmUp: false });
    await expect(held.run((model) => model.encode([7 as never]))).rejects.toThrow(DataError);
    await expect(
      held.run(async () => {
        throw new TypeError('a bug of mine');
      }),
    ).rejects.toThrow('a bug of mine');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(held.run((model) => model.encode(['a'], { signal }))).rejects.toThrow('enough');
    expect(held.engine).toBe('cpu');
    held.dispose();
  });

  it('takes memory that has run out for the fault of the engine', async () => {
    const held = await openOnBestEngine(load, { engines: ['wasm', 'cpu'], warmUp: false });
    let calls = 0;
    const rows = await held.run((model) => {
      if (calls++ === 0) throw new RangeError('Array buffer allocation failed');
      return model.encode(['a cat']);
    });
    expect([rows.count, held.engine]).toEqual([1, 'cpu']);
    held.dispose();
  });

  it('ends when there is no engine left, and keeps saying so', async () => {
    const held = await openOnBestEngine(load, { engines: ['cpu'], warmUp: false });
    const failing = async (): Promise<never> => {
      throw new Error('Out of memory');
    };
    const message = 'cpu failed: Out of memory. There is no other engine to go on with.';
    await expect(held.run(failing)).rejects.toThrow(message);
    await expect(held.run((model) => model.encode(['a']))).rejects.toThrow(message);
    held.dispose();
    await tf.setBackend('cpu'); // it can be started again
  });

  it('tells what loading has thrown', async () => {
    const broken = (): Promise<ClippoModel> => ClippoModel.load(new Uint8Array(4));
    await expect(openOnBestEngine(broken, { engines: ['cpu'] })).rejects.toThrow(
      /checkpoint: expected an npz or a safetensors file/,
    );
  });

  it.each<[string, unknown, object]>([
    [
      'openOnBestEngine: unknown option retries. Known: engines, runtime, precision, warmUp, onFallback.',
      load,
      { retries: 2 },
    ],
    [
      'openOnBestEngine: expected a function that loads the model, got "emoji". Give () => ClippoModel.fromPretrained(\'emoji\').',
      'emoji',
      {},
    ],
    ['openOnBestEngine: engines: expected a list', load, { engines: 'wasm' }],
  ])('says %s', async (message, loader, options) => {
    const opening = openOnBestEngine(loader as typeof load, options as OpenOptions); // wrong on purpose
    await expect(opening).rejects.toThrow(ConfigError);
    await expect(opening).rejects.toThrow(message);
  });
});
