// Where the data of variables lies that a compiled function updates: in plain arrays, which ONNX Runtime reads and
// writes as they are. To tfjs it is one more backend, though one that computes nothing: whoever computes with such a
// variable, or reads it, gets the latest values, taken over when needed and not before.

import * as tf from '@tensorflow/tfjs-core';
import { CompileError } from '../errors.ts';
import { sizeOf } from '../shape.ts';

/** float32, int32 and bool as tfjs keeps them. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

interface Entry {
  readonly values: HostArray;
  references: number;
}

class HostData extends tf.KernelBackend {
  readonly #entries = new Map<tf.DataId, Entry>();

  /** Enters an array into tfjs's books, for a tensor of this shape and type, with one reference. */
  adopt(values: HostArray, { shape, dtype }: Pick<tf.TensorInfo, 'shape' | 'dtype'>): tf.DataId {
    const dataId = {};
    this.#entries.set(dataId, { values, references: 1 });
    const { state } = tf.engine();
    const bytes = sizeOf(shape) * values.BYTES_PER_ELEMENT;
    state.tensorInfo.set(dataId, { backend: this, shape: [...shape], dtype, bytes });
    state.numDataBuffers++;
    return dataId;
  }

  /** The array itself, if the data id is one of these. */
  valuesOf(dataId: tf.DataId): HostArray | undefined {
    return this.#entries.get(dataId)?.values;
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) throw new CompileError('compile: this variable was disposed.');
    // A copy: the array is written to again two calls later.
    return entry.values.slice();
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override incRef(dataId: tf.DataId): void {
    const entry = this.#entries.get(dataId);
    if (entry !== undefined) entry.references++;
  }

  override refCount(dataId: tf.DataId): number {
    return this.#entries.get(dataId)?.references ?? 0;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) return true;
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.#entries.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#entries.size;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override dispose(): void {
    this.#entries.clear();
  }
}

export const hostData = new HostData();

/** Adds a reference to data, in whichever backend has it: nobody frees it or writes to it before it is released. */
export function holdData(dataId: tf.DataId): void {
  tf.engine().state.tensorInfo.get(dataId)?.backend.incRef(dataId);
}

/** Takes one reference away; the last one takes the data out of tfjs's books. @returns whether it was the last */
export function releaseData(dataId: tf.DataId): boolean {
  const owner = tf.engine().state.tensorInfo.get(dataId)?.backend;
  if (!owner?.disposeData(dataId)) return false;
  tf.engine().removeDataId(dataId, owner);
  return true;
}
