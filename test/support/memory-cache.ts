// A FileCache in memory, into which a test can look, and which can be made to fail.

import type { FileCache } from '../../src/file-cache.ts';

export interface MemoryCache extends FileCache {
  readonly files: Map<string, Uint8Array>;
  /** Thrown by every function from now on. */
  fail(error: Error | undefined): void;
  /** Thrown by `write` alone, for these names. */
  failWriting(names: RegExp, error: Error): void;
}

export function memoryCache(): MemoryCache {
  const files = new Map<string, Uint8Array>();
  let failure: Error | undefined;
  let unwritable: { names: RegExp; error: Error } | undefined;
  const check = (): void => {
    if (failure !== undefined) throw failure;
  };
  return {
    place: 'memory',
    files,
    fail: (error) => {
      failure = error;
    },
    failWriting: (names, error) => {
      unwritable = { names, error };
    },
    async read(name) {
      check();
      return files.get(name)?.slice();
    },
    async write(name, chunks) {
      check();
      if (unwritable?.names.test(name)) throw unwritable.error;
      files.set(name, Uint8Array.from(Buffer.concat([...chunks])));
    },
    async remove(name) {
      check();
      files.delete(name);
    },
    async list() {
      check();
      return [...files.keys()];
    },
  };
}
