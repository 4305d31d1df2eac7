// The smallest graph there is, y = −x, in a session of its own: what a runtime does with it shows what it can do.

import type { Value } from './graph.ts';
import { encodeOnnx } from './onnx.ts';
import { type OrtRuntime, openSession } from './session.ts';

/**
 * −1, as the runtime computes it.
 *
 * @param target - an array of one number that is offered for the result; it may be taken or left
 * @throws BackendError when it opens no session, and what a run throws
 */
export async function negateOne(runtime: OrtRuntime, target?: Float32Array): Promise<number> {
  const x: Value = { dtype: 'float32', shape: [1] };
  const y: Value = { dtype: 'float32', shape: [1] };
  const model = encodeOnnx({
    inputs: [{ name: 'x', value: x, dims: [1] }],
    outputs: [{ name: 'y', value: y, dims: [1] }],
    nodes: [{ op: 'Neg', domain: '', inputs: [x], outputs: [y], attributes: {} }],
  });
  const session = await openSession(runtime, model, { threads: 1, isInference: true });
  try {
    const feed = new runtime.Tensor('float32', Float32Array.of(1), [1]);
    const fetch = target === undefined ? null : new runtime.Tensor('float32', target, [1]);
    const results = await session.run({ x: feed }, { y: fetch });
    return results.y?.data[0];
  } finally {
    await session.release();
  }
}
