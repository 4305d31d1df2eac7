// What a caller may say to compile and exportOnnx, and the check of it.

import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, ShapeError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { KERNELS, type KernelTable } from './kernels/index.ts';
import type { ExternalData } from './onnx.ts';
import { assertRuntime, type OrtRuntime } from './session.ts';

/** An argument of the function. */
export interface InputSpec {
  /** Sizes; `'batch'` for one that may be different in every call (the same in all inputs). */
  readonly shape: readonly (number | 'batch')[];
  /** Default `'float32'`. */
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** Its name in the ONNX file, default `input_0`, `input_1` … */
  readonly name?: string;
}

export interface GraphOptions {
  /**
   * Variables to read afresh at every call. Those the function assigns are always; any other is a constant, which is
   * faster.
   */
  readonly variables?: Iterable<tf.Variable>;
  /** Translations of tfjs kernels on top of the library's own, by kernel name. */
  readonly kernels?: KernelTable;
}

/** How {@link compile} compiles. */
export interface CompileOptions extends GraphOptions {
  /** ONNX Runtime: `nodeRuntime()` of clippo-ts/node, or the module onnxruntime-web. */
  readonly runtime: OrtRuntime;
  /**
   * The arguments the function will get; it is then compiled at once and takes no others. Default: it is compiled
   * when it is called, once for each signature of shapes and types.
   */
  readonly inputs?: readonly InputSpec[];
  /** `'int8'` for products with constant weights: twice as fast, for inference. Default `'fp32'`. */
  readonly precision?: 'fp32' | 'int8';
  /**
   * For int8, with `inputs`: arguments to measure the loss of precision on. Default: noise; without `inputs` the
   * first call's arguments.
   */
  readonly sample?: readonly tf.Tensor[];
  /** Threads of the runtime, default one a physical core. */
  readonly threads?: number;
}

/** What {@link exportOnnx} writes. */
export interface ExportOptions extends GraphOptions {
  readonly inputs: readonly InputSpec[];
  readonly precision?: 'fp32' | 'int8';
  /** Where weights go that are too large for one file (2 GiB). */
  readonly externalData?: ExternalData;
}

export interface ResolvedInput {
  readonly shape: readonly (number | 'batch')[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly name: string;
}

const GRAPH_OPTIONS = ['variables', 'kernels', 'inputs', 'precision'];

/** What both doors share, checked. */
export interface ResolvedGraphOptions {
  readonly variables: readonly tf.Variable[];
  readonly kernels: KernelTable;
  readonly inputs: readonly ResolvedInput[] | undefined;
  readonly precision: 'fp32' | 'int8';
}

export function resolveCompileOptions(
  fn: unknown,
  options: CompileOptions,
): ResolvedGraphOptions & Pick<CompileOptions, 'runtime' | 'threads' | 'sample'> {
  assertFunction('compile', fn);
  refuseUnknown('compile', options, [...GRAPH_OPTIONS, 'runtime', 'threads', 'sample']);
  const { runtime, threads, sample } = options;
  assertRuntime('compile', runtime);
  if (threads !== undefined && (!Number.isSafeInteger(threads) || threads < 1)) {
    throw new ConfigError(`compile: threads: expected a positive integer, got ${describeValue(threads)}.`);
  }
  if (sample !== undefined && !(Array.isArray(sample) && sample.every((x) => x instanceof tf.Tensor))) {
    throw new ConfigError(`compile: sample: expected an array of tensors, got ${describeValue(sample)}.`);
  }
  const graphOptions = resolveGraphOptions('compile', options);
  if (sample !== undefined && graphOptions.precision !== 'int8') {
    throw new ConfigError(
      "compile: sample: measures what precision: 'int8' loses. Leave it out, or ask for that.",
    );
  }
  if (sample !== undefined && graphOptions.inputs === undefined) {
    // It would fit one signature, and calls of any other would fail.
    throw new ConfigError(
      'compile: sample: goes with `inputs`. Give both, or neither: the arguments of the first call are then the sample.',
    );
  }
  return {
    ...graphOptions,
    runtime,
    ...(threads === undefined ? {} : { threads }),
    ...(sample === undefined ? {} : { sample }),
  };
}

export function resolveExportOptions(
  fn: unknown,
  options: ExportOptions,
): ResolvedGraphOptions & { readonly inputs: readonly ResolvedInput[] } {
  assertFunction('exportOnnx', fn);
  refuseUnknown('exportOnnx', options, [...GRAPH_OPTIONS, 'externalData']);
  const { inputs, ...resolved } = resolveGraphOptions('exportOnnx', options);
  if (inputs === undefined) {
    throw new ConfigError(
      "exportOnnx: inputs: expected a list such as [{ shape: ['batch', 224, 224, 3] }], got undefined.",
    );
  }
  return { ...resolved, inputs };
}

function resolveGraphOptions(
  door: string,
  { variables = [], kernels = {}, inputs, precision = 'fp32' }: Omit<CompileOptions, 'runtime'>,
): ResolvedGraphOptions {
  if (precision !== 'fp32' && precision !== 'int8') {
    throw new ConfigError(`${door}: precision: expected 'fp32' or 'int8', got ${describeValue(precision)}.`);
  }
  const isIterable = typeof variables === 'object' && variables !== null && Symbol.iterator in variables;
  const list = isIterable ? [...variables] : [variables];
  const stranger = list.find((variable) => !(variable instanceof tf.Variable));
  if (stranger !== undefined) {
    throw new ConfigError(
      `${door}: variables: expected tf.Variables, as [...model.parameters().values()], got ${describeValue(stranger)}.`,
    );
  }
  if (typeof kernels !== 'object' || kernels === null) {
    throw new ConfigError(
      `${door}: kernels: expected translations by kernel name, got ${describeValue(kernels)}.`,
    );
  }
  const unfit = Object.entries(kernels).find(([, lowering]) => typeof lowering !== 'function');
  if (unfit !== undefined) {
    throw new ConfigError(
      `${door}: kernels: ${unfit[0]}: expected a function, got ${describeValue(unfit[1])}.`,
    );
  }
  return {
    // Only tf.Variables passed the check above.
    variables: list as tf.Variable[],
    kernels: { ...KERNELS, ...kernels },
    inputs: inputs === undefined ? undefined : resolveInputs(door, inputs),
    precision,
  };
}

function resolveInputs(door: string, inputs: readonly InputSpec[]): ResolvedInput[] {
  if (!Array.isArray(inputs)) {
    throw new ConfigError(`${door}: inputs: expected an array, got ${describeValue(inputs)}.`);
  }
  const names = new Set<string>();
  return inputs.map((input: InputSpec, i) => {
    const label = `${door}: inputs[${i}]`;
    refuseUnknown(label, input, ['shape', 'dtype', 'name']);
    const { shape, dtype = 'float32', name = `input_${i}` } = input;
    const isSize = (size: unknown): boolean =>
      size === 'batch' || (Number.isSafeInteger(size) && Number(size) >= 0);
    if (!Array.isArray(shape) || !shape.every(isSize)) {
      throw new ConfigError(
        `${label}: shape: expected sizes, 'batch' for a free one, got ${Array.isArray(shape) ? `[${shape.map(describeValue).join(', ')}]` : describeValue(shape)}.`,
      );
    }
    if (!['float32', 'int32', 'bool'].includes(dtype)) {
      throw new ConfigError(`${label}: dtype: expected float32, int32 or bool, got ${describeValue(dtype)}.`);
    }
    if (typeof name !== 'string' || name === '' || names.has(name)) {
      throw new ConfigError(`${label}: name: expected one of its own, got ${describeValue(name)}.`);
    }
    names.add(name);
    return { shape: [...shape], dtype, name };
  });
}

function assertFunction(door: string, fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new ConfigError(`${door}: expected a function of tensors, got ${describeValue(fn)}.`);
}

/** @throws ShapeError, ConfigError when a call does not fit what the function was compiled for */
export function assertInputs(
  tensors: readonly unknown[],
  inputs: readonly ResolvedInput[],
  door = 'compiled function',
): void {
  if (tensors.length !== inputs.length) {
    throw new ShapeError(`${door}: expected ${inputs.length} inputs, got ${tensors.length}.`);
  }
  const batches = new Set<number>();
  for (const [i, { shape, dtype, name }] of inputs.entries()) {
    const tensor = tensors[i];
    assertTensor(tensor, i, door);
    const fits =
      shape.length === tensor.rank &&
      shape.every((size, axis) => size === 'batch' || size === tensor.shape[axis]);
    if (!fits || dtype !== tensor.dtype) {
      throw new ShapeError(
        `${door}: ${name}: expected ${dtype} [${shape.join(', ')}], got ${tensor.dtype} [${tensor.shape.join(', ')}]. Compile it for these inputs as well, or leave \`inputs\` out to have that done when it is called.`,
      );
    }
    shape.forEach((size, axis) => {
      if (size === 'batch') batches.add(tensor.shape[axis]!);
    });
  }
  if (batches.has(0)) {
    // What was recorded took it that there is something: the runtime may even end the process.
    throw new ShapeError(`${door}: expected a batch of at least 1, got 0. Leave such calls out.`);
  }
  if (batches.size > 1) {
    throw new ShapeError(
      `${door}: expected one batch size in all inputs, got ${[...batches].join(' and ')}.`,
    );
  }
}

export function assertTensor(
  value: unknown,
  index: number,
  door = 'compiled function',
): asserts value is tf.Tensor {
  if (value instanceof tf.Tensor && !value.isDisposed) return;
  const what = value instanceof tf.Tensor ? 'a disposed one' : describeValue(value);
  throw new ConfigError(`${door}: input ${index}: expected a tensor, got ${what}.`);
}
