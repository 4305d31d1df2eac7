// The engines by name: tfjs backends under tfjs's own names, and ONNX Runtime, told apart by what runs its graphs. The
// order in which they are tried when nobody says otherwise.

import type { OrtRuntime } from '../compile/index.ts';
import { type ExecutionProvider, providerName } from '../execution-providers.ts';

/**
 * `'onnx'`: ONNX Runtime on the processor, `'onnx-webgpu'`: on the GPU. The others are tfjs backends; any other name
 * is that of a backend of yours.
 */
export type EngineName =
  | 'onnx'
  | 'onnx-webgpu'
  | 'webgpu'
  | 'webgl'
  | 'tensorflow'
  | 'wasm'
  | 'cpu'
  | (string & {});

/** Best first. A GPU that is software comes after wasm, see {@link FASTER_THAN_CPU_IN_SOFTWARE}. */
export const USUAL_ORDER = [
  'onnx-webgpu',
  'webgpu',
  'onnx',
  'tensorflow',
  'webgl',
  'wasm',
  'cpu',
] as const satisfies readonly EngineName[];

/** Plain JavaScript is so slow that even some GPUs played by the processor are faster (docs/performance.md). */
export const FASTER_THAN_CPU_IN_SOFTWARE: readonly EngineName[] = ['webgl'];

/** tfjs backends to hold the tensors on their way to ONNX Runtime, best first: plain arrays need no copy. */
export const CARRIERS: readonly EngineName[] = ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'];

/** What to do to have a tfjs backend that is not registered. */
export function adviceFor(engine: EngineName): string {
  if (engine === 'tensorflow') return "import '@tensorflow/tfjs-node'";
  const importIt = `import '@tensorflow/tfjs-backend-${engine}'`;
  return engine === 'webgpu' ? `${importIt}; in Node: await useWebGpu() of clippo-ts/node` : importIt;
}

export function isOnnx(engine: EngineName): engine is 'onnx' | 'onnx-webgpu' {
  return engine === 'onnx' || engine === 'onnx-webgpu';
}

/** The engines that a runtime is. One that is told to use the GPU can also do without. */
export function enginesOf(runtime: OrtRuntime | undefined): EngineName[] {
  if (runtime === undefined) return [];
  return providersOf(runtime)[0] === 'webgpu' ? ['onnx-webgpu', 'onnx'] : ['onnx'];
}

/** The runtime as one of {@link enginesOf}: for `'onnx'` without the GPU. */
export function runtimeFor(engine: 'onnx' | 'onnx-webgpu', runtime: OrtRuntime): OrtRuntime {
  if (engine === 'onnx-webgpu' || providersOf(runtime)[0] !== 'webgpu') return runtime;
  const { InferenceSession, Tensor, sessionOptions } = runtime;
  const { executionProviders, ...others } = sessionOptions as { executionProviders: ExecutionProvider[] };
  const rest = executionProviders.filter((provider) => providerName(provider) !== 'webgpu');
  // With none named ONNX Runtime takes the processor.
  return {
    InferenceSession,
    Tensor,
    sessionOptions: { ...others, ...(rest.length > 0 && { executionProviders: rest }) },
  };
}

function providersOf({ sessionOptions }: OrtRuntime): string[] {
  const { executionProviders = [] } = (sessionOptions ?? {}) as {
    executionProviders?: readonly ExecutionProvider[];
  };
  return executionProviders.map(providerName);
}
