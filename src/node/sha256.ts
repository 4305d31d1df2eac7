// Bytes → their SHA-256. In parts, so that timers, aborts and other work have their turn with a file of 500 MiB.

import { createHash } from 'node:crypto';

const PART = 32 * 2 ** 20;

/** @returns 64 hex digits */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < bytes.length; start += PART) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    hash.update(bytes.subarray(start, start + PART));
  }
  return hash.digest('hex');
}
