// Which engine is chosen, what is reported of the others, and what is refused. Engines on a GPU are tested in
// test/browser/.

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import type { OrtRuntime } from '../../src/compile/index.ts';
import { type ChooseEngineOptions, chooseEngine, type EngineTrial } from '../../src/engines/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';

expectNoLeaks();
const outcomes = (trials: readonly EngineTrial[]): string[] =>
  trials.map(({ engine, outcome }) => `${engine} ${outcome}`);

describe('chooseEngine', () => {
  it('takes ONNX Runtime where it is given, with plain arrays beside it', async () => {
    const { engine, backend, runtime, trials } = await chooseEngine({ runtime: nodeRuntime() });
    expect([engine, backend, tf.getBackend()]).toEqual(['onnx', 'cpu', 'cpu']);
    expect(runtime?.InferenceSession.create).toBe(nodeRuntime().InferenceSession.create);
    expect(outcomes(trials)).toEqual([
      'webgpu missing',
      'onnx chosen',
      'webgl missing',
      'wasm not tried',
      'cpu not tried',
    ]);
    const [webgpu, onnx, , wasm] = trials;
    expect(webgpu!.detail).toContain("import '@tensorflow/tfjs-backend-webgpu'; in Node: await useWebGpu()");
    expect(onnx).toMatchObject({ detail: 'It computes rightly.', ms: expect.any(Number) });
    expect(wasm!.detail).toBe('onnx comes before it.');
  });

  it('takes wasm where there is nothing better', async () => {
    const { engine, runtime } = await chooseEngine();
    expect([engine, runtime, tf.getBackend()]).toEqual(['wasm', undefined, 'wasm']);
  });

  it('takes no others than it is told, in that order', async () => {
    const { engine, trials } = await chooseEngine({ engines: ['cpu', 'wasm', 'cpu'] });
    expect(engine).toBe('cpu');
    expect(outcomes(trials)).toEqual(['cpu chosen', 'wasm not tried']);
  });

  it('does without a runtime that fails, and closes its sessions', async () => {
    const runtime = countingRuntime();
    runtime.failNext.run = new Error('no such kernel');
    const { engine, trials } = await chooseEngine({ runtime });
    expect(engine).toBe('wasm');
    expect(trials.find((trial) => trial.engine === 'onnx')).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('no such kernel'),
    });
    expect([runtime.opened(), runtime.open()]).toEqual([1, 0]);
  });

  it('a runtime on the GPU is also one without', async () => {
    const cpu = nodeRuntime();
    const asked: unknown[] = [];
    const runtime: OrtRuntime = {
      Tensor: cpu.Tensor,
      sessionOptions: { executionProviders: [{ name: 'webgpu' }, 'cpu'] },
      InferenceSession: {
        async create(model, options) {
          const providers = options?.executionProviders as unknown[];
          asked.push(providers);
          if (providers.length > 1) throw new Error('Failed to get a WebGPU adapter');
          return cpu.InferenceSession.create(model, options);
        },
      },
    };
    const { engine, trials, runtime: chosen } = await chooseEngine({ runtime });
    expect(engine).toBe('onnx');
    expect(outcomes(trials).slice(0, 3)).toEqual(['onnx-webgpu failed', 'webgpu missing', 'onnx chosen']);
    expect(trials[0]!.detail).toContain('Failed to get a WebGPU adapter');
    expect(chosen?.sessionOptions).toEqual({ executionProviders: ['cpu'] });
    expect(asked).toEqual([[{ name: 'webgpu' }, 'cpu'], ['cpu']]);
  });

  it('says of every engine why it cannot be had when none can', async () => {
    await expect(chooseEngine({ engines: ['webgl', 'onnx', 'onnx-webgpu'] })).rejects.toThrow(
      /^No engine computes\. webgl: this tfjs backend is not there\..* onnx: no runtime was given\. Give nodeRuntime.* At least import '@tensorflow\/tfjs-backend-cpu'\.$/,
    );
    await expect(chooseEngine({ engines: ['onnx-webgpu'], runtime: nodeRuntime() })).rejects.toThrow(
      "the runtime has no GPU: 'webgpu' is not the first of its execution providers",
    );
  });

  it.each<[string, object]>([
    ['chooseEngine: unknown option prefer. Known: engines, runtime.', { prefer: 'wasm' }],
    [`chooseEngine: engines: expected a list such as ['webgpu', 'wasm'], got "wasm".`, { engines: 'wasm' }],
    ['engines: expected a list', { engines: [] }],
    ['engines: expected a list', { engines: [1] }],
    ['chooseEngine: runtime: expected ONNX Runtime, got an object.', { runtime: {} }],
  ])('says %s', async (message, options) => {
    const choosing = chooseEngine(options as ChooseEngineOptions); // wrong on purpose
    await expect(choosing).rejects.toThrow(ConfigError);
    await expect(choosing).rejects.toThrow(message);
  });
});

describe('an engine that computes wrongly', () => {
  const NAME = 'half-blind';
  afterEach(() => tf.removeBackend(NAME));

  it('is refused, with how far it is off', async () => {
    // A backend of the user's own, which comes first: cpu, but every sum comes out doubled.
    await tf.setBackend('cpu');
    const cpu = tf.backend();
    tf.registerBackend(NAME, () => cpu);
    const kernels = tf.getKernelsForBackend('cpu').map((kernel) => ({ ...kernel, backendName: NAME }));
    for (const kernel of kernels) {
      if (kernel.kernelName !== 'Softmax') tf.registerKernel(kernel);
      else {
        tf.registerKernel({
          ...kernel,
          kernelFunc: (call) =>
            tf.getKernel('Exp', 'cpu').kernelFunc({ ...call, inputs: { x: call.inputs.logits! } }),
        });
      }
    }
    try {
      const { engine, trials } = await chooseEngine();
      expect(engine).toBe('wasm');
      expect(trials[0]).toMatchObject({ engine: NAME, outcome: 'failed' });
      expect(trials[0]!.detail).toMatch(/^it computes wrongly: off by \d/);
    } finally {
      for (const { kernelName } of kernels) tf.unregisterKernel(kernelName, NAME);
    }
  });
});
