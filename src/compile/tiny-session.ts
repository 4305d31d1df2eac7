// The smallest graph there is, y = −x, in a session of its own: what a runtime does with it shows what it can do.

import type { Value } from './graph.ts';
import { encodeOnnx } from './onnx.ts';
import { type OrtRuntime, openSession } from './session.ts';

export interface Negation {
  /** What came out for 1. */
  readonly result: number;
  /** The number in the array that was offered for the result; 0 before. */
  readonly target: number;
}

/** −1, computed by the runtime. @throws BackendError when it opens no session, and what a run throws */
export async function negateOne(runtime: OrtRuntime): Promise<Negation> {
  const x: Value = { dtype: 'float32', shape: [1] };
  const y: Value = { dtype: 'float32', shape: [1] };
  const model = encodeOnnx({
    inputs: [{ name: 'x', value: x, dims: [1] }],
    outputs: [{ name: 'y', value: y, dims: [1] }],
    nodes: [{ op: 'Neg', domain: '', inputs: [x], outputs: [y], attributes: {} }],
  });
  const session = await openSession(runtime, model, { threads: 1, isInference: true });
  try {
    const target = new Float32Array(1);
    const feed = new runtime.Tensor('float32', Float32Array.of(1), [1]);
    const { y: result } = await session.run({ x: feed }, { y: new runtime.Tensor('float32', target, [1]) });
    return { result: result?.data[0], target: target[0]! };
  } finally {
    await session.release();
  }
}
