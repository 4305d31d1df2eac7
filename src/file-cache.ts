// The contract of a place where downloads are kept. `directoryCache` of clippo-ts/node is one, a browser's Cache
// Storage another; an object with these four functions is as good.

import type { ReadOptions } from './platform.ts';

/** Where downloads are kept: bytes by name. Names hold letters, digits, `.`, `_` and `-`. */
export interface FileCache {
  /** Where that is, as messages say it, e.g. a folder's path. */
  readonly place: string;
  /** The bytes under a name; undefined where there are none. */
  read(name: string, options?: ReadOptions): Promise<Uint8Array | undefined>;
  /** Replaces what lies under a name: by all of the bytes, or, when that fails, not at all. */
  write(name: string, chunks: Iterable<Uint8Array>, options?: { signal?: AbortSignal }): Promise<void>;
  /** Harmless when there is nothing under the name. */
  remove(name: string): Promise<void>;
  /** All names. */
  list(): Promise<readonly string[]>;
}

/** @returns whether `value` has what a {@link FileCache} needs */
export function isFileCache(value: unknown): value is FileCache {
  if (typeof value !== 'object' || value === null) return false;
  // Nothing is known of its fields yet.
  const fields = value as Record<string, unknown>;
  return (['read', 'write', 'remove', 'list'] as const).every((name) => typeof fields[name] === 'function');
}
