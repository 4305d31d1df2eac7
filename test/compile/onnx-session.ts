// ONNX Runtime for tests of the file: quiet, on one thread, with plain tensors in and out.

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Tensors } from './onnx-cases.ts';

const QUIET = { logSeverityLevel: 3, intraOpNumThreads: 1 } as const;

/** The same session for bytes and paths. */
export async function openSession(model: Uint8Array | string): Promise<InferenceSession> {
  return typeof model === 'string'
    ? InferenceSession.create(model, QUIET)
    : InferenceSession.create(model, QUIET);
}

export async function runSession(session: InferenceSession, feeds: Tensors): Promise<Tensors> {
  const given = Object.entries(feeds).map(([name, { dtype, dims, data }]) => {
    // A Tensor's constructor has no signature for any dtype with any array.
    return [name, new OrtTensor(dtype as 'float32', data as Float32Array, dims)] as const;
  });
  const results = await session.run(Object.fromEntries(given));
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => {
      return [name, { dtype: type, dims, data } as Tensors[string]]; // toEqual looks
    }),
  );
}
