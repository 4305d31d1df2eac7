// DownloadOptions, what a caller may say → ResolvedDownloads, what fetching relies on. Where a caller says nothing, the
// environment may: CLIPPO_MIRROR and CLIPPO_OFFLINE, which reach every program and every verb of the command line.

import * as platform from '#platform';
import { ConfigError } from '../errors.ts';
import { type FileCache, isFileCache } from '../file-cache.ts';
import { assertNumber, describeValue } from '../options.ts';
import type { OnProgress } from '../progress.ts';

/** How something is fetched, and where it is kept. */
export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Hears of `'download'` (with `secondsLeft`) and `'read'`, in bytes. */
  readonly onProgress?: OnProgress;
  /** Hears of what does not end the work: a connection that is tried again, a cache that is blocked or full. */
  readonly onWarning?: (message: string) => void;
  /** Default true: a folder in Node (`directoryCache()`), Cache Storage in a browser. false keeps nothing. */
  readonly cache?: FileCache | boolean;
  /** A folder of a web server that has the files under their published names. Default `$CLIPPO_MIRROR` in Node. */
  readonly mirror?: string | URL;
  /** true takes from the cache alone. Default false, in Node true if `$CLIPPO_OFFLINE` is set to anything but 0. */
  readonly offline?: boolean;
  /** 64 hex digits that the published file must have. Default: what was found at the first download. */
  readonly sha256?: string;
  /** Further tries after one that has brought nothing new; an integer in 0..100, default 4. */
  readonly retries?: number;
  /** Seconds without a byte after which a connection counts as dead, in 0.01..3600, default 30. */
  readonly stallSeconds?: number;
}

export const DOWNLOAD_OPTIONS: readonly string[] = [
  ...['signal', 'onProgress', 'onWarning', 'cache', 'mirror', 'offline', 'sha256', 'retries', 'stallSeconds'],
];

export interface ResolvedDownloads {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
  readonly warn: (message: string) => void;
  readonly cache: FileCache | undefined;
  /** Ends with a slash. */
  readonly mirror: URL | undefined;
  readonly offline: boolean;
  /** Lower case. */
  readonly sha256: string | undefined;
  readonly retries: number;
  readonly stallSeconds: number;
}

/**
 * @param door - the function that was called, as it stands in messages
 * @throws ConfigError
 */
export function resolveDownloads(door: string, options: DownloadOptions): ResolvedDownloads {
  const { signal, onProgress, onWarning, sha256, retries = 4, stallSeconds = 30 } = options;
  const offline = options.offline ?? !['', '0'].includes(platform.environment('CLIPPO_OFFLINE') ?? '');
  if (typeof offline !== 'boolean') {
    throw new ConfigError(`${door}: offline: expected true or false, got ${describeValue(offline)}.`);
  }
  if (sha256 !== undefined && !isDigest(sha256)) {
    throw new ConfigError(`${door}: sha256: expected 64 hex digits, got ${describeValue(sha256)}.`);
  }
  assertNumber(door, 'retries', retries, 0, 100);
  assertNumber(door, 'stallSeconds', stallSeconds, 0.01, 3600);
  const cache = resolveCache(door, options.cache ?? true);
  if (offline && cache === undefined) {
    throw new ConfigError(
      `${door}: offline takes everything from the cache, and cache is false. Leave one out.`,
    );
  }
  return {
    ...{ signal, onProgress, cache, offline, stallSeconds },
    warn: onWarning ?? (() => {}),
    retries: Math.floor(retries),
    sha256: sha256?.toLowerCase(),
    mirror: resolveMirror(door, options.mirror ?? platform.environment('CLIPPO_MIRROR')),
  };
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value);
}

function resolveCache(door: string, cache: FileCache | boolean): FileCache | undefined {
  if (cache === true) return platform.defaultCache();
  if (cache === false) return undefined;
  if (isFileCache(cache)) return cache;
  throw new ConfigError(
    `${door}: cache: expected true, false, directoryCache(path), or an object with read, write, remove and list, got ${describeValue(cache)}.`,
  );
}

function resolveMirror(door: string, mirror: string | URL | undefined): URL | undefined {
  if (mirror === undefined) return undefined;
  const text = String(mirror);
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (address === undefined || !/^https?:$/.test(address.protocol)) {
    throw new ConfigError(
      `${door}: mirror: expected an http or https address of a folder, such as https://example.org/clippo/, got ${describeValue(text)}.`,
    );
  }
  if (!address.pathname.endsWith('/')) address.pathname += '/';
  return address;
}
