// What tells one set of weights from another, whatever file they came from.

import { sha256 } from '../checkpoint/index.ts';
import type { ClippoModel } from '../clippo-model.ts';

/** @returns hexadecimal digits of a SHA-256 over all parameters, their names and shapes */
export async function modelDigest(model: Pick<ClippoModel, 'parameters'>): Promise<string> {
  const lines: string[] = [];
  for (const [path, variable] of [...model.parameters()].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`${path} ${variable.shape} ${await sha256((await variable.data()) as Float32Array)}`);
  }
  return sha256(new TextEncoder().encode(lines.join('\n')));
}
