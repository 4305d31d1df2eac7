// What tells one set of weights from another, whatever file they came from.

import * as platform from '#platform';
import type { ClippoModel } from '../clippo-model.ts';
import { BackendError } from '../errors.ts';

/** @returns hexadecimal digits of a SHA-256 over all parameters, their names and shapes */
export async function modelDigest(model: Pick<ClippoModel, 'parameters'>): Promise<string> {
  const lines: string[] = [];
  for (const [path, variable] of [...model.parameters()].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`${path} ${variable.shape} ${await sha256((await variable.data()) as Float32Array)}`);
  }
  return sha256(new TextEncoder().encode(lines.join('\n')));
}

/**
 * @returns hexadecimal digits
 * @throws BackendError on a page where none can be computed
 */
export async function sha256(bytes: Uint8Array | Float32Array): Promise<string> {
  const digest = await platform.sha256(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (digest !== undefined) return digest;
  throw new BackendError('This page cannot compute a SHA-256. Serve it by https: or from this machine.');
}
