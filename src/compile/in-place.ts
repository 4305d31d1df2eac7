// Whether a runtime writes results into arrays it is given. onnxruntime-node does; onnxruntime-web takes them, computes
// in memory of its own and leaves them as they are, without a word. So it is tried once a runtime.

import type { Value } from './graph.ts';
import { encodeOnnx } from './onnx.ts';
import { type OrtRuntime, openSession } from './session.ts';

const answers = new WeakMap<OrtRuntime, Promise<boolean>>();

/** @throws BackendError when the runtime opens no session */
export function writesInPlace(runtime: OrtRuntime): Promise<boolean> {
  const known = answers.get(runtime);
  if (known !== undefined) return known;
  const answer = tryOut(runtime);
  answers.set(runtime, answer);
  answer.catch(() => answers.delete(runtime));
  return answer;
}

/** −1, written into an array that holds 0 */
async function tryOut(runtime: OrtRuntime): Promise<boolean> {
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
    await session.run({ x: feed }, { y: new runtime.Tensor('float32', target, [1]) });
    return target[0] === -1;
  } finally {
    await session.release();
  }
}
