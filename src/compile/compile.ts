// The door: a function of tensors → the same function, run as one graph by ONNX Runtime. Record, simplify, write,
// open: each step lies in a file of its own, and this one knows their order.

import * as tf from '@tensorflow/tfjs-core';
import { CompileError, ConfigError } from '../errors.ts';
import { createRandom } from '../random.ts';
import { sizeOf } from '../shape.ts';
import {
  assertInputs,
  assertTensor,
  type CompileOptions,
  type ExportOptions,
  type ResolvedInput,
  resolveCompileOptions,
  resolveExportOptions,
} from './compile-options.ts';
import { writesInPlace } from './in-place.ts';
import { encodeOnnx } from './onnx.ts';
import { createProgram, type Program } from './program.ts';
import { meanCosine } from './quantize.ts';
import { inInt8, type RecordedGraph, recordGraph } from './record-graph.ts';
import { openSession } from './session.ts';
import { assertNotRecording, isRecording, OutputPath } from './trace.ts';

/** A function of tensors that returns tensors, alone or within arrays and objects. */
// biome-ignore lint/suspicious/noExplicitAny: whatever arguments, as long as they are tensors.
export type TensorFunction = (...inputs: any[]) => unknown;

/** What came of compiling for one signature of inputs. */
export interface CompileReport {
  /** Shapes of the inputs, `'batch'` where free. */
  readonly inputs: readonly (readonly (number | 'batch')[])[];
  readonly nodes: number;
  /** Size of the ONNX file. */
  readonly bytes: number;
  /** Time to record, simplify and write the graph. */
  readonly recordMs: number;
  /** Time ONNX Runtime took to open it. */
  readonly openMs: number;
  readonly precision: 'fp32' | 'int8';
  /** For int8: mean cosine of the rows of the results to those of fp32, on the sample; of the worst result. */
  readonly cosine?: number;
}

/** A compiled function: called like the original, but it answers with a promise. */
export interface CompiledFunction<F extends TensorFunction> {
  /** @throws ShapeError for inputs it was not compiled for, BackendError when the runtime fails */
  (...inputs: Parameters<F>): Promise<Awaited<ReturnType<F>>>;
  /** One entry for each signature compiled so far. */
  readonly reports: readonly CompileReport[];
  /** Frees the sessions; variables keep what they hold. Harmless when called twice. */
  dispose(): Promise<void>;
}

interface Compiled {
  readonly program: Program;
  readonly result: unknown;
}

/** Shapes of inputs for which a function keeps a session open. */
const MOST_SESSIONS = 16;

/**
 * Turns a function of tensors into one ONNX graph, gradients and updates of variables included, that ONNX Runtime
 * runs.
 *
 * The function is run on tensors without data to see what it does; after that it is not called again. So it must
 * not read data or branch on it, and numbers it computes in JavaScript are frozen. Tensors it captures are constants
 * as of now. Variables it assigns, and those in `variables`, are read before and written after every call.
 *
 * @param fn - takes tensors, returns tensors alone or in arrays and objects
 * @returns the compiled function; what it returns is the caller's to dispose, as with the original
 * @throws ConfigError, CompileError for a function that cannot be recorded, and what `fn` throws
 * @example
 * const step = await compile((x, y) => adam.minimize(() => loss(x, y), true), { runtime: nodeRuntime() });
 * for (const [x, y] of batches) console.log((await step(x, y)).dataSync()[0]);
 * await step.dispose();
 */
export async function compile<F extends TensorFunction>(
  fn: F,
  options: CompileOptions,
): Promise<CompiledFunction<F>> {
  assertNotRecording();
  const resolved = resolveCompileOptions(fn, options);
  const { runtime, threads, precision, sample } = resolved;
  await tf.ready();
  const programs = new Map<string, Promise<Compiled>>();
  const reports: CompileReport[] = [];
  let isDisposed = false;
  // Calls run one after the other: each reads the variables that the one before has written.
  let last: Promise<unknown> = Promise.resolve();

  async function build(
    inputs: readonly ResolvedInput[],
    firstCall?: readonly tf.Tensor[],
  ): Promise<Compiled> {
    const start = performance.now();
    const exact = recordGraph(fn, { ...resolved, inputs });
    const isInference = exact.states.every(({ output }) => output === null);
    const recorded = precision === 'int8' ? inInt8('compile', exact) : exact;
    const bytes = encodeOnnx(recorded.graph);
    const recordMs = performance.now() - start;
    const inPlace = isInference || (await writesInPlace(runtime));
    const open = async (model: Uint8Array, graph: RecordedGraph): Promise<Program> => {
      const session = await openSession(runtime, model, { threads, isInference });
      return createProgram(runtime, session, graph, { inPlace });
    };
    const opening = performance.now();
    const program = await open(bytes, recorded);
    const openMs = performance.now() - opening;
    const report: CompileReport = {
      inputs: inputs.map(({ shape }) => shape),
      nodes: recorded.graph.nodes.length,
      bytes: bytes.length,
      recordMs,
      openMs,
      precision,
    };
    if (precision !== 'int8') reports.push(report);
    else {
      try {
        const reference = await open(encodeOnnx(exact.graph), exact);
        try {
          const cosine = await compareResults(reference, program, sample ?? firstCall, inputs);
          reports.push({ ...report, cosine });
        } finally {
          await reference.release();
        }
      } catch (error) {
        await program.release();
        throw error;
      }
    }
    return { program, result: recorded.result };
  }

  function programFor(tensors: readonly tf.Tensor[]): Promise<Compiled> {
    const fixed = resolved.inputs;
    const key = fixed === undefined ? tensors.map(({ dtype, shape }) => `${dtype}[${shape}]`).join() : '';
    const known = programs.get(key);
    programs.delete(key); // to stand last, as the one that was used last
    if (known !== undefined) {
      programs.set(key, known);
      return known;
    }
    const inputs = tensors.map(
      ({ dtype, shape }, i): ResolvedInput => ({
        shape,
        dtype: dtype as ResolvedInput['dtype'], // others are refused while recording
        name: `input_${i}`,
      }),
    );
    const compiled = build(fixed ?? inputs, fixed === undefined ? tensors : undefined);
    programs.set(key, compiled);
    // A failure is not remembered: the next call may find a variable or a runtime mended.
    compiled.catch(() => programs.delete(key));
    return compiled;
  }

  /** Every session keeps the memory of its largest run: of those for many shapes only the ones in use stay. */
  async function closeOldest(): Promise<void> {
    if (programs.size <= MOST_SESSIONS) return;
    for (const [key, oldest] of programs) {
      programs.delete(key);
      await (await oldest).program.release();
      return;
    }
  }

  async function call(tensors: readonly tf.Tensor[]): Promise<unknown> {
    if (isDisposed) throw new ConfigError('compiled function: it was disposed. Compile it again.');
    if (resolved.inputs === undefined) for (const [i, tensor] of tensors.entries()) assertTensor(tensor, i);
    else assertInputs(tensors, resolved.inputs);
    const { program, result } = await programFor(tensors);
    await closeOldest();
    for (const [i, tensor] of tensors.entries()) assertTensor(tensor, i); // compiling took its time
    return withTensors(result, await program.run(tensors));
  }

  if (resolved.inputs !== undefined) await programFor([]);
  const compiled = (...tensors: Parameters<F>): Promise<Awaited<ReturnType<F>>> => {
    if (isRecording()) {
      throw new CompileError(
        'compiled function: called by a function that is being recorded. Call the original function there.',
      );
    }
    const answer = last.then(() => call(tensors));
    last = answer.catch(() => {}); // each caller sees its own failure
    // The result is built as fn returned it.
    return answer as Promise<Awaited<ReturnType<F>>>;
  };
  return Object.assign(compiled, {
    reports,
    async dispose(): Promise<void> {
      isDisposed = true;
      await last;
      const released = [...programs.values()];
      programs.clear();
      for (const compiling of released) await (await compiling).program.release();
    },
  });
}

/**
 * Writes a function of tensors as a standard ONNX model (operator set 17, and com.microsoft 1 where a fused operator
 * of ONNX Runtime is used).
 *
 * Inputs and results keep their names (`output` for a single tensor, else the path such as `metrics.loss`); a
 * variable that is state enters as `<name>:in` and leaves as `<name>:out`.
 *
 * @param fn - as for {@link compile}
 * @returns the bytes of the file; weights beside it where `externalData` says so
 * @throws ConfigError, CompileError, and what `fn` throws
 * @example
 * const images = { shape: ['batch', 224, 224, 3], name: 'images' } as const;
 * writeFileSync('clippo.onnx', exportOnnx((x) => model.network.apply(x), { inputs: [images] }));
 */
export function exportOnnx(fn: TensorFunction, options: ExportOptions): Uint8Array {
  const resolved = resolveExportOptions(fn, options);
  const exact = recordGraph(fn, resolved);
  const { graph } = resolved.precision === 'int8' ? inInt8('exportOnnx', exact) : exact;
  const { externalData } = options;
  return encodeOnnx(graph, externalData === undefined ? {} : { externalData });
}

/** What the function returned, tensors back in their places. */
function withTensors(result: unknown, tensors: ReadonlyMap<string, tf.Tensor>): unknown {
  if (result instanceof OutputPath) return tensors.get(result.path);
  if (Array.isArray(result)) return result.map((item) => withTensors(item, tensors));
  if (typeof result !== 'object' || result === null) return result;
  return Object.fromEntries(Object.entries(result).map(([key, item]) => [key, withTensors(item, tensors)]));
}

/** The lowest mean cosine over all float results of two programs. */
async function compareResults(
  reference: Program,
  program: Program,
  sample: readonly tf.Tensor[] | undefined,
  inputs: readonly ResolvedInput[],
): Promise<number> {
  if (sample !== undefined) assertInputs(sample, inputs, 'compile: sample');
  const tensors = sample ?? inputs.map(noise);
  const made: tf.Tensor[] = sample === undefined ? [...tensors] : [];
  const run = async (through: Program): Promise<Map<string, tf.Tensor>> => {
    const results = await through.run(tensors);
    made.push(...results.values());
    return results;
  };
  try {
    const [expected, got] = [await run(reference), await run(program)];
    let lowest = 1;
    for (const [path, tensor] of expected) {
      if (tensor.dtype !== 'float32') continue;
      const [a, b] = [await tensor.data(), await got.get(path)!.data()];
      lowest = Math.min(lowest, meanCosine(a, b, tensor.shape.at(-1) ?? 1));
    }
    return lowest;
  } finally {
    tf.dispose(made);
  }
}

/** Standard normal numbers in the shape of an input, a batch of 4; integers, which may be indices, are 0. */
function noise({ shape, dtype }: ResolvedInput): tf.Tensor {
  const sizes = shape.map((size) => (size === 'batch' ? 4 : size));
  if (dtype === 'int32') return tf.zeros(sizes, dtype);
  const random = createRandom(0);
  const values = Float32Array.from({ length: sizeOf(sizes) }, () => random.normal());
  return tf.tidy(() => tf.cast(tf.tensor(values, sizes), dtype));
}
