// Where a checkpoint's bytes come from: memory, the disk, the network, or anything with `arrayBuffer()`.

import * as platform from '#platform';
import { CheckpointError, ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { ReadOptions } from '../platform.ts';
import { type Bytes, isBytes, toBytes } from './bytes.ts';

/** Anything that can hand over its bytes: a `Blob`, a `File`, a `Response`, or an object of your own. */
export interface CheckpointSource {
  /** All bytes at once. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * The bytes behind a path, an http(s) or file URL, or an object.
 *
 * @throws ConfigError, CheckpointError, and the signal's reason when it is aborted
 */
export async function readSource(
  source: string | URL | Bytes | CheckpointSource,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  if (isBytes(source)) return toBytes('source', source);
  if (typeof source === 'string' || source instanceof URL) {
    const url = String(source);
    return /^(https?|blob|data):/i.test(url) ? download(url, options) : platform.readFile(source, options);
  }
  if (typeof source?.arrayBuffer === 'function') {
    return toBytes('source.arrayBuffer()', await source.arrayBuffer());
  }
  throw new ConfigError(
    `source: expected a path, a URL, a Uint8Array or ArrayBuffer, or an object with arrayBuffer() such as a Blob, got ${describeValue(source)}.`,
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
  const total = statedLength(response.headers);
  const reader = response.body.getReader();
  let bytes = new Uint8Array(firstCapacity(total));
  let done = 0;
  try {
    for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
      if (total !== undefined && done + chunk.length > total) {
        throw new CheckpointError(`${url}: sent more than the ${total} bytes it announced. Load it again.`);
      }
      if (done + chunk.length > bytes.length) bytes = grown(bytes, done, done + chunk.length, total);
      bytes.set(chunk, done);
      done += chunk.length;
      onProgress?.({ stage: 'download', done, ...(total !== undefined && { total }), unit: 'bytes' });
    }
  } finally {
    // Ends the transfer when an error has; else there is nothing left to cancel.
    reader.cancel().catch(() => {});
  }
  if (total !== undefined && done < total) {
    throw new CheckpointError(`${url}: the connection ended after ${done} of ${total} bytes. Load it again.`);
  }
  if (done === 0) throw new CheckpointError(`${url} answered with nothing. Expected the checkpoint.`);
  return bytes.subarray(0, done);

  async function read(): Promise<Uint8Array | undefined> {
    try {
      const { value } = await reader.read();
      signal?.throwIfAborted();
      return value;
    } catch (cause) {
      signal?.throwIfAborted();
      throw new CheckpointError(`${url}: the connection broke after ${done} bytes. Load it again.`, {
        cause,
      });
    }
  }
}

/** Bytes to come, where the server says so. A length of something encoded is not that of what arrives here. */
function statedLength(headers: Headers): number | undefined {
  const length = Number(headers.get('content-length'));
  return Number.isSafeInteger(length) && length > 0 && !headers.has('content-encoding') ? length : undefined;
}

const FIRST_STATED = 64 * 2 ** 20;
const FIRST_UNSTATED = 2 ** 16;

// One buffer rather than all chunks and then their sum, which would hold the file twice. A stated length is believed as
// far as bytes have come: at first up to 64 MiB, then up to 16 times what is there, so that a checkpoint of 1 GiB is
// moved once, early, and a length that lies costs nothing.
function firstCapacity(total: number | undefined): number {
  return total === undefined ? FIRST_UNSTATED : Math.min(total, FIRST_STATED);
}

function grown(
  bytes: Uint8Array,
  done: number,
  needed: number,
  total: number | undefined,
): Uint8Array<ArrayBuffer> {
  const capacity =
    total === undefined
      ? Math.max(needed, 2 * bytes.length)
      : Math.min(total, Math.max(needed, 16 * bytes.length));
  let larger: Uint8Array<ArrayBuffer>;
  try {
    larger = new Uint8Array(capacity);
  } catch (cause) {
    throw new CheckpointError(`source: there is no room in memory for ${capacity} bytes.`, { cause });
  }
  larger.set(bytes.subarray(0, done));
  return larger;
}
