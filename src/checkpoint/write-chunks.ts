// The bytes of a file → where a caller wants them: a path, or a stream.

import * as platform from '#platform';

/** @throws DataError when it cannot be written, and the signal's reason when it is aborted */
export async function writeChunks(
  target: string | URL | WritableStream<Uint8Array>,
  chunks: Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (typeof target !== 'object' || !('getWriter' in target)) {
    return platform.writeFile(target, chunks, signal ? { signal } : {});
  }
  const writer = target.getWriter();
  try {
    for (const chunk of chunks) {
      signal?.throwIfAborted();
      await writer.write(chunk);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {}); // the first error is the one to report
    throw error;
  }
}
