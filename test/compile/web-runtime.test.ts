// onnxruntime-web as a page allows it: threads, execution providers, and what is said of those that cannot be had. The
// module runs in Node too, with wasm; the GPU and real pages are in test/browser/engines.browser.ts.

import * as web from 'onnxruntime-web';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type OrtWebModule, type WebRuntimeOptions, webRuntime } from '../../src/compile/index.ts';
import { BackendError, ConfigError } from '../../src/errors.ts';
import { nodeRuntime } from '../../src/node/index.ts';

// It is opened by the first test: afterwards the number of threads is only noted down.
const ort: OrtWebModule = web;
const NO_GPU = 'this browser has no WebGPU, or the page is not served over https.';

afterEach(() => vi.unstubAllGlobals());

describe('webRuntime', () => {
  it('is the module, with one thread where memory may not be shared, and says so', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    vi.stubGlobal('navigator', { hardwareConcurrency: 16 });
    const runtime = await webRuntime(ort);
    expect(runtime.InferenceSession).toBe(web.InferenceSession);
    expect(runtime.Tensor).toBe(web.Tensor);
    expect(runtime).toMatchObject({ threads: 1, sessionOptions: { executionProviders: ['wasm'] } });
    expect(web.env.wasm.numThreads).toBe(1);
    expect(runtime.notes).toEqual([
      'One thread: this page is not cross-origin isolated, so there is no SharedArrayBuffer. Serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
      `No webgpu in ONNX Runtime: ${NO_GPU}`,
    ]);
    expect((await webRuntime(ort, { threads: 1, executionProviders: ['wasm'] })).notes).toEqual([]);
  });

  it.each([
    [1, 1],
    [4, 4],
    [6, 3],
    [12, 6],
    [64, 8],
  ])('of %i processors it takes %i threads', async (hardwareConcurrency, threads) => {
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal('navigator', { hardwareConcurrency });
    expect((await webRuntime(ort)).threads).toBe(threads);
    expect((await webRuntime(ort, { threads: 3 })).threads).toBe(3);
    expect(web.env.wasm.numThreads).toBe(3);
  });

  it.each([
    ['there is no GPU that the browser lets pages use.', null],
    ['the GPU is one in software, slower than wasm.', { info: { isFallbackAdapter: true } }],
  ])('takes no GPU when %s', async (reason, adapter) => {
    vi.stubGlobal('navigator', { hardwareConcurrency: 2, gpu: { requestAdapter: async () => adapter } });
    const { sessionOptions, notes } = await webRuntime(ort);
    expect(sessionOptions.executionProviders).toEqual(['wasm']);
    expect(notes.join()).toContain(`No webgpu in ONNX Runtime: ${reason}`);
  });

  it('says when nothing that was asked for works', async () => {
    const nothing = webRuntime(ort, { executionProviders: ['webgpu'] });
    await expect(nothing).rejects.toThrow(BackendError);
    await expect(nothing).rejects.toThrow(
      /^webRuntime: no execution provider works\. No webgpu in ONNX Runtime: /,
    );
    const { notes } = await webRuntime(ort, { executionProviders: ['abacus', 'wasm'] });
    expect(notes).toEqual([
      expect.stringMatching(/^No abacus in ONNX Runtime: .*Its module may be a build without/),
    ]);
  });

  it('notices a provider that computes wrongly', async () => {
    const broken: OrtWebModule = {
      env: { wasm: {} },
      Tensor: web.Tensor,
      InferenceSession: {
        create: async () => ({
          run: async () => ({ y: new web.Tensor('float32', Float32Array.of(1), [1]) }),
          release: async () => {},
        }),
      },
    };
    await expect(webRuntime(broken)).rejects.toThrow('No wasm in ONNX Runtime: it computes −1 as 1.');
  });

  it.each<[string, unknown, object]>([
    ['webRuntime: runtime: expected ONNX Runtime, got undefined.', undefined, {}],
    [
      'webRuntime: expected the module onnxruntime-web, got a runtime without env.wasm. In Node use nodeRuntime()',
      nodeRuntime(),
      {},
    ],
    ['webRuntime: unknown option provider. Known: threads, executionProviders.', ort, { provider: 'wasm' }],
    ['webRuntime: threads: expected a positive integer, got 0.', ort, { threads: 0 }],
    [
      `webRuntime: executionProviders: expected a list such as ['webgpu', 'wasm'], got "wasm".`,
      ort,
      { executionProviders: 'wasm' },
    ],
  ])('says %s', async (message, module, options) => {
    const making = webRuntime(module as OrtWebModule, options as WebRuntimeOptions); // wrong on purpose
    await expect(making).rejects.toThrow(ConfigError);
    await expect(making).rejects.toThrow(message);
  });
});
