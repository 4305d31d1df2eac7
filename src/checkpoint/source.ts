// Where a checkpoint's bytes come from: memory, the disk, the network, or anything with `arrayBuffer()`.

import * as platform from '#platform';
import {
  type FetchKeptOptions,
  fetchKept,
  resolveDownloads,
  type Subject,
  transfer,
} from '../download/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import type { FileCache } from '../file-cache.ts';
import { describeValue } from '../options.ts';
import type { ReadOptions } from '../platform.ts';
import { type Bytes, isBytes, toBytes } from './bytes.ts';
import { weightsFileChunks } from './weights-file.ts';

/** Anything that can hand over its bytes: a `Blob`, a `File`, a `Response`, or an object of your own. */
export interface CheckpointSource {
  /** All bytes at once. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** How a source is read. */
export interface SourceOptions extends ReadOptions {
  /** Where the weights behind a URL are kept: `directoryCache()`, or true for that of this place. Default false: nowhere. */
  readonly cache?: FileCache | boolean;
}

const CHECKPOINT: Subject = {
  what: 'checkpoint',
  failure: (message, options) => new CheckpointError(message, options),
};

/**
 * The bytes behind a path, an http(s) or file URL, or an object.
 *
 * @throws ConfigError, CheckpointError, and the signal's reason when it is aborted
 */
export async function readSource(
  source: string | URL | Bytes | CheckpointSource,
  options: SourceOptions & Pick<FetchKeptOptions, 'pause'> = {},
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

async function download(
  url: string,
  { cache = false, signal, onProgress, pause }: SourceOptions & Pick<FetchKeptOptions, 'pause'>,
): Promise<Uint8Array> {
  const settings = resolveDownloads('load', {
    ...{ cache, offline: false },
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const given = pause === undefined ? settings : { ...settings, pause };
  if (settings.cache === undefined || !/^https?:/i.test(url)) {
    return (await transfer(url, { ...CHECKPOINT, ...given })).bytes;
  }
  const name = await cacheName(url);
  const wanted = { ...CHECKPOINT, name: url, url: new URL(url), kept: `${name}.safetensors` };
  return fetchKept({ ...wanted, prepare: weightsFileChunks }, given);
}

/** What people recognise in it, and what tells it from all others. */
async function cacheName(url: string): Promise<string> {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const readable = last.replace(/\.\w+$/, '').replace(/[^\w-]+/g, '-');
  const digest = await platform.sha256(new TextEncoder().encode(url));
  return `url-${readable}-${(digest ?? 'untold').slice(0, 12)}`;
}
