// A file of the web → its bytes, in the order: what the cache has, if it is whole; the transfer; its hash; whether it is
// what it should be; a smaller form of it into the cache, with a record beside it. Nothing is kept that was not checked.

import * as platform from '#platform';
import { ClippoError, messageOf } from '../errors.ts';
import type { FileCache } from '../file-cache.ts';
import type { FileVersion, Subject } from './answer.ts';
import type { ResolvedDownloads } from './download-options.ts';
import { createParts, type Parts, partialState } from './parts.ts';
import { type Transferred, transfer } from './transfer.ts';

/** A file that is wanted. */
export interface WantedFile extends Subject {
  /** What users call it. */
  readonly name: string;
  readonly url: URL;
  /** Its name in the cache. */
  readonly kept: string;
  /**
   * Checks what came, all of it, and gives what is to be kept of it.
   *
   * @throws ClippoError for something else
   */
  readonly prepare: (bytes: Uint8Array) => Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>;
}

/** What is known of a file as it was published. */
interface PublishedRecord extends FileVersion {
  readonly url: string;
  /** Its length. */
  readonly bytes: number;
  readonly sha256: string;
}

/** What is known of a file in the cache; beside it as `NAME.json`. */
export interface KeptRecord extends PublishedRecord {
  /** The same of what was kept of it. */
  readonly keptBytes: number;
  readonly keptSha256: string;
}

export interface FetchKeptOptions extends ResolvedDownloads {
  /** Bytes of a part that is kept on the way, and ms before the first retry. */
  readonly partBytes?: number;
  readonly pause?: number;
}

/**
 * @returns the file as published, or what was kept of it
 * @throws what `wanted.failure` makes, and the signal's reason when it is aborted
 */
export async function fetchKept(wanted: WantedFile, options: FetchKeptOptions): Promise<Uint8Array> {
  const { cache, offline, warn, signal } = options;
  const withoutCache = (error: unknown): void => {
    signal?.throwIfAborted();
    warn(`${wanted.name}: going on without ${cache?.place}: ${messageOf(error)}`);
  };

  let usable = cache;
  if (cache !== undefined) {
    try {
      const found = await readKept(cache, wanted, options);
      if (found !== undefined) return found;
    } catch (error) {
      if (offline) throw error;
      withoutCache(error);
      usable = undefined;
    }
    if (offline) throw wanted.failure(await offlineMessage(cache, wanted));
  }
  const parts = usable && partsOf(usable, wanted, options);
  let fetched: Fetched | undefined = await fetchChecked(wanted, options, parts);
  if (usable === undefined || fetched.chunks === undefined) return fetched.transferred.bytes;
  let record: PublishedRecord;
  try {
    record = await store(usable, wanted, fetched, signal);
    await parts?.clear();
  } catch (error) {
    withoutCache(error);
    return fetched.transferred.bytes;
  }
  fetched = undefined; // the published file can go before what was kept of it is read
  try {
    return await readBack(usable, wanted, record);
  } catch (error) {
    withoutCache(error);
    return fetchKept(wanted, { ...options, cache: undefined });
  }
}

interface Fetched {
  readonly transferred: Transferred;
  /** What is to be kept. */
  readonly chunks: Iterable<Uint8Array> | undefined;
}

/** Without `parts` nothing will be kept: whoever reads the bytes will find out what they are. */
async function fetchChecked(
  wanted: WantedFile,
  options: FetchKeptOptions,
  parts: Parts | undefined,
): Promise<Fetched> {
  const { signal, onProgress, warn, sha256, retries, stallSeconds, pause } = options;
  const { name, url, what, failure } = wanted;
  for (let isSecond = false; ; isSecond = true) {
    const transferred = await transfer(url.href, {
      ...{ what, failure, signal, onProgress, onWarning: warn, retries, stallSeconds, parts },
      ...(pause !== undefined && { pause }),
    });
    try {
      const { bytes } = transferred;
      if (sha256 !== undefined) await assertDigest(bytes, sha256, wanted);
      return { transferred, chunks: parts && (await wanted.prepare(bytes)) };
    } catch (error) {
      await parts?.clear();
      signal?.throwIfAborted();
      if (!(error instanceof ClippoError)) throw error;
      const message = `${name}: what came from ${url.href} is not usable: ${error.message}`;
      if (!transferred.pieced || isSecond)
        throw failure(`${message} Nothing of it was kept.`, { cause: error });
      warn(`${message} It came in pieces; trying again from the start.`);
    }
  }
}

async function assertDigest(bytes: Uint8Array, expected: string, { failure }: Subject): Promise<void> {
  const found = await platform.sha256(bytes);
  if (found === expected) return;
  throw failure(
    found === undefined
      ? 'its SHA-256 cannot be computed on a page that is served neither by https: nor from this machine. Leave sha256 out.'
      : `its SHA-256 is ${found}, expected ${expected}. It is another version, or was changed on its way.`,
  );
}

/** @returns undefined when there is nothing, nothing whole, or another file than the one asked for */
async function readKept(
  cache: FileCache,
  wanted: WantedFile,
  { sha256, warn, signal, onProgress }: FetchKeptOptions,
): Promise<Uint8Array | undefined> {
  const record = await readRecord(cache, wanted.kept);
  if (record === undefined) return undefined;
  if (sha256 !== undefined && record.sha256 !== sha256) {
    warn(`${wanted.name}: ${cache.place} has another file, of SHA-256 ${record.sha256}. It is not used.`);
    return undefined;
  }
  const bytes = await cache.read(wanted.kept, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  if (bytes === undefined) return undefined;
  const isWhole = bytes.length === record.keptBytes && (await platform.sha256(bytes)) === record.keptSha256;
  signal?.throwIfAborted();
  if (isWhole) return bytes;
  warn(`${wanted.name}: ${wanted.kept} in ${cache.place} is damaged: not the bytes that were kept.`);
  return undefined;
}

/** Writes what is to be kept. @returns what is known of it so far */
async function store(
  cache: FileCache,
  wanted: WantedFile,
  { transferred, chunks = [] }: Fetched,
  signal: AbortSignal | undefined,
): Promise<PublishedRecord> {
  const { etag, lastModified, total, bytes } = transferred;
  const sha256 = await platform.sha256(bytes);
  if (sha256 === undefined) throw wanted.failure('no SHA-256 can be computed here.');
  await cache.write(wanted.kept, chunks, signal ? { signal } : {});
  return { url: wanted.url.href, etag, lastModified, total, bytes: bytes.length, sha256 };
}

/** What lies in the cache, and from now on has a record. */
async function readBack(
  cache: FileCache,
  wanted: WantedFile,
  published: PublishedRecord,
): Promise<Uint8Array> {
  const kept = await cache.read(wanted.kept);
  const keptSha256 = kept && (await platform.sha256(kept));
  if (kept === undefined || keptSha256 === undefined) throw wanted.failure('what was written is not there.');
  const record: KeptRecord = { ...published, keptBytes: kept.length, keptSha256 };
  await cache.write(`${wanted.kept}.json`, [
    new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`),
  ]);
  return kept;
}

/** @returns undefined when there is none, or none that this file could have written */
async function readRecord(cache: FileCache, kept: string): Promise<KeptRecord | undefined> {
  const bytes = await cache.read(`${kept}.json`);
  if (bytes === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(new TextDecoder().decode(bytes));
    // Anything may lie there; what is used of it is compared with the file.
    const { sha256, keptSha256, keptBytes } = record as Partial<KeptRecord>;
    const isRecord = [sha256, keptSha256].every((digest) => typeof digest === 'string');
    return isRecord && Number.isSafeInteger(keptBytes) ? (record as KeptRecord) : undefined;
  } catch {
    return undefined;
  }
}

export type CacheState =
  | { readonly state: 'kept'; readonly record: KeptRecord }
  | { readonly state: 'partial'; readonly done: number; readonly total: number | undefined }
  | { readonly state: 'absent' };

/** What a cache has of a file, by its records alone. */
export async function cacheState(cache: FileCache, kept: string): Promise<CacheState> {
  const record = await readRecord(cache, kept);
  if (record !== undefined && (await cache.list()).includes(kept)) return { state: 'kept', record };
  const partial = await partialState(cache, kept);
  return partial === undefined ? { state: 'absent' } : { state: 'partial', ...partial };
}

async function offlineMessage(cache: FileCache, { name, kept }: WantedFile): Promise<string> {
  const partial = await partialState(cache, kept).catch(() => undefined);
  const { done, total } = partial ?? {};
  const some =
    done === undefined ? '' : ` but for ${done} of ${total ?? 'its'} bytes, from a download that was cut`;
  return `${name}: offline, and ${cache.place} does not have it${some}. Fetch it once where there is a network (clippo download ${name}), or leave offline out.`;
}

function partsOf(cache: FileCache, { name, kept, url }: WantedFile, options: FetchKeptOptions): Parts {
  const { warn, signal, partBytes } = options;
  return createParts(cache, kept, {
    url: url.href,
    ...(partBytes !== undefined && { partBytes }),
    onTrouble: (error) => {
      signal?.throwIfAborted();
      warn(`${name}: parts are not kept on the way: ${messageOf(error)}`);
    },
  });
}
