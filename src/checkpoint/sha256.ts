// The SHA-256 of bytes, for what is told apart by what is in it.

import * as platform from '#platform';
import { BackendError } from '../errors.ts';

/**
 * @returns hexadecimal digits
 * @throws BackendError on a page where none can be computed
 */
export async function sha256(bytes: Uint8Array | Float32Array): Promise<string> {
  const digest = await platform.sha256(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (digest !== undefined) return digest;
  throw new BackendError('This page cannot compute a SHA-256. Serve it by https: or from this machine.');
}
