// Name of an engine → tfjs on that backend, or ONNX Runtime. The only file that knows how engines are set up. WebAssembly files come
// from the page's own site. One thread each: the network reads 16 patches, so there is nothing to share out, and then no page needs
// SharedArrayBuffer.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import { BackendError, type OrtRuntime } from 'clippo-ts';
import type { EngineName } from '../protocol.ts';

export interface OpenEngine {
  /** Given to `model.compile`, and to `train`. */
  readonly runtime?: OrtRuntime;
  /** Settles, with the reason, when the graphics card is lost. */
  readonly lost?: Promise<string>;
}

/** Makes tfjs compute on an engine from now on. @throws BackendError that says why it cannot be had here */
export async function openEngine(name: EngineName): Promise<OpenEngine> {
  if (name === 'webgpu') return openWebGpu();
  await openWasm();
  return name === 'onnx' ? { runtime: await onnxRuntime() } : {};
}

async function openWasm(): Promise<void> {
  if (tf.findBackend('wasm') === null) {
    const address = (path: string): string => new URL(path, import.meta.url).href;
    setWasmPaths({
      'tfjs-backend-wasm.wasm': address(plainWasm),
      'tfjs-backend-wasm-simd.wasm': address(simdWasm),
      'tfjs-backend-wasm-threaded-simd.wasm': address(simdWasm), // never asked for
    });
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  }
  if (!(await tf.setBackend('wasm'))) {
    throw new BackendError('WebAssembly does not start in this browser. Allow it, or choose another engine.');
  }
}

/** What is used of the browser's WebGPU. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

async function openWebGpu(): Promise<OpenEngine> {
  const { gpu } = navigator as { gpu?: Gpu };
  if (gpu === undefined) {
    throw new BackendError(
      'This browser has no WebGPU, or the page is not served over https. Choose WebAssembly.',
    );
  }
  if ((await gpu.requestAdapter()) === null) {
    throw new BackendError('This browser has WebGPU, but found no graphics card for it. Choose WebAssembly.');
  }
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) {
    throw new BackendError('The graphics card could not be opened. Choose WebAssembly.');
  }
  const { device } = tf.backend() as unknown as { device: { lost: Promise<{ message: string }> } }; // tfjs's WebGPUBackend
  return { lost: device.lost.then(({ message }) => message || 'the graphics card was taken away') };
}

async function onnxRuntime(): Promise<OrtRuntime> {
  const [runtime, { default: wasm }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url'),
  ]);
  runtime.env.wasm.wasmPaths = { wasm: new URL(wasm, import.meta.url).href };
  runtime.env.wasm.numThreads = 1;
  return runtime;
}
