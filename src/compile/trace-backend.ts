// The tfjs backend that records. Its tensors are data ids that stand for values of the program; it never moves the
// data of another backend's tensor, because that would take it away from there, but reads it and leaves it.
// Clones get ids of their own and nothing is forgotten before the recording ends, so tfjs may dispose as it likes.

import * as tf from '@tensorflow/tfjs-core';
import { CompileError } from '../errors.ts';
import { sizeOf } from '../shape.ts';
import { denseData, type GraphBuilder } from './build.ts';
import { type Constant, type ConstantData, isConstant, type Value } from './graph.ts';
import type { KernelTable } from './kernels/lowering.ts';
import { currentCaller } from './stack.ts';

export const TRACE_BACKEND = 'clippo-trace';

/** Every id that ever stood for a value: none of them outlives its recording. */
const recordedIds = new WeakSet<tf.DataId>();

/** Ops of tfjs that draw numbers on the host, which a recording would freeze. */
const RANDOM_OP = /^(random\w*|rand|truncatedNormal)__op$/;

interface Entry {
  readonly value: Value;
  /** kernel that made it, for messages */
  readonly maker: string;
  references: number;
}

export class TraceBackend extends tf.KernelBackend {
  readonly #kernels: KernelTable;
  readonly #build: GraphBuilder;
  readonly #entries = new Map<tf.DataId, Entry>();
  /** Constants made of other backends' tensors, so that each is written once. */
  readonly #captured = new Map<tf.DataId, Constant>();
  #refusal: unknown;

  constructor(kernels: KernelTable, build: GraphBuilder) {
    super();
    this.#kernels = kernels;
    this.#build = build;
    for (const kernelName of Object.keys(kernels)) {
      tf.registerKernel({
        kernelName,
        backendName: TRACE_BACKEND,
        kernelFunc: ({ inputs, attrs }) => this.#run(kernelName, inputs, attrs ?? {}),
      });
    }
  }

  /** A tensor that stands for a value; it belongs to the current tidy. */
  tensorOf(value: Value): tf.Tensor {
    const info = this.#infoOf(value, 'input');
    return tf.engine().makeTensorFromTensorInfo(info, this);
  }

  /** A data id that stands for a value, known to tfjs as of this backend. */
  adopt(value: Value): tf.DataId {
    const { dataId, shape, dtype } = this.#infoOf(value, 'input');
    const { state } = tf.engine();
    state.tensorInfo.set(dataId, { backend: this, shape, dtype, bytes: byteSize(value) });
    state.numDataBuffers++;
    return dataId;
  }

  /** What a tensor stands for; tensors of other backends are captured as constants. */
  lookUp(tensor: tf.TensorInfo): Value {
    return this.#entries.get(tensor.dataId)?.value ?? this.#capture(tensor);
  }

  recorded(dataId: tf.DataId): boolean {
    return this.#entries.has(dataId);
  }

  /** Takes what the function kept beyond its end out of tfjs's books: there is no data behind it. */
  releaseAll(): void {
    const { state } = tf.engine();
    for (const [dataId, { references, value }] of this.#entries) {
      if (references === 0) continue;
      state.numTensors -= references;
      state.numBytes -= references * byteSize(value);
      tf.engine().removeDataId(dataId, this);
    }
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const scope = tf.engine().state.activeScope?.name ?? '';
    if (RANDOM_OP.test(scope)) {
      throw new CompileError(
        `compile: tf.${scope.replace('__op', '')} draws its numbers once, while recording, and every call would see the same. Draw them outside and hand them in as an input.${currentCaller()}`,
      );
    }
    const type = recordedType(dtype);
    return this.#infoOf(constantOf(type, shape, values), 'tensor').dataId;
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const entry = this.#entries.get(dataId);
    if (entry === undefined)
      throw new CompileError('compile: this tensor lived while a function was recorded.');
    // What is known beforehand may be read, as tfjs's own ops do with scalars.
    if (isConstant(entry.value)) return denseData(entry.value) as Float32Array; // int64 is never handed out
    throw new CompileError(
      `compile: the function reads the data of a tensor (made by ${entry.maker}), which does not exist while it is recorded. Return the tensor and read it outside; choose between values with tf.where.${currentCaller()}`,
    );
  }

  /**
   * Answers what {@link readSync} would. A refusal is kept for the end of the recording and the promise stays open:
   * who waits for it does not go on, and nobody has to handle a rejection.
   */
  override read(dataId: tf.DataId): Promise<tf.BackendValues> {
    try {
      return Promise.resolve(this.readSync(dataId));
    } catch (error) {
      this.#refusal ??= error;
      return new Promise(() => {});
    }
  }

  /** @throws CompileError if data was asked for that does not exist */
  assertNothingRead(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  override incRef(dataId: tf.DataId): void {
    const entry = this.#entries.get(dataId);
    if (entry !== undefined) entry.references++;
    // tfjs asks the current backend, also about the tensors of others.
    else tf.engine().state.tensorInfo.get(dataId)?.backend.incRef(dataId);
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) return true;
    entry.references = force ? 0 : Math.max(0, entry.references - 1);
    return entry.references === 0;
  }

  override refCount(dataId: tf.DataId): number {
    return this.#entries.get(dataId)?.references ?? 0;
  }

  override numDataIds(): number {
    return this.#entries.size;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  /** tfjs calls it when it takes the backend out; the kernels go with it, so that only those of a recording are found. */
  override dispose(): void {
    for (const kernelName of Object.keys(this.#kernels)) tf.unregisterKernel(kernelName, TRACE_BACKEND);
  }

  #run(kernel: string, given: tf.NamedTensorInfoMap, attributes: object): tf.TensorInfo | tf.TensorInfo[] {
    const lowering = this.#kernels[kernel]!;
    const inputs: Record<string, Value> = {};
    for (const [name, info] of Object.entries(given)) {
      // Optional inputs, such as a bias, may be there without a value.
      if (info?.dataId !== undefined) inputs[name] = this.lookUp(info);
    }
    const result = lowering({ inputs, attributes, build: this.#build });
    const values: readonly (Value | undefined)[] = Array.isArray(result) ? result : [result];
    const infos = values.map((value) => {
      if (value !== undefined) return this.#infoOf(value, kernel);
      throw new CompileError(`compile: the translation of the kernel ${kernel} returned no value.`);
    });
    return Array.isArray(result) ? infos : infos[0]!;
  }

  #infoOf(value: Value, maker: string): tf.TensorInfo {
    const dataId = {};
    recordedIds.add(dataId);
    this.#entries.set(dataId, { value, maker, references: 1 });
    // A lowering gives back what tfjs knows; int64 stays within it.
    return { dataId, shape: [...value.shape], dtype: value.dtype as tf.DataType };
  }

  #capture({ dataId, shape, dtype }: tf.TensorInfo): Constant {
    // A reshaped tensor, and on tfjs cpu a cast one, has the data of another; tfjs's books know shape and type of that.
    const known = this.#captured.get(dataId);
    if (known?.dtype === dtype)
      return known.shape.join() === shape.join() ? known : { ...known, shape: [...shape] };
    const info = tf.engine().state.tensorInfo.get(dataId);
    if (info === undefined) {
      throw new CompileError(
        recordedIds.has(dataId)
          ? 'compile: the function uses a tensor that it kept when it was recorded before (functions are recorded up to three times). Make what is to be kept before compiling.'
          : 'compile: the function uses a tensor that was disposed.',
      );
    }
    let values: tf.BackendValues;
    try {
      values = info.backend.readSync(dataId);
    } catch (cause) {
      throw new CompileError(
        `compile: a tensor [${shape.join(', ')}] that the function uses but does not get cannot be read from its backend at once. Hand it in as an input, or list it in \`variables\`.`,
        { cause },
      );
    }
    const constant = constantOf(recordedType(dtype), shape, values);
    this.#captured.set(dataId, constant);
    return constant;
  }
}

/** The error for a kernel that no table has. */
export function unmapped(kernel: string, caller: string): CompileError {
  return new CompileError(
    `compile: the tfjs kernel ${kernel} has no translation to ONNX. Use other ops, or add it: compile(fn, { kernels: { ${kernel}: ({ inputs, attributes, build }) => build.node(…) } }); docs/compile.md shows how.${caller}`,
  );
}

export function recordedType(dtype: tf.DataType): 'float32' | 'int32' | 'bool' {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new CompileError(
    `compile: expected tensors of float32, int32 or bool, got ${dtype}.${currentCaller()}`,
  );
}

/** Elements that are all equal are kept as one; zeros of both signs are not. */
function constantOf(
  dtype: 'float32' | 'int32' | 'bool',
  shape: readonly number[],
  given: tf.BackendValues,
): Constant {
  // Numeric types arrive as typed arrays or lists of numbers or booleans.
  const values = given as ArrayLike<number>;
  const first = values[0];
  let size = values.length;
  if (size > 1) {
    let same = 1;
    while (same < size && Object.is(values[same], first)) same++;
    if (same === size) size = 1;
  }
  const Data = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
  // A whole array of the right type is used as it is: weights are large.
  const isWhole = size === values.length && given instanceof Data;
  const data: ConstantData = isWhole ? given : new Data(size).map((_, i) => Number(values[i]));
  return { dtype, shape: [...shape], data };
}

function byteSize({ shape, dtype }: Value): number {
  return sizeOf(shape) * (dtype === 'bool' ? 1 : 4);
}
