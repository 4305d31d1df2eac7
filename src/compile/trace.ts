// A tfjs function → the ONNX nodes of one call. While it runs, a backend of our own is tfjs's current one: its
// kernels compute nothing but append nodes and return tensors that have a shape and no data. Tensors of other
// backends become constants; variables become inputs and, where they are assigned, outputs.
// The idea is the jit of tinygrad and jax-js: record once what ran, with all shapes known.

import * as tf from '@tensorflow/tfjs-core';
import { ClippoError, CompileError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { createGraphBuilder } from './build.ts';
import type { Node, Value } from './graph.ts';
import type { KernelTable } from './kernels/lowering.ts';
import { callerIn } from './stack.ts';
import { recordedType, TRACE_BACKEND, TraceBackend, unmapped } from './trace-backend.ts';
import { recordVariables, type TracedState } from './trace-variables.ts';

/** Shape and element type of an argument, all sizes known. */
export interface TracedInput {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** What one call of a function did. */
export interface Recording {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly states: readonly TracedState[];
  /** path within what the function returned → value, e.g. `metrics.loss` */
  readonly outputs: ReadonlyMap<string, Value>;
  /** What the function returned, an {@link OutputPath} in place of every tensor. */
  readonly result: unknown;
}

/** Stands for a tensor in {@link Recording.result}. */
export class OutputPath {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** Enough for variables that are found assigned once those the function makes at first are there. */
const MOST_ROUNDS = 8;

/** Whether a function is being recorded right now: what JavaScript computes in it is frozen. */
export function isRecording(): boolean {
  return tf.engine().backendName === TRACE_BACKEND;
}

/** @throws CompileError while a function is being recorded */
export function assertNotRecording(): void {
  if (!isRecording()) return;
  throw new CompileError('compile: called by a function that is being recorded. Compile before calling it.');
}

/**
 * Runs a function once on tensors without data and returns what it did. Afterwards tfjs is as before: backend,
 * variables, number of tensors. Variables the function makes (as optimisers do at their first step) stay, with
 * their start values.
 *
 * @param variables - those to be state even where the function does not assign them; assigned ones always are
 * @throws CompileError when the function reads data, uses a kernel without lowering, or returns a promise or a
 *   tensor it did not compute; and whatever the function throws
 */
export function trace(
  fn: (...inputs: tf.Tensor[]) => unknown,
  inputs: readonly TracedInput[],
  variables: Iterable<tf.Variable>,
  kernels: KernelTable,
): Recording {
  const states = new Set(variables);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { recording, late } = record(fn, inputs, states, kernels);
    if (late.length === 0) return recording;
    // These were taken for constants and then assigned: once more, with them as state.
    for (const variable of late) states.add(variable);
  }
  throw new CompileError(
    'compile: the function makes variables in every call and assigns those of the calls before. Make them before compiling.',
  );
}

function record(
  fn: (...inputs: tf.Tensor[]) => unknown,
  inputs: readonly TracedInput[],
  states: ReadonlySet<tf.Variable>,
  kernels: KernelTable,
): { recording: Recording; late: readonly tf.Variable[] } {
  assertNotRecording();
  for (const { isDisposed, name, shape } of states) {
    if (isDisposed) throw new CompileError(`compile: the variable ${name} [${shape}] was disposed.`);
  }
  for (const { dtype } of inputs) recordedType(dtype);
  const build = createGraphBuilder();
  const backend = new TraceBackend(kernels, build);
  const leaveBackend = enterBackend(backend);
  const variables = recordVariables(states, backend);
  try {
    const values = inputs.map(({ dtype, shape }): Value => ({ dtype, shape: [...shape] }));
    const outputs = new Map<string, Value>();
    let result: unknown;
    tf.tidy(() => {
      const returned = fn(...values.map((value) => backend.tensorOf(value)));
      // An async function fails once more, later, with nobody to tell.
      if (returned instanceof Promise) returned.catch(() => {});
      backend.assertNothingRead();
      result = collect(returned, '', backend, outputs);
    });
    const recording = { nodes: build.nodes, inputs: values, states: variables.states(), outputs, result };
    return { recording, late: variables.late() };
  } catch (error) {
    throw explain(error);
  } finally {
    variables.restore();
    backend.releaseAll();
    leaveBackend();
  }
}

/** Makes `backend` tfjs's current one until the returned function is called. */
function enterBackend(backend: TraceBackend): () => void {
  const engine = tf.engine();
  const previous: string | null | undefined = engine.backendName;
  tf.registerBackend(TRACE_BACKEND, () => backend);
  // Its factory is synchronous, so both switches are done when setBackend returns its promise.
  void engine.setBackend(TRACE_BACKEND);
  return () => {
    tf.removeBackend(TRACE_BACKEND);
    if (previous) void engine.setBackend(previous);
  };
}

/** Puts paths in the place of tensors, through arrays and plain objects. */
function collect(
  returned: unknown,
  path: string,
  backend: TraceBackend,
  outputs: Map<string, Value>,
): unknown {
  if (returned instanceof tf.Tensor) return collectTensor(returned, path || 'output', backend, outputs);
  if (typeof returned !== 'object' || returned === null) {
    if (path !== '' || returned === undefined) return returned;
    throw new CompileError(
      `compile: expected the function to return tensors, got ${describeValue(returned)}.`,
    );
  }
  if ('then' in returned) {
    throw new CompileError(
      'compile: the function returns a promise, but only what runs at once can be recorded. Await outside of it.',
    );
  }
  const inner = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (Array.isArray(returned)) {
    return returned.map((item, i) => collect(item, inner(i), backend, outputs));
  }
  const prototype: unknown = Object.getPrototypeOf(returned);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new CompileError(
      `compile: expected the function to return tensors, alone or in arrays and plain objects, got ${describeValue(returned)}${path && ` (${path})`}.`,
    );
  }
  return Object.fromEntries(
    Object.entries(returned).map(([key, item]) => [key, collect(item, inner(key), backend, outputs)]),
  );
}

function collectTensor(
  tensor: tf.Tensor,
  path: string,
  backend: TraceBackend,
  outputs: Map<string, Value>,
): OutputPath {
  if (tensor.isDisposed) {
    throw new CompileError(`compile: the function returns a tensor (${path}) that it disposed.`);
  }
  if (!backend.recorded(tensor.dataId)) {
    throw new CompileError(
      `compile: the function returns a tensor (${path}) that it did not compute but captured. Use that tensor itself, or return tf.clone(tensor) to have it as it was when compiled.`,
    );
  }
  // { a: { b } } and { 'a.b' } may stand side by side.
  let free = path;
  for (let n = 2; outputs.has(free); n++) free = `${path}_${n}`;
  outputs.set(free, backend.lookUp(tensor));
  return new OutputPath(free);
}

/** tfjs's own error for a missing kernel says nothing about compiling. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ClippoError) return error;
  const kernel = new RegExp(`Kernel '(\\w+)' not registered for backend '${TRACE_BACKEND}'`).exec(
    error.message,
  )?.[1];
  return kernel === undefined ? error : unmapped(kernel, callerIn(error.stack));
}
