// The browser's Cache Storage as a FileCache: an entry a file, under addresses of this page's own origin that are never
// asked of the network. It is there in pages and workers that are served by https: or from this machine, and survives
// until the user or the browser clears the site's data.

import { DataError, messageOf } from '../errors.ts';
import type { FileCache } from '../file-cache.ts';

const STORE = 'clippo-ts';

/** @throws DataError from its functions when the browser has no such storage here, blocks it, or it is full */
export function browserCache(): FileCache {
  const keyOf = (name: string): string => new URL(`/clippo-ts-cache/${name}`, location.href).href;

  async function open(): Promise<Cache> {
    if (globalThis.caches === undefined) {
      throw new DataError(
        'This page has no Cache Storage: it is served neither by https: nor from this machine.',
      );
    }
    return caches.open(STORE).catch((cause: unknown) => {
      throw new DataError('The browser blocks Cache Storage for this page.', { cause });
    });
  }

  return {
    place: "the browser's Cache Storage",
    async read(name, { signal, onProgress } = {}) {
      signal?.throwIfAborted();
      const response = await (await open()).match(keyOf(name));
      if (response === undefined) return undefined;
      const bytes = new Uint8Array(await response.arrayBuffer());
      signal?.throwIfAborted();
      onProgress?.({ stage: 'read', done: bytes.length, total: bytes.length, unit: 'bytes' });
      return bytes;
    },
    async write(name, chunks, { signal } = {}) {
      signal?.throwIfAborted();
      const cache = await open();
      // An entry is replaced when the stream has ended, and only then.
      const headers = { 'content-type': 'application/octet-stream' };
      const response = new Response(streamOf(chunks, signal), { headers });
      await cache.put(keyOf(name), response).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw new DataError(`The browser does not keep ${name}: ${messageOf(cause)}`, { cause });
      });
    },
    async remove(name) {
      await (await open()).delete(keyOf(name));
    },
    async list() {
      const start = keyOf('');
      const urls = (await (await open()).keys()).map(({ url }) => url);
      return urls.filter((url) => url.startsWith(start)).map((url) => url.slice(start.length));
    },
  };
}

function streamOf(chunks: Iterable<Uint8Array>, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        signal?.throwIfAborted();
        const { done, value } = iterator.next();
        if (done) controller.close();
        else if (value.length > 0) controller.enqueue(value);
        else this.pull!(controller);
      },
    },
    { highWaterMark: 0 },
  );
}
