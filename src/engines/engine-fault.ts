// Whether an error is the engine's fault, so that another engine may do better, or lies in what was asked of it.

import type { OrtRuntime } from '../compile/index.ts';
import { BackendError, ClippoError, CompileError, firstLineOf, messageOf } from '../errors.ts';
import type { GpuWatch } from './gpu.ts';
import { tryComputing } from './trial.ts';

/** What engines and browsers say when there is no room: wasm, WebGL, WebGPU, ONNX Runtime, JavaScript itself. */
const OUT_OF_MEMORY =
  /out of memory|memory access out of bounds|\bOOM\b|allocat|bad_alloc|Array buffer allocation|exceeds the (max|limit)|larger than the maximum/i;

/**
 * What is wrong with the engine, in words; undefined when the error would come on any engine.
 *
 * @param error - what the work on the engine has thrown
 * @param runtime - ONNX Runtime, if that computes
 */
export async function engineFault(
  error: unknown,
  watch: GpuWatch,
  runtime: OrtRuntime | undefined,
): Promise<string | undefined> {
  const seen = watch.fault();
  if (seen !== undefined) return seen;
  const message = firstLineOf(error);
  if (error instanceof BackendError || error instanceof CompileError) return message;
  if (error instanceof ClippoError) return undefined; // of what was given, which stays the same
  if (OUT_OF_MEMORY.test(message)) return message;
  try {
    await tryComputing(runtime);
  } catch (fault) {
    return `it no longer computes (${messageOf(fault)})`;
  }
  return watch.fault(); // it may have come to light while trying
}
