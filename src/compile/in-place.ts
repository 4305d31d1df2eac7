// Whether a runtime writes results into arrays it is given. onnxruntime-node does; onnxruntime-web takes them, computes
// in memory of its own and leaves them as they are, without a word. So it is tried once a runtime.

import type { OrtRuntime } from './session.ts';
import { negateOne } from './tiny-session.ts';

const answers = new WeakMap<OrtRuntime, Promise<boolean>>();

/** @throws BackendError when the runtime opens no session */
export function writesInPlace(runtime: OrtRuntime): Promise<boolean> {
  const known = answers.get(runtime);
  if (known !== undefined) return known;
  const target = new Float32Array(1);
  const answer = negateOne(runtime, target).then(() => target[0] === -1);
  answers.set(runtime, answer);
  answer.catch(() => answers.delete(runtime));
  return answer;
}
