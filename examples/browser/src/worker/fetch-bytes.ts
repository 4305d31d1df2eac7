// Address → bytes, with progress and a way to stop.

import type { Progress } from '../protocol.ts';

export interface FetchBytesOptions {
  readonly signal: AbortSignal;
  /** Bytes of the file; what the server says is the size before it was unpacked. */
  readonly total: number;
  readonly onBytes: (done: number) => void;
}

/** @throws Error that says what could not be loaded */
export async function fetchBytes(
  address: string,
  { signal, total, onBytes }: FetchBytesOptions,
): Promise<Uint8Array> {
  const what = address.split('/').at(-1);
  const response = await fetch(address, { signal }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw new Error(`${what} could not be loaded: no connection. Try again when there is one.`, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new Error(`${what} could not be loaded: the server answered ${response.status}.`);
  }
  const bytes = new Uint8Array(total);
  let done = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    if (done + value.length > total) throw new Error(`${what} is longer than expected. Load the page again.`);
    bytes.set(value, done);
    done += value.length;
    onBytes(done);
  }
  if (done < total) throw new Error(`${what} broke off after ${done} of ${total} bytes. Try again.`);
  return bytes;
}

/** Several downloads → one progress. */
export function sumProgress(
  stage: string,
  total: number,
  onProgress: (progress: Progress) => void,
): () => (done: number) => void {
  const parts: number[] = [];
  return () => {
    const part = parts.push(0) - 1;
    return (done) => {
      parts[part] = done;
      onProgress({ stage, done: parts.reduce((sum, bytes) => sum + bytes), total });
    };
  };
}
