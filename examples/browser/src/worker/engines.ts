// Name of an engine → what the library's chooseEngine and openOnBestEngine need for it. WebAssembly files come from the page's own site. One thread
// each: the network reads 16 patches, so there is nothing to share out, and then no page needs SharedArrayBuffer.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import { BackendError, type OrtRuntime } from 'clippo-ts';
import type { EngineName } from '../protocol.ts';

const address = (path: string): string => new URL(path, import.meta.url).href;

setWasmPaths({
  'tfjs-backend-wasm.wasm': address(plainWasm),
  'tfjs-backend-wasm-simd.wasm': address(simdWasm),
  'tfjs-backend-wasm-threaded-simd.wasm': address(simdWasm), // never asked for
});
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);

/**
 * Loads what an engine consists of, if it is not there yet.
 *
 * @returns options that name it, for chooseEngine and openOnBestEngine
 * @throws BackendError that says why it cannot be had here
 */
export async function prepareEngine(
  name: EngineName,
): Promise<{ engines: EngineName[]; runtime?: OrtRuntime }> {
  if (name === 'onnx') return { engines: [name], runtime: await onnxRuntime() };
  if (name === 'webgpu') {
    if (!('gpu' in navigator)) {
      throw new BackendError(
        'This browser has no WebGPU, or the page is not served over https. Choose WebAssembly.',
      );
    }
    await import('@tensorflow/tfjs-backend-webgpu');
  }
  return { engines: [name] };
}

async function onnxRuntime(): Promise<OrtRuntime> {
  const [ort, { webRuntime }, { default: wasm }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('clippo-ts/compile'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url'),
  ]);
  ort.env.wasm.wasmPaths = { wasm: address(wasm) };
  return webRuntime(ort, { threads: 1, executionProviders: ['wasm'] });
}
