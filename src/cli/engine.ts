// What computes: ONNX Runtime, or a tfjs backend; the fastest that is installed, or the one asked for. Nothing of
// either is loaded before a verb needs it.

import type { OrtRuntime } from '../compile/index.ts';
import { BackendError, firstLineOf } from '../errors.ts';
import { nodeRuntime, useWebGpu } from '../node/index.ts';

export const BACKENDS = ['wasm', 'cpu'] as const;
export type Backend = (typeof BACKENDS)[number];
/** On the GPU, for what encodes: training there is not tested. */
const GPU_ENGINES = ['onnx-webgpu', 'webgpu'] as const;
export const ENGINES = ['auto', 'onnx', ...BACKENDS] as const;
export const ENCODING_ENGINES = [...ENGINES, ...GPU_ENGINES] as const;
export type Engine = (typeof ENCODING_ENGINES)[number];

export interface StartedEngine {
  /** tfjs's current backend, which holds the tensors whatever computes */
  readonly backend: Backend | 'webgpu';
  /** ONNX Runtime, if that computes */
  readonly runtime?: OrtRuntime;
}

/**
 * @param wanted - `'auto'`: ONNX Runtime, wasm where that is missing, cpu where both are
 * @returns what runs now
 * @throws BackendError that says what to install
 */
export async function startEngine(wanted: Engine): Promise<StartedEngine> {
  if (wanted === 'wasm' || wanted === 'cpu') return { backend: await startBackend([wanted]) };
  if (wanted === 'webgpu') {
    await useWebGpu();
    return { backend: 'webgpu' };
  }
  if (wanted === 'onnx-webgpu') {
    const runtime = gpuRuntime();
    return { backend: await startBackend(['cpu', 'wasm']), runtime };
  }
  let runtime: OrtRuntime;
  try {
    runtime = nodeRuntime();
  } catch (error) {
    if (wanted === 'onnx' || !(error instanceof BackendError)) throw error;
    return { backend: await startBackend(BACKENDS) };
  }
  // Only tensors on their way: the backend whose tensors are plain arrays is the one to have.
  return { backend: await startBackend(['cpu', 'wasm']), runtime };
}

/** ONNX Runtime on the GPU, what that cannot do on the processor. @throws BackendError that says what to install */
export function gpuRuntime(): OrtRuntime {
  return nodeRuntime({ executionProviders: ['webgpu', 'cpu'] });
}

/**
 * Loads the first backend that works and makes it tfjs's current one.
 *
 * @throws BackendError that says what to install
 */
export async function startBackend(candidates: readonly Backend[]): Promise<Backend> {
  const failures: string[] = [];
  for (const backend of candidates) {
    try {
      await start(backend);
      return backend;
    } catch (cause) {
      failures.push(`${backend}: ${firstLineOf(cause)}`);
    }
  }
  throw new BackendError(
    `No engine to compute with (${failures.join('; ')}). Run: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-${candidates[0]}`,
  );
}

async function start(backend: Backend): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  else await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend(backend))) throw new BackendError('it is installed but does not start');
  // The cpu backend greets its first tensor on Node with an advertisement for tfjs-node. Its first tensor is made
  // while it takes this for another place; warnings stay as they are.
  const isNode = tf.env().getBool('IS_NODE');
  tf.env().set('IS_NODE', false);
  tf.scalar(0).dispose();
  tf.env().set('IS_NODE', isNode);
}
