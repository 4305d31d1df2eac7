// ONNX Runtime as this library sees it. It is handed in, `nodeRuntime()` of clippo-ts/node or the module
// onnxruntime-web itself, so that nothing here depends on either.

import { BackendError, ConfigError, messageOf } from '../errors.ts';
import { describeValue } from '../options.ts';

/** A tensor of ONNX Runtime. */
export interface OrtTensor {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a typed array, or strings for types that do not occur here.
  readonly data: any;
  readonly dims: readonly number[];
}

/** A loaded graph. */
export interface OrtSession {
  /** One run: values of all inputs, and which outputs are wanted. */
  run(feeds: OrtTensors, fetches: OrtFetches): Promise<OrtTensors>;
  /** Frees what the runtime holds. */
  release(): Promise<void>;
}

type OrtTensors = { readonly [name: string]: OrtTensor };
type OrtFetches = { readonly [name: string]: OrtTensor | null };

// biome-ignore lint/suspicious/noExplicitAny: overloaded there, with one signature for each type of array.
type OrtTensorConstructor = new (type: any, data: any, dims: readonly number[]) => OrtTensor;

/** What is used of `onnxruntime-node` and `onnxruntime-web`; the module itself will do. */
export interface OrtRuntime {
  readonly InferenceSession: {
    /** Opens an ONNX file. */
    create(model: Uint8Array, options?: Record<string, unknown>): Promise<OrtSession>;
  };
  readonly Tensor: OrtTensorConstructor;
  /** Options of every session, e.g. `{ executionProviders: ['webgpu'] }`; those of `compile` come on top. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

/** @throws ConfigError for what is no runtime */
export function assertRuntime(door: string, runtime: unknown): asserts runtime is OrtRuntime {
  const { InferenceSession, Tensor } = (runtime ?? {}) as Partial<OrtRuntime>;
  if (typeof InferenceSession?.create === 'function' && typeof Tensor === 'function') return;
  throw new ConfigError(
    `${door}: runtime: expected ONNX Runtime, got ${describeValue(runtime)}. Give nodeRuntime() from clippo-ts/node, or the module onnxruntime-web.`,
  );
}

/** Opens a session on the bytes of a model. @throws BackendError when ONNX Runtime refuses it */
export async function openSession(
  runtime: OrtRuntime,
  model: Uint8Array,
  { threads, isInference }: { threads?: number | undefined; isInference: boolean },
): Promise<OrtSession> {
  try {
    return await runtime.InferenceSession.create(model, {
      // A step of training is simple enough when it gets here: passes over its thousands of nodes gain nothing and
      // take a second. And without planned memory its peak is lower by a quarter, because the plan, made at the
      // second run, comes on top of what the first has taken.
      graphOptimizationLevel: isInference ? 'all' : 'disabled',
      enableMemPattern: isInference,
      // Of its passes one takes out sums with 0, which turn −0 into 0, and leaves graphs that do not open where such a
      // sum is multiplied by a reciprocal (1.30). What does nothing is gone before.
      extra: { optimization: { disable_specified_optimizers: 'NoopElimination' } },
      // 3: errors only. ONNX Runtime otherwise comments on every initializer it moves.
      logSeverityLevel: 3,
      ...runtime.sessionOptions,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    });
  } catch (cause) {
    throw new BackendError(
      `compile: ONNX Runtime cannot open the graph: ${messageOf(cause)}. exportOnnx writes it to a file to look at.`,
      { cause },
    );
  }
}
