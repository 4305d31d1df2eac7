// What tells one set of weights from another, whatever file they came from.

import type { ClippoModel } from '../clippo-model.ts';

/** @returns hexadecimal digits of a SHA-256 over all parameters, their names and shapes */
export async function modelDigest(model: Pick<ClippoModel, 'parameters'>): Promise<string> {
  const lines: string[] = [];
  for (const [path, variable] of [...model.parameters()].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`${path} ${variable.shape} ${await sha256((await variable.data()) as Float32Array)}`);
  }
  return sha256(new TextEncoder().encode(lines.join('\n')));
}

/** @returns hexadecimal digits */
export async function sha256(bytes: Uint8Array | Float32Array): Promise<string> {
  // A copy of its own buffer, which may be of any kind.
  const copy = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
