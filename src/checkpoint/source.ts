// Where a checkpoint's bytes come from: memory, the disk, the network, or anything with `arrayBuffer()`.

import * as platform from '#platform';
import { CheckpointError, ConfigError } from '../errors.ts';
import type { ReadOptions } from '../platform.ts';

/** Anything that can hand over its bytes: a `Blob`, a `File`, a `Response`, or an object of your own. */
export interface CheckpointSource {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * The bytes behind a path, an http(s) or file URL, or an object.
 *
 * @throws ConfigError, CheckpointError, and the signal's reason when it is aborted
 */
export async function readSource(
  source: string | URL | Uint8Array | CheckpointSource,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  if (source instanceof Uint8Array) return source;
  if (typeof source === 'string' || source instanceof URL) {
    const url = String(source);
    return /^(https?|blob|data):/i.test(url) ? download(url, options) : platform.readFile(source, options);
  }
  if (typeof source?.arrayBuffer === 'function') return new Uint8Array(await source.arrayBuffer());
  throw new ConfigError(
    `source: expected a path, a URL, a Uint8Array, or an object with arrayBuffer() such as a Blob, got ${String(source)}.`,
  );
}

async function download(url: string, { signal, onProgress }: ReadOptions): Promise<Uint8Array> {
  const response = await fetch(url, signal ? { signal } : {}).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new CheckpointError(`Cannot reach ${url}. Is it spelled right, and is there a network?`, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new CheckpointError(
      `${url} answered ${response.status} ${response.statusText}. Expected the checkpoint.`,
    );
  }
  const length = Number(response.headers.get('content-length'));
  const total = length > 0 && !response.headers.has('content-encoding') ? { total: length } : {};
  const chunks: Uint8Array[] = [];
  let done = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    done += part.value.length;
    onProgress?.({ stage: 'download', done, ...total, unit: 'bytes' });
  }
  if (total.total !== undefined && done !== total.total) {
    throw new CheckpointError(
      `${url}: the connection ended after ${done} of ${total.total} bytes. Load it again.`,
    );
  }
  const bytes = new Uint8Array(done);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
