// A Blob, a browser's File among them → a ByteFile with random access.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { ByteFile } from './source.ts';

/**
 * @param name - as it stands in messages; its ending tells `.gz`, `.csv`, `.parquet`. Default: the name of a File
 * @throws ConfigError when it is no Blob, or has no name
 * @example for (const file of input.files) readWebDataset(blobFile(file));
 */
export function blobFile(
  blob: Blob & { readonly name?: string },
  name: string | undefined = blob?.name,
): ByteFile {
  if (typeof blob?.slice !== 'function' || typeof blob.arrayBuffer !== 'function') {
    throw new ConfigError(`blobFile: expected a Blob or File, got ${describeValue(blob)}.`);
  }
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError("blobFile: a Blob has no name; give one, e.g. blobFile(blob, 'train.tar').");
  }
  return {
    name,
    size: blob.size,
    async *stream(signal) {
      const reader = blob.stream().getReader();
      try {
        for (;;) {
          signal?.throwIfAborted();
          const { done, value } = await reader.read();
          if (done) return;
          yield value;
        }
      } finally {
        reader.cancel().catch(() => {}); // ends the transfer when nobody reads on
      }
    },
    async slice(start, end) {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
  };
}
