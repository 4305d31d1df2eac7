// An engine by name → tfjs's current backend, and ONNX Runtime beside it where that computes; tried out, or refused with
// the reason.

import * as tf from '@tensorflow/tfjs-core';
import type { OrtRuntime } from '../compile/index.ts';
import { BackendError } from '../errors.ts';
import { adviceFor, CARRIERS, type EngineName, enginesOf, isOnnx, runtimeFor } from './engine-name.ts';
import { currentGpu, endWaiting, type Gpu, untilFault, watchGpu } from './gpu.ts';
import { tryComputing } from './trial.ts';

/** An engine that computes, and rightly. */
export interface RunningEngine {
  readonly engine: EngineName;
  /** tfjs's current backend, which holds the tensors whatever computes. */
  readonly backend: string;
  /** ONNX Runtime, to be given to `model.compile`, if that computes. */
  readonly runtime?: OrtRuntime;
  /** Of a tfjs backend on a GPU. */
  readonly gpu?: Gpu;
}

/** @throws BackendError that says why it cannot be had, and what to do */
export async function startEngine(
  engine: EngineName,
  available: { readonly runtime: OrtRuntime | undefined },
): Promise<RunningEngine> {
  if (isOnnx(engine)) {
    if (available.runtime === undefined) {
      throw new BackendError(
        'no runtime was given. Give nodeRuntime() of clippo-ts/node, or webRuntime() of clippo-ts/compile.',
      );
    }
    if (!enginesOf(available.runtime).includes(engine)) {
      throw new BackendError(
        "the runtime has no GPU: 'webgpu' is not the first of its execution providers. Ask for it where the runtime is made.",
      );
    }
    const runtime = runtimeFor(engine, available.runtime);
    const backend = await startCarrier();
    await tryComputing(runtime);
    return { engine, backend, runtime };
  }
  await startBackend(engine);
  if (!(await computesStill())) {
    abandonBackend(engine);
    await startBackend(engine);
    await tryComputing();
  }
  const gpu = currentGpu();
  return { engine, backend: engine, ...(gpu && { gpu }) };
}

/**
 * Tries the current tfjs backend out. It may have been started long ago and have lost its GPU since: false, and it has
 * to be started afresh.
 *
 * @throws BackendError when it computes wrongly, and what it throws
 */
async function computesStill(): Promise<boolean> {
  const watch = watchGpu();
  try {
    if (watch.fault() === undefined) await untilFault(watch, tryComputing());
    return watch.fault() === undefined;
  } catch (error) {
    if (watch.fault() === undefined) throw error;
    return false;
  } finally {
    watch.stop();
  }
}

/** Makes a tfjs backend the current one. */
async function startBackend(backend: string): Promise<void> {
  if (!isRegistered(backend)) {
    throw new BackendError(`this tfjs backend is not there. To have it: ${adviceFor(backend)}.`);
  }
  if (backend === 'webgpu') await assertAdapter();
  if (await tf.setBackend(backend)) return;
  throw new BackendError('it does not start; tfjs has said why on the console.');
}

async function startCarrier(): Promise<string> {
  const carrier = CARRIERS.find(isRegistered) ?? tf.engine().backendNames()[0];
  if (carrier === undefined) {
    throw new BackendError(`ONNX Runtime needs a tfjs backend beside it. To have one: ${adviceFor('cpu')}.`);
  }
  await startBackend(carrier);
  return carrier;
}

/** Whether tfjs knows the backend, which it does once its package is imported. */
export function isRegistered(backend: string): boolean {
  return tf.engine().backendNames().includes(backend);
}

interface GpuNavigator {
  readonly gpu?: { requestAdapter(): Promise<object | null> };
}

/** tfjs takes it for granted that there is one, and fails with a TypeError. Node has none on `navigator`. */
async function assertAdapter(): Promise<void> {
  const { gpu } = (globalThis.navigator ?? {}) as GpuNavigator;
  if (gpu === undefined || (await gpu.requestAdapter()) !== null) return;
  throw new BackendError(
    'there is no GPU that the browser lets pages use. Its page chrome://gpu, or about:support, says why.',
  );
}

/**
 * Takes a tfjs backend out of use after a failure, with all that it holds, so that it can be started afresh later.
 * Tensors that lived there are gone.
 */
export function abandonBackend(backend: string): void {
  const factory = tf.findBackendFactory(backend);
  const { registry } = tf.engine();
  const lost = registry[backend];
  if (lost !== undefined) {
    endWaiting(lost);
    try {
      lost.dispose();
    } catch {
      // It may fail to free what is lost already; what counts is that it is no longer used.
    }
    delete registry[backend];
  }
  if (!factory) return;
  tf.removeBackend(backend);
  tf.registerBackend(backend, factory);
}
