// onnxruntime-web with the settings that a page allows: threads where memory may be shared, the GPU where there is one.
// The module is handed in, so that no bundler looks for a package that is not installed. What the page does not allow is
// said in `notes`, and nothing is asked of the runtime that it would only complain about.

import { BackendError, ConfigError, firstLineOf } from '../errors.ts';
import { type ExecutionProvider, isProviderList, providerName } from '../execution-providers.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { assertRuntime, type OrtRuntime } from './session.ts';
import { negateOne } from './tiny-session.ts';

/** The module onnxruntime-web, whichever of its builds. */
export interface OrtWebModule extends OrtRuntime {
  readonly env: {
    readonly wasm: { numThreads?: number | undefined };
    logLevel?: 'verbose' | 'info' | 'warning' | 'error' | 'fatal' | undefined;
  };
}

/** Settings of ONNX Runtime in a page. */
export interface WebRuntimeOptions {
  /** Threads of wasm; default: every core up to four, half of them beyond that, eight at most. Of the page: one number for all. */
  readonly threads?: number;
  /** What runs the graphs, best first. Default: `['webgpu', 'wasm']` where a GPU does, `['wasm']` elsewhere. */
  readonly executionProviders?: readonly ExecutionProvider[];
}

export interface WebRuntime extends OrtRuntime {
  readonly sessionOptions: { readonly executionProviders: readonly ExecutionProvider[] };
  /** Threads of wasm. */
  readonly threads: number;
  /** What could not be had, why, and how to mend it; a sentence each. */
  readonly notes: readonly string[];
}

/**
 * onnxruntime-web for `model.compile` and `compile`, set up for this page. Call it before its first session is opened:
 * the number of threads is fixed then.
 *
 * @param ort - the module: `onnxruntime-web/wasm`, or `onnxruntime-web/webgpu`, which can do both
 * @throws ConfigError, and BackendError when none of the execution providers works
 * @example
 * import * as ort from 'onnxruntime-web/webgpu';
 * const runtime = await webRuntime(ort);
 * for (const note of runtime.notes) console.info(note); // One thread: this page is not cross-origin isolated …
 * await model.compile(runtime);
 */
export async function webRuntime(ort: OrtWebModule, options: WebRuntimeOptions = {}): Promise<WebRuntime> {
  assertRuntime('webRuntime', ort);
  refuseUnknown('webRuntime', options, ['threads', 'executionProviders']);
  const { executionProviders } = checked(options);
  if (typeof ort.env?.wasm !== 'object') {
    throw new ConfigError(
      'webRuntime: expected the module onnxruntime-web, got a runtime without env.wasm. In Node use nodeRuntime() from clippo-ts/node.',
    );
  }
  const notes: string[] = [];
  const threads = usableThreads(options.threads, notes);
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error'; // it otherwise warns of every node that it leaves to wasm
  const wanted = executionProviders ?? ['webgpu', 'wasm'];
  const working: ExecutionProvider[] = [];
  for (const provider of wanted) {
    const fault = await faultOf(ort, provider, executionProviders !== undefined);
    if (fault === undefined) working.push(provider);
    else notes.push(`No ${providerName(provider)} in ONNX Runtime: ${fault}`);
  }
  if (working.length === 0) {
    throw new BackendError(`webRuntime: no execution provider works. ${notes.join(' ')}`);
  }
  const { InferenceSession, Tensor } = ort;
  return { InferenceSession, Tensor, sessionOptions: { executionProviders: working }, threads, notes };
}

function usableThreads(wanted: number | undefined, notes: string[]): number {
  const canShare = typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated !== false;
  if (!canShare) {
    if (wanted === undefined || wanted > 1) {
      notes.push(
        'One thread: this page is not cross-origin isolated, so there is no SharedArrayBuffer. Serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
      );
    }
    return 1;
  }
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  return wanted ?? (cores <= 4 ? cores : Math.min(8, Math.ceil(cores / 2)));
}

/**
 * Why a provider is not to be used, found by using it; undefined when it works.
 *
 * @param isAskedFor - a software GPU, slower than wasm, is taken only then
 */
async function faultOf(
  ort: OrtWebModule,
  provider: ExecutionProvider,
  isAskedFor: boolean,
): Promise<string | undefined> {
  if (providerName(provider) === 'webgpu') {
    const fault = await faultOfGpu(isAskedFor);
    if (fault !== undefined) return fault;
  }
  const { InferenceSession, Tensor } = ort;
  try {
    const result = await negateOne({
      InferenceSession,
      Tensor,
      sessionOptions: { executionProviders: [provider] },
    });
    return result === -1 ? undefined : `it computes −1 as ${result}.`;
  } catch (error) {
    const { cause } = error as { cause?: unknown }; // of whatever was thrown
    return `${firstLineOf(cause ?? error)}. Its module may be a build without it.`;
  }
}

interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

/** Where this has a GPU; typed here, because not every TypeScript knows WebGPU. */
interface GpuNavigator {
  readonly gpu?: { requestAdapter(): Promise<Adapter | null> };
}

async function faultOfGpu(isAskedFor: boolean): Promise<string | undefined> {
  const { gpu } = (globalThis.navigator ?? {}) as GpuNavigator;
  if (gpu === undefined) return 'this browser has no WebGPU, or the page is not served over https.';
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return 'there is no GPU that the browser lets pages use.';
  if (adapter.info?.isFallbackAdapter === true && !isAskedFor) {
    return "the GPU is one in software, slower than wasm. Ask for it with executionProviders: ['webgpu', 'wasm'].";
  }
  return undefined;
}

function checked(options: WebRuntimeOptions): WebRuntimeOptions {
  const { threads, executionProviders } = options;
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new ConfigError(`webRuntime: threads: expected a positive integer, got ${describeValue(threads)}.`);
  }
  if (executionProviders !== undefined && !isProviderList(executionProviders)) {
    throw new ConfigError(
      `webRuntime: executionProviders: expected a list such as ['webgpu', 'wasm'], got ${describeValue(executionProviders)}.`,
    );
  }
  return options;
}
